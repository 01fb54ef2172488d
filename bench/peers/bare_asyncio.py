"""The least one can do in Python: a protocol that keeps the transport and writes to it. What a framework adds is above.

Also the program itself: `python bare_asyncio.py PORT`. It trusts its input and bounds nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bench.peers import Server

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n:ok\n\n\r\n"
)
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class BareAsyncio:
    """asyncio protocols, on uvloop where it is installed."""

    name = "bare_asyncio"
    pace = 1.0

    def missing(self) -> str:
        """Nothing is needed."""
        return ""

    def about(self) -> str:
        """Return the name of the event loop."""
        return f"Python {sys.version.split()[0]}, {_runner().__module__}"

    @contextlib.contextmanager
    def serve(self, directory: Path, cores: set[int]) -> Iterator[Server]:
        """Run this file."""
        # Not at the top: as a program this file runs without the package.
        from bench.peers import Server
        from bench.processes import free_port, running, wait_for_port

        port, log = free_port(), directory / "bare_asyncio.log"
        with running([sys.executable, __file__, str(port)], log=log, cores=cores) as process:
            wait_for_port(process, port, log)
            yield Server(port, process.pid, "/stream", "/publish")


class Connection(asyncio.Protocol):
    """A viewer after GET, a publisher after POST."""

    __slots__ = ("request", "transport", "viewers")

    def __init__(self, viewers: dict[Connection, None]) -> None:
        self.viewers = viewers
        self.request = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the viewer."""
        self.viewers.pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Take one request when it is whole."""
        self.request += data
        head, end, body = self.request.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET"):
            self.request = b""
            self.viewers[self] = None
            self.transport.write(HEAD)
        elif len(body) >= int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            self.request = b""
            publish(self.viewers, body)
            self.transport.write(ACCEPTED)


numbers = itertools.count(1)


def publish(viewers: Iterable[Connection], data: bytes) -> None:
    """Frame the event once and write the same bytes to every viewer."""
    text = b"id: %d\ndata: %b\n\n" % (next(numbers), data)
    frame = b"%x\r\n%b\r\n" % (len(text), text)
    for viewer in viewers:
        viewer.transport.write(frame)


def _runner() -> type[asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop
    return uvloop.Loop


async def main(port: int) -> None:
    """Serve until the process is stopped."""
    viewers: dict[Connection, None] = {}
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(viewers), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


PEERS = (BareAsyncio(),)

if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_runner()) as runner:
        runner.run(main(int(sys.argv[1])))
