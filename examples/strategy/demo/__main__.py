"""``make demo-strategy``: the application and its worker, with four made-up sites to read.

``python -m examples.strategy.demo [--port 8020] [--latency 0.5] [--no-browser]``, in the source tree. Ctrl-C ends all
of it; strategies are kept where ``HEADWAY_STORE`` says, else thrown away in the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from examples.report.demo.processes import Kept, children, until_it_listens
from examples.report.demo.surroundings import has_display, sites_running, stop_once

ROOT: Final = Path(__file__).parents[3]
PORT: Final = 8020
LATENCY_S: Final = 0.5
DEFAULTS: Final = {"HEADWAY_LOG_LEVEL": "warning", "HEADWAY_DRAIN_S": "0"}


def main(arguments: list[str] | None = None) -> None:
    """Run all of it until Ctrl-C."""
    options = _options(arguments)
    stop_once()
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="headway-strategy-", ignore_cleanup_errors=True) as name,
        sites_running(options.latency) as sites,
    ):
        store = os.environ.get("HEADWAY_STORE", f"sqlite:///{Path(name) / 'headway.db'}")
        _run(options, store, sites)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo-strategy", description="A content strategy made from real text.")
    parser.add_argument("--port", type=int, default=PORT, help="of the page")
    parser.add_argument("--latency", type=float, default=LATENCY_S, help="seconds the demo's sites take for a page")
    parser.add_argument("--no-browser", action="store_true", help="open no page")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, store: str, sites: Mapping[str, str]) -> None:
    environment = {
        **{name: os.environ.get(name, value) for name, value in DEFAULTS.items()},
        "HEADWAY_STORE": store,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        "HEADWAY_DEMO_STRATEGY_SITES": json.dumps(sites),
        "HEADWAY_DEMO_STRATEGY_ALLOWED": ",".join(url.removeprefix("http://") for url in sites.values()),
    }
    serve = ["serve", "examples.strategy.app:app", "--port", str(options.port), "--quiet"]
    server = Kept("server", [sys.executable, "-m", "headway", *serve], environment)
    address = f"http://127.0.0.1:{options.port}/"
    with children() as start:
        start(server)
        until_it_listens(server, options.port)
        _welcome(address, store, sites)
        if not options.no_browser and has_display():
            webbrowser.open(address)
        while server.process.poll() is None:
            time.sleep(0.1)
        sys.exit("the server has ended; what stands above says more")


def _welcome(address: str, store: str, sites: Mapping[str, str]) -> None:
    own = "" if "HEADWAY_STORE" in os.environ else " (thrown away in the end)"
    _say(f"\n  Open     {address}")
    _say(f"  Console  {address}headway/console/")
    _say(f"  Store    {store.partition('://')[0]}{own}")
    _say(f"  Model    {os.environ.get('HEADWAY_DEMO_STRATEGY_MODEL', 'none: sections are written by templates')}")
    _say(f"  Sites    {', '.join(f'{name} {url}' for name, url in sites.items())}")
    _say("\n  Have a strategy made of the sample, or of a site of yours; streamed, or polled every ten seconds.")
    _say("\n  Ctrl-C stops everything.\n")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    main()
