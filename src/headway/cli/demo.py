"""``headway demo``: the place provider and the itinerary, started together and stopped together."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from headway.errors import UsageError

PLACES = ("headway.examples.itinerary", "examples.itinerary")
"""In an installed wheel, and in a source tree."""


def demo(port: int, *, open_browser: bool = True) -> None:
    """Run the demo until it is interrupted."""
    package, folder = _find()
    console = Console(stderr=True, highlight=False)
    port = _free_port(port)
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="headway-demo-") as scratch, _provider(package, folder) as provider:
        store = os.environ.get("HEADWAY_STORE", f"{scratch}/demo.db")
        environment = {**os.environ, "HEADWAY_STORE": store, "HEADWAY_DEMO_PROVIDER": provider}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in (str(folder), *sys.path) if path)
        command = [sys.executable, "-m", "headway", "serve", f"{package}.app:app", "--port", str(port)]
        with _process(command, environment) as server:
            _await_listening(server, port)
            _greet(console, url, provider, server.pid)
            if open_browser and _has_display():
                webbrowser.open(url)
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()
        console.print("[dim]stopped[/]")


def _find() -> tuple[str, Path]:
    source_tree = Path(__file__).parents[3]
    if (source_tree / "examples" / "itinerary" / "app.py").is_file():
        sys.path.insert(0, str(source_tree))
    for name in PLACES:
        with contextlib.suppress(ModuleNotFoundError):
            if (spec := importlib.util.find_spec(name)) is not None and spec.origin is not None:
                folder = Path(spec.origin).parent
                _check_built(folder)
                _check_extra()
                return name, folder.parents[name.count(".")]
    raise UsageError("the itinerary example is not installed", hint="run it from the wheel or from a source tree")


def _check_built(folder: Path) -> None:
    if not (folder / "static" / "index.html").is_file():
        raise UsageError("the demo's page is not built", hint="run `make setup` first")


def _check_extra() -> None:
    if importlib.util.find_spec("ortools") is None:
        raise UsageError("the demo plans with OR-tools", hint="pip install 'headway[demo]'")


@contextlib.contextmanager
def _provider(package: str, folder: Path) -> Iterator[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), *sys.path))}
    command = [sys.executable, "-m", f"{package}.provider", "--port", "0"]
    with _process(command, environment, stdout=subprocess.PIPE) as process:
        said = process.stdout.readline().decode() if process.stdout is not None else ""
        if " on " not in said:
            raise UsageError("the place provider did not start")
        yield said.rpartition(" on ")[2].strip()


@contextlib.contextmanager
def _process(
    command: list[str], environment: dict[str, str], stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, stdout=stdout, start_new_session=True)  # noqa: S603 - our own
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _await_listening(server: subprocess.Popen[bytes], port: int, patience_s: float = 30) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if server.poll() is not None:
            raise UsageError("the server ended while it was starting", hint="its words are above")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise UsageError(f"the server does not listen on port {port}")


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)) as listener:
            found: int = listener.getsockname()[1]
            return found
    raise UsageError("no port is free")


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _greet(console: Console, url: str, provider: str, pid: int) -> None:
    console.print()
    console.print(f"  A trip is being planned at [bold]{url}[/]")
    console.print(f"  [dim]The place provider plays a remote service at {provider}: 0.3 to 0.9 s a call.[/]")
    console.print()
    console.print("  Try to break it: reload, close the tab, open ten, cut the network, or")
    console.print(
        f"  [bold]kill -9 {pid}[/]  [dim]the server; `make demo` again goes on only with HEADWAY_STORE set[/]"
    )
    console.print("  [bold]pkill -9 -f headway.worker[/]  [dim]the worker; another one takes over at the last step[/]")
    console.print("  [dim]Ctrl-C stops everything.[/]")
    console.print()
