"""A real HTTP server over TCP that answers each request as its script says, down to the byte and the broken socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import orjson

from headway.core.events import new_event
from headway.core.fold import Fold
from headway.core.sse import chunk, frame

RUN = "run_0123456789abcdef0123456789abcdef"
LINGER_OFF = struct.pack("ii", 1, 0)


@dataclass
class Request:
    """What was asked."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Parameters by name."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def cursor(self) -> str | None:
        """Where a stream is asked to go on."""
        return self.headers.get("last-event-id")


@dataclass
class Answer:
    """Bytes, and what follows them.

    Attributes:
        then: ``close`` the connection, ``reset`` it, or ``stall``: say nothing more.
    """

    data: bytes
    then: Literal["close", "reset", "stall"] = "close"


Script = Callable[[Request, int], Answer]
"""Answers request number n, from 1."""


class Server:
    """Answers by its script; keeps what was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.mistakes: list[Exception] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request per connection."""
        try:
            request = await _read(reader)
            if request is None:
                return
            self.requests.append(request)
            answer = self._answer(request)
            writer.write(answer.data)
            await writer.drain()
            if answer.then == "stall":
                await reader.read()  # until the client gives up
            if answer.then == "reset":
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
                writer.transport.abort()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, request: Request) -> Answer:
        try:
            return self.script(request, len(self.requests))
        except Exception as mistake:  # noqa: BLE001 - told where the server ends
            self.mistakes.append(mistake)
            return plain("418 The Script Is Wrong")


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


def url_of(listening: asyncio.Server) -> str:
    """Address of a server."""
    return f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def scripted(script: Script, *, port: int = 0) -> AsyncIterator[Server]:
    """Run a server until the block ends."""
    server = Server(script)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    server.url = url_of(listening)
    try:
        yield server
    finally:
        listening.close()
        await asyncio.sleep(0)
        if server.mistakes:
            raise server.mistakes[0]


# -- answers


def plain(status: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """Any answer with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return Answer("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def json(value: Any, status: str = "200 OK", headers: Mapping[str, str] | None = None) -> Answer:
    """JSON."""
    return plain(status, orjson.dumps(value), {"Content-Type": "application/json", **(headers or {})})


def problem(status: str, code: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """An error of ours."""
    body = {"code": code, "detail": f"because {code}", "hint": "do it differently", "retryable": False, **more}
    return json(body, status, {"Content-Type": "application/problem+json", **(headers or {})})


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def stream(*frames: bytes, then: Literal["close", "reset", "stall"] = "close", ended: bool = True) -> Answer:
    """A stream of server-sent events; `ended` with its last chunk."""
    last = b"0\r\n\r\n" if ended and then == "close" else b""
    return Answer(HEAD + b"".join(chunk(each) for each in frames) + last, then)


def control(event: str, **data: Any) -> bytes:
    """A frame that is no event of the log."""
    return frame(orjson.dumps(data), event=event)


def opened(**more: Any) -> bytes:
    """The first frame of a stream."""
    about = {"run_id": RUN, "ping_s": 15, "server_time": "2026-11-21T09:00:00.000Z", "live": None}
    return control("open", **{**about, **more})


# -- a log


@dataclass
class Log:
    """A run's log, as a server has it."""

    tag: str = "aaaa"
    events: list[dict[str, Any]] = field(default_factory=list)

    def append(self, type: str, **data: Any) -> Log:
        """Append an event."""
        seq = len(self.events) + 1
        body = orjson.loads(new_event(type, data).data)
        envelope = {"run_id": RUN, "seq": seq, "type": type, "time": f"2026-11-21T09:00:{seq % 60:02d}.000Z"}
        self.events.append({**envelope, "execution_id": "exe_1", "step": None, "data": body})
        return self

    def cursor(self, seq: int) -> str:
        """Position of an event."""
        return f"{seq}.{self.tag}"

    def fold(self, seq: int | None = None) -> Fold:
        """The state through an event; through the last one by default."""
        fold = Fold()
        for event in self.events[:seq]:
            fold.apply(event, self.cursor(event["seq"]))
        return fold

    def state(self, seq: int | None = None) -> dict[str, Any]:
        """The snapshot."""
        return self.fold(seq).snapshot()

    def snapshot(self, seq: int | None = None) -> bytes:
        """The snapshot as a frame."""
        fold = self.fold(seq)
        return frame(fold.snapshot_json(), event="snapshot", id=fold.cursor)

    def frames(self, after: int, until: int | None = None) -> list[bytes]:
        """Frames of the events after a seq."""
        return [
            frame(orjson.dumps(event), event=event["type"], id=self.cursor(event["seq"]))
            for event in self.events[after:until]
        ]

    def end(self) -> bytes:
        """The last frame."""
        fold = self.fold()
        return control("end", status=fold.status, seq=fold.seq, final=fold.status == "succeeded")

    def page(self, after: int, limit: int = 1_000) -> dict[str, Any]:
        """A page as long-poll answers it."""
        events = self.events[after : after + limit]
        last = after + len(events)
        more = last < len(self.events)
        return {"events": events, "cursor": self.cursor(last), "head": len(self.events), "more": more, "partial": False}

    def tail(self, cursor: str | None, joined: int) -> Sequence[bytes]:
        """What a stream sends: the snapshot through `joined` for who has nothing, then everything to the end."""
        begin = [opened()] if cursor else [opened(), self.snapshot(joined)]
        after = int(cursor.partition(".")[0]) if cursor else joined
        return [*begin, *self.frames(after), self.end()]


def trip() -> Log:
    """A log with phases, items, a discard and text in many bytes a character, ended well."""
    log = Log()
    header = {"job": "trip", "title": "Zürich 🏔", "created_at": "2026-11-21T09:00:00.000Z"}
    log.append("run.queued", attempt=1, reason="created", run=header)
    log.append("run.started", attempt=1)
    log.append("item.planned", key="day:1", title="Día 1 · 北京", phase="main")
    log.append("item.started", key="day:1")
    log.append("output.appended", key="text", delta="schöne ")
    log.append("output.appended", key="text", delta="🏔🏔 · 北京")
    log.append("attempt.discarded", attempt=1, step="s", set={"phases": {}, "items": {}, "outputs": {"text": None}})
    log.append("output.appended", key="text", delta="noch ein Vers\u2028✓")
    log.append("item.finished", key="day:1", data={"ok": True})
    return log.append("run.succeeded", result={"answer": "zweiundvierzig 🐘"})
