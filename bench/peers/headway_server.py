"""Headway itself: `headway serve` on a SQLite file, the run created and fed over HTTP like any other's.

Its figures contain what the others do not do: each event is checked, committed to the log, and folded.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers import Server
from bench.processes import BenchError, free_port, running, wait_for_port

COMMAND = (sys.executable, "-c", "from headway.cli import main; main()", "serve")


class Headway:
    """One server process.

    Args:
        name: What the row is called.
        direct: Whether connections are handed over; without it every event goes through ASGI's `send()`.
    """

    pace = 1.0

    def __init__(self, name: str, *, direct: bool) -> None:
        self.name = name
        self._direct = direct

    def missing(self) -> str:
        """Say what is needed and not there."""
        needed = ("headway", "typer", "uvicorn")
        there = all(importlib.util.find_spec(name) for name in needed) and importlib.util.find_spec("headway.cli")
        return "" if there else "`pip install headway[server]`"

    def about(self) -> str:
        """Return which path it takes."""
        return "headway serve, SQLite, " + ("connections handed over" if self._direct else "HEADWAY_DIRECT=0")

    @contextlib.contextmanager
    def serve(self, directory: Path, cores: set[int]) -> Iterator[Server]:
        """Run `headway serve` on a new file and create one run."""
        env = {"HEADWAY_DIRECT": "1" if self._direct else "0"}
        with serving(directory, cores, env) as (port, pid):
            ready = call(port, "GET", "/readyz")
            if ready["direct"]["on"] is not self._direct:
                raise BenchError(f"{self.name} would not measure the path it is named after: {ready['direct']}")
            run = create_run(port)
            yield Server(port, pid, run.stream, run.events, run.custom)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a server, and where it is watched and written."""

    id: str
    execution_id: str
    path: str

    @property
    def stream(self) -> str:
        """The path viewers GET."""
        return f"{self.path}/stream"

    @property
    def events(self) -> str:
        """The path events are POSTed to."""
        return f"{self.path}/events"

    def batch(self, type: str, data: bytes, event_key: str = "") -> bytes:
        """Return the body that appends one event; `data` is JSON. With a key it may be sent again."""
        keyed = b'"key":"%b",' % event_key.encode() if event_key else b""
        return b'{"execution_id":"%b","events":[{%b"type":"%b","data":%b}]}' % (
            self.execution_id.encode(),
            keyed,
            type.encode(),
            data,
        )

    def custom(self, data: bytes, key: str = "k", *, event_key: str = "") -> bytes:
        """Return the body that appends one application event; `data` is JSON."""
        return self.batch("custom", b'{"name":"load","key":"%b","data":%b}' % (key.encode(), data), event_key)


@contextlib.contextmanager
def serving(
    directory: Path,
    cores: set[int] | None = None,
    env: Mapping[str, str] | None = None,
    *,
    app: str = "",
    port: int | None = None,
    store: str = "",
) -> Iterator[tuple[int, int]]:
    """Run `headway serve` with its files in `directory`; give its port and process id.

    Args:
        directory: Where `headway.db` is, or will be.
        cores: Where it runs; None: anywhere.
        env: Further variables.
        app: ``module:attribute`` of an application; "": Headway's own routes.
        port: None: any free one.
        store: Where runs are kept; "": in `headway.db`.
    """
    port, log = port or free_port(), directory / "headway.log"
    options = ["--host", "127.0.0.1", "--port", str(port), "--store", store or f"{directory / 'headway.db'}"]
    command = [*COMMAND, *([app] if app else []), *options]
    with running(command, log=log, cores=cores, env=env) as process:
        wait_for_port(process, port, log)
        yield port, process.pid


def create_run(port: int, prefix: str = "") -> Run:
    """Create a run whose work happens elsewhere: here."""
    created = call(port, "POST", f"{prefix}/v1/runs", b'{"title":"benchmark"}')
    return Run(created["id"], created["execution_id"], f"{prefix}/v1/runs/{created['id']}")


def call(port: int, method: str, path: str, body: bytes | None = None) -> Any:
    """Make one request and return the JSON of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        answer = response.read()
    if response.status >= 300:
        raise BenchError(f"{method} {path} was answered {response.status}: {answer[:500]!r}")
    return json.loads(answer)


PEERS = (Headway("headway", direct=True), Headway("headway-send", direct=False))
