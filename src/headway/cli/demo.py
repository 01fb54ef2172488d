"""``headway demo``: the itinerary example with all its processes, started together and stopped together."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from headway.cli.serving import bind, shown_host
from headway.cli.startup import Row, block
from headway.cli.terminal import err
from headway.errors import UsageError

PROVIDER: Final = "HEADWAY_DEMO_PROVIDER"
"""Tells the application where the provider of places is."""

KILL: Final = "HEADWAY_DEMO_KILL"
"""Lets the page kill the server and its worker: they are brought back here."""

NEEDED: Final = {"ortools": "which plans the days", "astral": "which knows when the sun sets"}

MOUNTED: Final = "/headway"
"""Where the example has mounted us."""

PORT: Final = 8000
PATIENCE_S: Final = 30.0
AWAY_S: Final = 2.0
"""A server that was killed stays away for so long, so that one sees what the pages do meanwhile."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run the demo.

    Attributes:
        port: None: the usual one, or any free one when that is taken.
        store: None: a new one that is thrown away in the end.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    store: str | None = None
    browser: bool = True
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """Where the example is.

    Attributes:
        package: Its name.
        folder: Its files.
        root: What has to be on the path for it.
    """

    package: str
    folder: Path
    root: Path


def run_demo(options: Options) -> None:
    """Run provider, server and worker until Ctrl-C.

    Raises:
        UsageError: the example is not there, was not built, or does not start.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    example = find_example()
    check_built(example)
    port = choose_port(options)
    with contextlib.suppress(KeyboardInterrupt), _store(options) as store, _provider(example) as provider:
        # pings come often, so that a connection that was stalled for the sake of it is soon noticed
        defaults = {"HEADWAY_LOG_LEVEL": "error", "HEADWAY_DRAIN_S": "0", "HEADWAY_PING_S": "3"}
        given = {name: os.environ.get(name, value) for name, value in defaults.items()}
        variables = {PROVIDER: provider, KILL: "1", "HEADWAY_STORE": store, **given}
        _keep_serving(example, options, port, variables)


def find_example() -> Example:
    """Return the example: part of an installed wheel, or in the source tree that this is.

    Raises:
        UsageError: neither.
    """
    package = Path(__file__).parents[1]
    source = package.parents[1]
    if (package / "examples" / "itinerary" / "app.py").is_file():
        return Example("headway.examples.itinerary", package / "examples" / "itinerary", package.parent)
    if (source / "examples" / "itinerary" / "app.py").is_file():
        return Example("examples.itinerary", source / "examples" / "itinerary", source)
    raise UsageError("the itinerary example is not here", hint="run it from a wheel or from a source tree")


def check_built(example: Example) -> None:
    """Insist on the page, and on what the example needs beside us.

    Raises:
        UsageError: something is missing; the hint says what to run.
    """
    if not (example.folder / "static" / "index.html").is_file():
        raise UsageError("the page of the demo was not built", hint="run `make web` in the source tree")
    for package, what in NEEDED.items():
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"{package}, {what}, is not installed", hint="pip install 'headway[demo]'")


def choose_port(options: Options) -> int:
    """Return a port that can be listened on.

    Raises:
        UsageError: the one asked for cannot.
    """
    if options.port is None:
        with contextlib.suppress(UsageError), bind(options.host, PORT):
            return PORT
    with bind(options.host, options.port or 0) as place:
        port: int = place.getsockname()[1]
        return port


@contextlib.contextmanager
def _store(options: Options) -> Iterator[str]:
    """Yield where the trips are kept."""
    given = options.store or os.environ.get("HEADWAY_STORE")
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="headway-demo-") as folder:
        yield f"{folder}/demo.db"


# -- processes


@contextlib.contextmanager
def _process(
    example: Example, arguments: Sequence[str], variables: Mapping[str, str], stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our programs until the block ends."""
    paths = os.pathsep.join([str(example.root), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, **variables, "PYTHONPATH": paths}
    # a session of its own: Ctrl-C reaches us, and we stop them one after the other
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=stdout, start_new_session=True)  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def _provider(example: Example) -> Iterator[str]:
    """Run the provider of places; yield the address it prints when it is ready.

    Raises:
        UsageError: it does not start.
    """
    arguments = ["-m", f"{example.package}.provider", "--port", "0"]
    with _process(example, arguments, {}, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline().decode() if process.stdout is not None else ""
        _, found, address = line.strip().rpartition(" on ")
        if not found:
            raise UsageError("the provider of places does not start", hint="what it printed above says more")
        yield address


def _keep_serving(example: Example, options: Options, port: int, variables: Mapping[str, str]) -> None:
    """Serve; when somebody kills the server, start it again. That is what the demo is about."""
    address = f"http://{shown_host(options.host)}:{port}"
    arguments = ["-m", "headway", "serve", f"{example.package}.app:app", "--quiet"]
    arguments += ["--host", options.host, "--port", str(port), *(["--insecure"] if options.insecure else [])]
    console, killed_at = err(), None
    while True:
        with _process(example, arguments, variables) as server:
            _wait_until_it_listens(server, options.host, port)
            if killed_at is None:
                _welcome(console, address, server.pid, variables)
                if options.browser and has_display():
                    webbrowser.open(address)
            else:
                away_s = time.monotonic() - killed_at
                console.print(f"  The server is back after {away_s:.1f} s, as process {server.pid}.")
            code = server.wait()
        if code >= 0:
            raise UsageError(f"the server ended with code {code}", hint="what it printed above says more")
        killed_at = time.monotonic()
        name = signal.Signals(-code).name
        console.print(f"  The server was killed ({name}). In {AWAY_S:.0f} s it is started, which takes a few more.")
        time.sleep(AWAY_S)


def _wait_until_it_listens(server: subprocess.Popen[bytes], host: str, port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection((shown_host(host).strip("[]"), port), 1).close()
            return
        time.sleep(0.05)
    raise UsageError("the server does not start", hint="what it printed above says more")


def _interrupt(_number: int, _frame: object) -> None:
    """Stop, once: who is impatient must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.write(2, b"\n  Stopping ...\n")  # not by print, which this may have interrupted
    raise KeyboardInterrupt


# -- words


def _welcome(console: Console, address: str, pid: int, variables: Mapping[str, str]) -> None:
    rows = [
        Row("Open", address, "bold"),
        Row("Console", f"{address}{MOUNTED}/console/", "bold"),
        Row("Places", f"{variables[PROVIDER]}, a remote service that takes 0.3 to 0.9 s a call"),
        Row("Trips", variables["HEADWAY_STORE"]),
    ]
    console.print(block("demo", rows, "Ask for a trip, and while it is planned:"), soft_wrap=True)
    for text in (
        "reload the page, close it, open it in ten tabs",
        f"kill -9 {pid}, which is the server: it is started again",
        f"pkill -9 -P {pid}, which is its worker: another one takes its runs over",
        f"{command()} runs --url {address}, and {command()} watch --url {address} with an id of those",
    ):
        console.print(Text(f"  - {text}"), soft_wrap=True)
    console.print(Text("\n  Ctrl-C stops everything.\n", "dim"))


def command() -> str:
    """Return what to type for us: the name, or the path it was called by where it may not be on the PATH."""
    called = Path(sys.argv[0])
    return "headway" if called.is_absolute() or called.parent == Path() else str(called)


def has_display() -> bool:
    """Whether somebody could see a browser here."""
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
