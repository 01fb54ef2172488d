"""A network between a browser and a server, to be cut, stalled, slowed and taken away while both go on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Iterator
from types import TracebackType
from typing import Final, Self

CHUNK: Final = 65_536
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN


class Proxy:
    """Forwards TCP from a port of its own to a port of this machine.

    Attributes:
        delay_s: Seconds every piece of data is kept before it goes on, either way.
        idle_s: Seconds after which a connection is closed on which the server says nothing; None: never.
        accepted: Number of connections so far.
        idle_cuts: How many were closed for their silence.
    """

    def __init__(self, target_port: int) -> None:
        self.delay_s = 0.0
        self.idle_s: float | None = None
        self.accepted = 0
        self.idle_cuts = 0
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self.port}"

    # -- what can happen to a network

    def cut(self) -> None:
        """Reset every connection; new ones are accepted."""
        for writer in self._writers:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    def drop(self) -> None:
        """Close every connection as if both sides had wanted it; new ones are accepted."""
        for writer in self._writers:
            writer.close()

    def stall(self) -> None:
        """Let nothing through any more, and let nobody notice: connections stay open, new ones are accepted."""
        self._flowing.clear()

    def flow(self) -> None:
        """End a stall; what was held back goes on."""
        self._flowing.set()

    async def refuse(self) -> None:
        """Cut, and refuse new connections."""
        self._close_listener()
        self.cut()

    async def accept(self) -> None:
        """Accept connections on the same port again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._server = await asyncio.start_server(self._begin, sock=self._listener)

    # -- forwarding

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: asyncio complains of its own when they are cancelled.
        self.accepted += 1
        task = asyncio.create_task(self._tunnel(reader, writer))
        self._tunnels.add(task)
        task.add_done_callback(self._tunnels.discard)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._open(writer):
            try:
                await self._flowing.wait()
                await self._forward(reader, writer)
            except* (OSError, EOFError):
                pass  # one side is gone, and with it the other

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        with self._open(back):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, back))
                group.create_task(self._pump(there, writer, self.idle_s))

    @contextlib.contextmanager
    def _open(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle_s: float | None = None
    ) -> None:
        while data := await self._within(idle_s, reader.read(CHUNK)):
            await self._pass(data, writer)
        if writer.can_write_eof():
            writer.write_eof()

    async def _within(self, idle_s: float | None, reading: Awaitable[bytes]) -> bytes:
        """Return what comes.

        Raises:
            TimeoutError: nothing came in time.
        """
        try:
            return await asyncio.wait_for(reading, idle_s)
        except TimeoutError:
            self.idle_cuts += 1
            raise

    async def _pass(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """Send data on, when the network lets it through."""
        await asyncio.sleep(self.delay_s)
        await self._flowing.wait()
        writer.write(data)
        await writer.drain()

    def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, sock=self._listener)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_listener()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)
