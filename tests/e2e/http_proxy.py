"""A network that knows HTTP: it answers in the server's place, holds streams back, ends them, speaks in them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Final

from headway.core.sse import LAST_CHUNK, chunk
from tests.e2e.proxy import CHUNK, Proxy

API: Final = r"/v1/"
STREAM: Final = r"/stream(\?|$)"
_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(slots=True)
class Answer:
    """What is said in the server's place.

    Attributes:
        path: Pattern of the paths it is said to.
        times: How often it is still said; None: until `HttpProxy.heal`.
    """

    status: int
    body: bytes
    kind: str
    path: str
    times: int | None

    def to(self, path: str) -> bool:
        """Whether it is to be said, and count it."""
        if self.times == 0 or not re.search(self.path, path):
            return False
        self.times = None if self.times is None else self.times - 1
        return True

    def message(self) -> bytes:
        """Return the bytes of it."""
        head = f"HTTP/1.1 {self.status} Told\r\nContent-Type: {self.kind}\r\nContent-Length: {len(self.body)}"
        return f"{head}\r\nConnection: close\r\n\r\n".encode() + self.body


@dataclass(slots=True)
class Exchange:
    """A request, and what became of it.

    Attributes:
        status: Of the answer; None while there is none.
        body: What the browser got of it so far.
        open: Whether more may come.
    """

    method: str
    path: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter
    status: int | None = None
    is_stream: bool = False
    body: bytearray = field(default_factory=bytearray)
    open: bool = True
    words: list[bytes] = field(default_factory=list)

    def frames(self, name: str) -> int:
        """Count the frames of a name that the browser got."""
        return self.body.count(b"event: %b\n" % name.encode())

    def take_words(self) -> bytes:
        """Return what is to be put in here, if a frame has just ended."""
        if not self.words or not self.body.endswith(b"\n\n"):
            return b""
        taken = b"".join(self.words)
        self.words.clear()
        return taken


class HttpProxy(Proxy):
    """Forwards HTTP/1.1, each request on a connection of its own.

    Attributes:
        exchanges: All requests so far.
        token: Whose requests to the API come without this bearer is answered 401; None: everybody may.
        hold_bytes: A stream's bytes are kept until there are so many of them or it ends, as some proxies do.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.exchanges: list[Exchange] = []
        self.token: str | None = None
        self.hold_bytes = 0
        self._answers: list[Answer] = []
        self._losses: list[str] = []

    @property
    def streams(self) -> list[Exchange]:
        """The requests for streams so far."""
        return self.asked(STREAM)

    def asked(self, path: str) -> list[Exchange]:
        """Return the requests so far whose path matches."""
        return [exchange for exchange in self.exchanges if re.search(path, exchange.path)]

    @property
    def open_streams(self) -> list[Exchange]:
        """The streams that are open just now."""
        return [exchange for exchange in self.streams if exchange.open and exchange.status == 200]

    # -- what can happen on the way

    def answer(
        self, status: int, body: str = "", *, kind: str = "text/html", path: str = API, times: int | None = None
    ) -> None:
        """Answer requests in the server's place, as a gateway does whose server is away, or a hotel's network."""
        self._answers.append(Answer(status, body.encode(), kind, path, times))

    def lose(self, path: str) -> None:
        """Let the next request to such a path arrive, and lose its answer."""
        self._losses.append(path)

    def heal(self) -> None:
        """Answer nothing, lose nothing and hold nothing back any more."""
        self._answers.clear()
        self._losses.clear()
        self.hold_bytes = 0

    def end(self) -> None:
        """End every stream as HTTP ends it, as if the server had wanted to."""
        for exchange in self.open_streams:
            exchange.writer.write(LAST_CHUNK)
            exchange.writer.close()

    def say(self, frame: str) -> None:
        """Put a frame into every stream that is open, between two of the server's."""
        for exchange in self.open_streams:
            exchange.words.append(frame.encode())
            self._speak(exchange)

    # -- forwarding

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = await _request(reader, writer)
        length = int(exchange.headers.get("content-length", 0))
        sent = await reader.readexactly(length)
        self.exchanges.append(exchange)
        try:
            if answer := self._answer(exchange):
                exchange.status = answer.status
                await self._pass(answer.message(), writer)
            else:
                await self._ask(exchange, sent, reader)
        finally:
            exchange.open = False

    def _answer(self, exchange: Exchange) -> Answer | None:
        for answer in self._answers:
            if answer.to(exchange.path):
                return answer
        if self.token is None or not re.search(API, exchange.path):
            return None
        if exchange.headers.get("authorization") == f"Bearer {self.token}":
            return None
        return Answer(401, b"{}", "application/json", API, None)

    async def _ask(self, exchange: Exchange, sent: bytes, reader: asyncio.StreamReader) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        with self._open(back):
            await self._pass(_head(exchange) + sent, back)
            async with asyncio.TaskGroup() as group:
                leaving = group.create_task(_until_gone(reader))
                await self._relay(exchange, there)
                leaving.cancel()

    async def _relay(self, exchange: Exchange, there: asyncio.StreamReader) -> None:
        head = await there.readuntil(_END_OF_HEAD)
        writer = exchange.writer
        for path in self._losses:
            if re.search(path, exchange.path):
                self._losses.remove(path)
                return
        await self._pass(head, writer)
        status, fields = _parsed(head)
        exchange.status = int(status.split()[1])
        exchange.is_stream = fields.get("content-type", "").startswith("text/event-stream")
        chunked = fields.get("transfer-encoding") == "chunked"
        kept = b""
        idle_s = self.idle_s if exchange.is_stream else None
        while data := await self._within(idle_s, _chunk(there) if chunked else there.read(CHUNK)):
            kept += data
            if not exchange.is_stream or len(kept) >= self.hold_bytes:
                await self._bring(exchange, kept, chunked=chunked)
                kept = b""
        await self._bring(exchange, kept, chunked=chunked)
        await self._pass(LAST_CHUNK if chunked else b"", writer)

    async def _bring(self, exchange: Exchange, data: bytes, *, chunked: bool) -> None:
        if data:
            exchange.body += data
            await self._pass(chunk(data) if chunked else data, exchange.writer)
            self._speak(exchange)

    def _speak(self, exchange: Exchange) -> None:
        if words := exchange.take_words():
            exchange.body += words
            exchange.writer.write(chunk(words))


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    line, fields = _parsed(await reader.readuntil(_END_OF_HEAD))
    method, path, _ = line.split()
    return Exchange(method, path, fields, writer)


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    line, *fields = head.decode("latin-1").strip().split("\r\n")
    pairs = (one.partition(":") for one in fields)
    return line, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _head(exchange: Exchange) -> bytes:
    """Return the request as it goes on: the server closes the connection after its answer, and so do we."""
    fields = {**exchange.headers, "connection": "close"}
    lines = [f"{exchange.method} {exchange.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _until_gone(reader: asyncio.StreamReader) -> None:
    """Wait until the browser closes the connection.

    Raises:
        ConnectionError: it has.
    """
    while await reader.read(CHUNK):
        pass
    raise ConnectionError


async def _chunk(there: asyncio.StreamReader) -> bytes:
    size = int(await there.readuntil(b"\r\n"), 16)
    return (await there.readexactly(size + 2))[:-2]
