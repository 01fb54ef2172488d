"""A client of streams on raw sockets: it sees every byte, may cut anywhere, and comes back with its cursor.

`Stream` is one response. `Viewer` is what a browser would be: it keeps the state across any number of streams, and
complains the moment something is lost, doubled or out of order.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import orjson

from headway.core.fold import Applied, Fold
from headway.core.run import RunStatus
from headway.core.sse import Frame, Parser

PATIENCE_S = 30.0
LINGER_OFF = struct.pack("ii", 1, 0)


class Cut(Exception):
    """The response ended without its last chunk."""


class Body:
    """Takes HTTP/1.1 chunked coding off, cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self.complete = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return what of the body is complete with them."""
        rest, out = self._rest + data, []
        while not self.complete:
            line, found, after = rest.partition(b"\r\n")
            size = int(line, 16) if found else 0
            if not found or len(after) < size + 2:
                break
            assert after[size : size + 2] == b"\r\n", f"a chunk does not end where it should: {rest[:80]!r}"
            out.append(after[:size])
            rest = after[size + 2 :]
            self.complete = size == 0
        assert not (self.complete and rest), f"bytes after the last chunk: {rest[:80]!r}"
        self._rest = rest
        return b"".join(out)


class Stream:
    """One response to one GET.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        received: Bytes of the body so far.
        complete: The last chunk came.
        pings: Hand out pings, too; they come whenever they like.
        left: Bytes of the body, as they are on the wire, after which the client is cut off; None: never.
    """

    _open: ClassVar[set[Stream]] = set()

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(self)
        self._reader, self._writer = reader, writer
        self._parser = Parser()
        self._body: Body | None = None
        self._frames: list[Frame] = []
        self.status = 0
        self.headers: dict[str, str] = {}
        self.received = 0
        self.pings = False
        self.left: int | None = None

    @classmethod
    async def open(
        cls,
        port: int,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        version: str = "1.1",
        body: bytes = b"",
        tls: ssl.SSLContext | None = None,
        receive_buffer: int | None = None,
    ) -> Stream:
        """Ask for a stream and read the head of the answer."""
        stream = await cls.ask(
            port, path, headers, method=method, version=version, body=body, tls=tls, receive_buffer=receive_buffer
        )
        try:
            await stream.head()
        except BaseException:
            await stream.close()
            raise
        return stream

    @classmethod
    async def ask(
        cls,
        port: int,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        version: str = "1.1",
        body: bytes = b"",
        tls: ssl.SSLContext | None = None,
        receive_buffer: int | None = None,
    ) -> Stream:
        """Ask, and read nothing."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except BaseException:
            sock.close()
            raise
        name = "localhost" if tls else None
        reader, writer = await asyncio.open_connection(sock=sock, ssl=tls, limit=1 << 16, server_hostname=name)
        lines = [f"{method} {path} HTTP/{version}", f"Host: 127.0.0.1:{port}"]
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return cls(reader, writer)

    async def head(self) -> None:
        """Read the head of the answer."""
        async with asyncio.timeout(PATIENCE_S):
            text = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = text.strip().split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        self._body = Body() if self.headers.get("transfer-encoding") == "chunked" else None

    @property
    def complete(self) -> bool:
        """Whether the response has ended as it should."""
        return self._body is not None and self._body.complete

    @property
    def retry_ms(self) -> int | None:
        """The last ``retry:`` that came."""
        return self._parser.retry_ms

    @property
    def last_id(self) -> str:
        """What a browser would send as ``Last-Event-ID``, with or without a frame."""
        return self._parser._id

    async def read(self) -> bytes:
        """Return the next bytes of the body, taken out of their chunks; b"" at its end.

        Raises:
            Cut: the connection ended before the response.
        """
        while not self.complete:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    data = await self._reader.read(65_536)
            except (ConnectionError, ssl.SSLError) as error:
                raise Cut from error
            data = self._cut(data)
            if not data and self._body is not None:
                raise Cut
            body = data if self._body is None else self._body.feed(data)
            self.received += len(body)
            if body or not data:
                return body
        return b""

    def _cut(self, data: bytes) -> bytes:
        """Give what comes before the cut; after it, nothing does."""
        if self.left is not None:
            data = data[: self.left]
            self.left -= len(data)
            if not data:
                self.reset()
                raise Cut
        return data

    async def next(self) -> Frame | None:
        """Return the next frame; None at the end of the response."""
        while not self._frames:
            data = await self.read()
            if not data:
                return None
            self._frames.extend(frame for frame in self._parser.feed(data) if self.pings or frame.event != "ping")
        return self._frames.pop(0)

    async def until(self, event: str) -> list[Frame]:
        """Return frames up to and with the first of this name."""
        frames: list[Frame] = []
        while not frames or frames[-1].event != event:
            frame = await self.next()
            assert frame is not None, f"the stream ended before {event!r}: {[frame.event for frame in frames]}"
            frames.append(frame)
        return frames

    async def rest(self) -> list[Frame]:
        """Return all frames to the end of the response."""
        frames: list[Frame] = []
        while (frame := await self.next()) is not None:
            frames.append(frame)
        return frames

    def write(self, data: bytes) -> None:
        """Send further bytes."""
        self._writer.write(data)

    def half_close(self) -> None:
        """Send nothing more, but go on reading."""
        self._writer.write_eof()

    def reset(self) -> None:
        """Go away rudely, with a RST."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
        self._writer.transport.abort()

    async def close(self) -> None:
        """Go away. Idempotent."""
        self._open.discard(self)
        self._writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self._writer.wait_closed()

    @classmethod
    async def close_all(cls) -> None:
        """Close whatever a test has left open."""
        for stream in tuple(cls._open):
            stream._writer.transport.abort()
            await stream.close()


class Viewer:
    """Follows one run over any number of streams.

    Attributes:
        cursor: Id of the last frame that had one.
        fold: The state.
        seqs: Of every event that came, in order.
        skipped: Seqs that came within a snapshot.
        resets: Reasons of ``reset`` frames.
        end: Data of the last ``end``.
        done: The run has ended for good: the end said so, or 204 to who had it already.
        streams: How many streams were opened.
    """

    def __init__(self, port: int, path: str, *, query: str = "") -> None:
        self.port, self.path, self.query = port, path, query
        self.cursor: str | None = None
        self.fold = Fold()
        self.seqs: list[int] = []
        self.skipped: list[int] = []
        self.resets: list[str] = []
        self.end: dict[str, Any] | None = None
        self.done = False
        self.opened: list[dict[str, Any]] = []
        self.streams = 0
        self._may_replace = True
        self._id = ""

    async def open(self, **options: Any) -> Stream:
        """Open a stream from the cursor."""
        self.streams += 1
        self._may_replace = self.cursor is None
        headers = {} if self.cursor is None else {"Last-Event-ID": self.cursor}
        return await Stream.open(self.port, self.path + self.query, headers, **options)

    def take(self, frame: Frame) -> None:
        """Take one frame, and insist that it is the right one."""
        if frame.id:
            self.cursor = frame.id
        data = orjson.loads(frame.data)
        if frame.event == "open":
            self.opened.append(data)
        elif frame.event == "reset":
            self.resets.append(data["reason"])
            self._may_replace = True
        elif frame.event == "snapshot":
            assert self._may_replace, "a snapshot without a reset"
            assert frame.id == data["cursor"]
            self._may_replace = False
            self.skipped.extend(range(self.fold.seq + 1, data["seq"] + 1))
            self.fold = Fold(data)
        elif frame.event == "end":
            assert data["seq"] == self.fold.seq, f"the end is at {data['seq']}, we are at {self.fold.seq}"
            self.end, self.done = data, data["final"]
        elif frame.event not in ("ping", "notice", "live"):
            self._take_event(frame, data)

    def _take_event(self, frame: Frame, data: dict[str, Any]) -> None:
        assert frame.event == data["type"]
        applied = self.fold.apply(data, frame.id)
        assert applied is Applied.APPLIED, f"{applied} at seq {data['seq']}, the state is at {self.fold.seq}"
        self.seqs.append(data["seq"])

    async def follow(
        self, *, until: Callable[[Viewer], bool] = lambda viewer: False, cut: Callable[[], int | None] = lambda: None
    ) -> None:
        """Watch until the run has ended for good, coming back whenever the stream is cut or asks for it.

        Args:
            until: Asked after every frame; true stops early.
            cut: After how many bytes to cut each stream.
        """
        while not (self.done or until(self)):
            stream = await self.open()
            stream.left = cut()
            try:
                if stream.status == 204:
                    self.done = self.fold.status is RunStatus.SUCCEEDED
                    await asyncio.sleep(0 if self.done else 0.01)
                else:
                    assert stream.status == 200, stream.status
                    await self._watch(stream, until)
            except Cut:
                continue
            finally:
                await stream.close()

    async def _watch(self, stream: Stream, until: Callable[[Viewer], bool]) -> None:
        while (frame := await stream.next()) is not None:
            self.take(frame)
            if until(self):
                return
