"""Server-sent events: the streams of runs, as plain ASGI.

Who may see what is decided by the caller. Errors are raised before the response begins, or told in-band, because a
browser's EventSource sees neither status nor headers and gives up for good on any status but 200.

A stream begins with ``retry:`` and ``event: open``. From there the hub writes: to the handed-over connection where the
request has a ticket for it (`headway.hub.direct`), else through ``send()`` by this request's task.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final, Protocol

from starlette.datastructures import QueryParams
from starlette.responses import Response

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import Cursor
from headway.core.run import ENDED, RunStatus
from headway.core.sse import retry
from headway.errors import HeadwayError, LimitExceeded, Overloaded, RunNotFound, StoreError
from headway.gateways.sse_request import StreamRequest
from headway.hub import Hub
from headway.hub.asgi import Receive, Scope, Send
from headway.hub.connection import Attachment, Connection
from headway.hub.direct import DirectSink, cut_of, ticket_of
from headway.hub.feed import Feed
from headway.hub.frames import View, anchor, control
from headway.hub.hub import poll_instead
from headway.hub.noting import client_label
from headway.hub.sinks import SendSink
from headway.hub.subscription import Reset, Subscription, Wish
from headway.stores.base import RunFilter, RunRow
from headway.types import RunId

DONE_WITHIN_MS: Final = 60_000
"""A client that comes back to a run that has ended so lately, and has everything, is told to stay away (204)."""

OVERLOAD_FACTOR: Final = 5
"""How much later than usual a client comes back to a server that had no place for it."""

IDLE_FACTOR: Final = 15
"""The same for one that comes back to a run that ended long ago and may be reopened: it will find nothing new soon."""

LIST_MAX: Final = 200

_HEAD: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


class Services(Protocol):
    """What streams need of the application."""

    @property
    def hub(self) -> Hub:
        """The fan-out of this process."""


async def stream_run(
    services: Services,
    scope: Scope,
    receive: Receive,
    send: Send,
    run: RunRow,
    *,
    viewer: str = "",
    view: View | None = None,
) -> None:
    """Stream one run: from the request's cursor, else a snapshot, and on until the run ends or the client leaves.

    Args:
        services: Of the application.
        scope: Of a GET or HEAD request.
        receive: Of the request.
        send: Of the request.
        run: The run; whoever asks may see it.
        viewer: Who asks, for the limit per user; "" for nobody in particular.
        view: Makes the messages, in place of events; the parameters that shape events mean nothing then.

    Raises:
        InvalidQuery, StreamWithBody: the request is wrong.
        RunNotFound, StoreError: the run cannot be read.
        Overloaded, LimitExceeded: only for clients that sent ``?client=1``; others are told in-band.
    """
    stream = _Stream(services.hub, scope, receive, send, viewer)
    if view is not None:
        stream.request = stream.request.through(view)
    if _has_everything(run, stream.request.wish.cursor):
        await stream.answer(204)
    elif scope["method"] == "HEAD":
        await stream.answer(200)
    else:
        async with services.hub.watching(run.id) as feed:
            wish, extra = _begin(stream.request.wish, feed)
            about = {"execution_id": feed.run.execution_id, "head": feed.head.seq, "live": feed.live}
            await stream.serve(
                {"run_id": run.id, **about},
                extra,
                lambda connection: [Subscription(feed, connection, wish)],
                superseded=stream.request.execution_id not in (None, feed.run.execution_id),
                later=IDLE_FACTOR if feed.ended and wish.cursor == feed.head else 1,
            )


async def stream_runs(
    services: Services,
    scope: Scope,
    receive: Receive,
    send: Send,
    find: Callable[[RunId], Awaitable[RunRow]],
    *,
    viewer: str = "",
) -> None:
    """Stream several runs on one connection: ``?run=<id>@<cursor>&...``; ids of frames begin with the run's.

    A run that is not found is told in-band (``reset {reason: gone}``), unless none of them is found. For arguments and
    errors see `stream_run`.

    Args:
        services: Of the application.
        scope: Of a GET or HEAD request.
        receive: Of the request.
        send: Of the request.
        find: Returns a run that whoever asks may see, or raises `RunNotFound`.
        viewer: Who asks.
    """
    stream = _Stream(services.hub, scope, receive, send, viewer)
    wishes = stream.request.runs()
    runs, missing = await _find_all(wishes, find)
    if not missing and all(_has_everything(run, wishes[run.id].cursor) for run in runs):
        await stream.answer(204)
    elif scope["method"] == "HEAD":
        await stream.answer(200)
    else:
        async with AsyncExitStack() as stack:
            feeds = [await stack.enter_async_context(services.hub.watching(run.id)) for run in runs]
            begun = [(feed, *_begin(wishes[feed.run_id], feed)) for feed in feeds]
            gone = [control("reset", {"run_id": run_id, "reason": Reset.GONE.value}) for run_id in missing]
            about = [
                {"run_id": feed.run_id, "execution_id": feed.run.execution_id, "head": feed.head.seq, "live": feed.live}
                for feed in feeds
            ]
            await stream.serve(
                {"run_id": None, "execution_id": None, "head": None, "live": None, "runs": about},
                b"".join([extra for _, _, extra in begun] + gone),
                lambda connection: [Subscription(feed, connection, wish) for feed, wish, _ in begun],
            )


async def stream_list(
    services: Services, scope: Scope, receive: Receive, send: Send, which: RunFilter, *, viewer: str = ""
) -> None:
    """Stream the newest runs: ``page`` with their summaries, then ``runs`` with those that changed.

    For arguments and errors see `stream_run`.

    Args:
        services: Of the application.
        scope: Of a GET or HEAD request.
        receive: Of the request.
        send: Of the request.
        which: The runs; whoever asks may see them.
        viewer: Who asks.
    """
    stream = _Stream(services.hub, scope, receive, send, viewer)
    limit = stream.request.number("limit", 50, LIST_MAX)
    which = replace(which, status=which.status and frozenset(which.status))  # lists are shared by filter
    if scope["method"] == "HEAD":
        await stream.answer(200)
    else:
        async with services.hub.listing(which, limit) as listing:
            await stream.serve(
                {"run_id": None, "execution_id": None, "head": None, "live": None},
                b"",
                lambda connection: [listing.subscription(connection)],
            )


def come_back(services: Services, error: HeadwayError, scope: Scope) -> Response | None:
    """Return the answer to a request for a stream while the store is away: a stream that ends at once.

    None where an error is better: it does not pass, or whoever asks understands statuses. A browser's EventSource gives
    up for good on any but 200.
    """
    client = QueryParams(scope["query_string"]).get("client")
    if client_label(client) or not (isinstance(error, StoreError) and error.retryable):
        return None
    body = retry(OVERLOAD_FACTOR * services.hub.retry_ms())
    return Response(body, headers={name.decode(): value.decode() for name, value in _HEAD})


async def _find_all(
    run_ids: Mapping[RunId, object], find: Callable[[RunId], Awaitable[RunRow]]
) -> tuple[list[RunRow], list[RunId]]:
    """Find those runs that are there; if there is none, say what the last search said."""
    runs: list[RunRow] = []
    missing: list[RunId] = []
    for run_id in run_ids:
        try:
            runs.append(await find(run_id))
        except RunNotFound:
            missing.append(run_id)
            if len(missing) == len(run_ids):
                raise
    return runs, missing


def _begin(wish: Wish, feed: Feed) -> tuple[Wish, bytes]:
    """Say where a viewer begins who wants only what comes next; it must know the place, to come back to it."""
    if not wish.latest:
        return wish, b""
    id = wish.form.id(feed.run_id, str(feed.head))
    return replace(wish, cursor=feed.head, latest=False, whole=True), anchor(id)


def _has_everything(run: RunRow, cursor: Cursor | None) -> bool:
    """Tell whether a client need not come back: it has the end of a run that is final, or has ended just now."""
    if cursor != run.cursor or run.status not in ENDED:
        return False
    finished_ms = parse_ms(run.finished_at)
    return run.status is RunStatus.SUCCEEDED or finished_ms is None or _now_ms() - finished_ms < DONE_WITHIN_MS


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class _Stream:
    """One response."""

    def __init__(self, hub: Hub, scope: Scope, receive: Receive, send: Send, viewer: str) -> None:
        self.request = StreamRequest.of(scope)
        self._hub = hub
        self._scope = scope
        self._receive = receive
        self._send = send
        self._viewer = viewer

    async def answer(self, status: int, body: bytes = b"") -> None:
        """Answer without a stream."""
        await self._begin(status)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def serve(
        self,
        about: Mapping[str, Any],
        extra: bytes,
        attach: Callable[[Connection], Sequence[Attachment]],
        *,
        superseded: bool = False,
        later: int = 1,
    ) -> None:
        """Begin the stream and attach it; returns at once when the connection was handed over, else at its end.

        Args:
            about: What ``open`` says of what is watched.
            extra: Frames that follow it.
            attach: Makes what the connection is attached to.
            superseded: The client believes in an execution that is not the current one.
            later: How many times as long as usual the client is asked to stay away afterwards.
        """
        if self._hub.is_off("sse"):
            await self.answer(200, poll_instead())
            return
        connection = await self._connect()
        if connection is None:
            return
        try:
            first = (
                retry(later * self._hub.retry_ms()) + self._opening(connection, about, superseded=superseded) + extra
            )
            sink = await self._open(connection, first)
        except BaseException:
            self._hub.gone(connection)
            raise
        connection.attach(sink, attach(connection), opening=first)
        if isinstance(sink, SendSink):
            await sink.run()

    async def _connect(self) -> Connection | None:
        try:
            return self._hub.connect(viewer=self._viewer, client=self.request.client)
        except (Overloaded, LimitExceeded):
            if self.request.client:
                raise
            await self.answer(200, retry(OVERLOAD_FACTOR * self._hub.retry_ms()))
            return None

    def _opening(self, connection: Connection, about: Mapping[str, Any], *, superseded: bool) -> bytes:
        form = self.request.wish.form
        opened = {
            "connection_id": connection.id,
            **about,
            "ping_s": self._hub.settings.ping_s,
            "server_time": format_ms(_now_ms()),
            "partial": form.families is not None or form.progress,
            "superseded": superseded,
        }
        return control("open", opened)

    async def _open(self, connection: Connection, first: bytes) -> DirectSink | SendSink:
        """Send the head and the first bytes; take the connection over if that can be done."""
        budget = self._hub.settings.budget
        ticket = ticket_of(self._scope) if self._hub.settings.direct else None
        if ticket is not None:
            ticket.watch(first)
        await self._begin(200)
        await self._send({"type": "http.response.body", "body": first, "more_body": True})
        if ticket is not None:
            sink = await ticket.take(connection, budget=budget)
            if sink is not None:
                self._hub.counters.direct += 1
                return sink
            self._hub.count_kept(ticket.hindrance)
        cut = cut_of(self._receive) if ticket is None else ticket.keep(connection)
        peer = (self._scope.get("client") or (None,))[0]
        return SendSink(self._receive, self._send, connection, budget=budget, cut=cut, peer=peer)

    async def _begin(self, status: int) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": list(self._headers(status))})

    def _headers(self, status: int) -> Iterator[tuple[bytes, bytes]]:
        if status == 200:
            yield from _HEAD
        else:  # kept by a cache, it would keep a client away from a run that is tried again
            yield b"cache-control", b"no-store"
        if self._scope["http_version"].startswith("1."):  # in HTTP/2 there is no such header
            yield b"connection", b"close"
