"""``make demo-report``: Postgres, the competitors' sites, the API and two workers, started and stopped together.

``python -m examples.report.demo [--port 8010] [--latency 1.0] [--workers 2] [--no-browser]``, in the source tree.
Whatever dies is started again; Ctrl-C ends all of it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from examples.report.demo.processes import Kept, children, until_it_listens
from examples.report.demo.surroundings import has_display, sites_running, stop_once
from scripts.postgres_server import PostgresServer

ROOT: Final = Path(__file__).parents[3]
PORT: Final = 8010
LATENCY_S: Final = 1.0
TARGET: Final = "examples.report.app:hw"
DEFAULTS: Final = {
    "HEADWAY_LOG_LEVEL": "warning",
    "HEADWAY_LEASE_S": "3",  # a worker that was killed is missed after three seconds
    "HEADWAY_DRAIN_S": "0",
    "HEADWAY_CONCURRENCY": "2",
}


def main(arguments: list[str] | None = None) -> None:
    """Run all of it until Ctrl-C."""
    options = _options(arguments)
    stop_once()
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="headway-report-", ignore_cleanup_errors=True) as name,
    ):
        folder = Path(name)
        folder.chmod(0o711)  # the server of the database is another user's, where we are root
        with _store(folder) as store, sites_running(options.latency) as sites:
            _run(options, folder, store, sites)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo-report", description="Reports made by workers of many processes.")
    parser.add_argument("--port", type=int, default=PORT, help="of the page")
    parser.add_argument("--latency", type=float, default=LATENCY_S, help="seconds the demo's sites take for a page")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--no-browser", action="store_true", help="open no page")
    return parser.parse_args(arguments)


@dataclass(frozen=True)
class Store:
    """Where the runs are.

    Attributes:
        url: For ``HEADWAY_STORE``.
        server: The demo's own database, if it has one.
    """

    url: str
    server: PostgresServer | None = None

    @property
    def pid(self) -> int | None:
        """Its first process."""
        return None if self.server is None or self.server.process is None else self.server.process.pid

    def wake(self) -> None:
        """Let it go on if somebody has frozen it: nobody can leave a database that stands still."""
        if self.server is not None:
            self.server.wake()


def _run(options: argparse.Namespace, folder: Path, store: Store, sites: dict[str, str]) -> None:
    (folder / "workers").mkdir()
    variables = {**DEFAULTS, **_given(), "HEADWAY_STORE": store.url}
    if store.url.startswith("postgres"):
        variables = {"HEADWAY_ENGINE": "procrastinate", **variables}
    environment = {
        **variables,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        "HEADWAY_DEMO_REPORT_SITES": json.dumps(sites),
        "HEADWAY_DEMO_REPORT_ALLOWED": ",".join(url.removeprefix("http://") for url in sites.values()),
        "HEADWAY_DEMO_REPORT_WORKERS": str(folder / "workers"),
    }
    serve = ["serve", "examples.report.app:app", "--worker", "none", "--port", str(options.port), "--quiet"]
    server = Kept("server", [sys.executable, "-m", "headway", *serve], environment)
    work = [sys.executable, "-m", "headway.worker", TARGET]
    workers = [Kept(f"worker {number + 1}", work, environment, folder / "workers") for number in range(options.workers)]
    with children() as start, contextlib.ExitStack() as first:
        first.callback(store.wake)
        start(server)
        until_it_listens(server, options.port)
        for worker in workers:
            start(worker)
        address = f"http://127.0.0.1:{options.port}"
        _welcome(address, store, variables.get("HEADWAY_ENGINE", "embedded"), sites)
        if not options.no_browser and has_display():
            webbrowser.open(address)
        _keep([server, *workers])


def _keep(kept: list[Kept]) -> None:
    """Start again what dies."""
    while True:
        for one in kept:
            if (code := one.process.poll()) is not None:
                _say(f"  {one.name} (process {one.process.pid}) has ended with {_named(code)}; another one is started.")
                one.restart()
        time.sleep(0.1)


@contextlib.contextmanager
def _store(folder: Path) -> Iterator[Store]:
    """Yield the store: the one that is set, else a Postgres of the demo's own, else a file."""
    given = os.environ.get("HEADWAY_STORE")
    if given is not None:
        yield Store(given)
        return
    ensure = [str(ROOT / "scripts" / "ensure_system.sh"), "postgres"]
    if subprocess.run(ensure, check=False).returncode:  # noqa: S603 - our own
        _say("  Without Postgres the demo keeps everything in a file: the same, but on one machine only.\n")
        yield Store(f"sqlite:///{folder / 'headway.db'}")
        return
    (folder / "postgres").mkdir()
    server = PostgresServer(folder / "postgres", _free_port())
    server.start()
    try:
        yield Store(server.url(), server)
    finally:
        server.stop()


def _welcome(address: str, store: Store, engine: str, sites: dict[str, str]) -> None:
    kind = store.url.partition("://")[0]
    own = " (its own, thrown away in the end)" if "HEADWAY_STORE" not in os.environ else ""
    _say(f"\n  Open     {address}")
    _say(f"  Console  {address}/headway/console/")
    _say(f"  Store    {kind}{own}")
    _say(f"  Engine   {engine}")
    _say(f"  Sites    {', '.join(f'{name} {url}' for name, url in sites.items())}")
    _say("\n  Ask for a report, and while it is made kill its worker, reload the page, open it elsewhere.")
    if store.pid is not None:
        _say("\n  What the page says while the database does not answer: freeze it, and wake it again.")
        for name in ("STOP", "CONT"):  # the server takes nobody new, its processes answer nobody they have
            _say(f"    kill -{name} {store.pid}; pkill -{name} -P {store.pid}")
    _say("\n  Ctrl-C stops everything.\n")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as place:
        port: int = place.getsockname()[1]
        return port


def _given() -> dict[str, str]:
    """What somebody has set counts for more than what the demo would."""
    return {name: value for name, value in os.environ.items() if name in DEFAULTS or name == "HEADWAY_ENGINE"}


def _named(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"code {code}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    main()
