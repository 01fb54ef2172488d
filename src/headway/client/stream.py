"""A run by server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

import httpx
import orjson

from headway.client.link import NAME, OPEN_S, Again, Link, check, foreign
from headway.client.watched import Seen
from headway.core.clock import parse_ms
from headway.core.fold import Applied
from headway.core.sse import Frame, FrameTooLarge, Parser
from headway.errors import HeadwayError, RunNotFound

QUIET_PINGS: Final = 2.5
"""A stream that says nothing for so many ping intervals is dead."""

HELD_BACK_S: Final = 60.0
"""How long to poll where a stream was opened and nothing came through it: something on the way holds it back."""

RETRY_MAX_S: Final = 30.0

EVENT_STREAM: Final = "text/event-stream"


async def stream(link: Link) -> AsyncGenerator[Seen, None]:
    """Yield what comes on one connection; return when the run has ended.

    Raises:
        Again: the connection is over, the run is not.
        Refused: the server answered with an error.
        HeadwayError: what came is no stream of a run, or the run was deleted.
        httpx.HTTPError, TimeoutError: the connection broke.
    """
    response = await _open(link)
    try:
        await check(response)
        if response.status_code == 204:
            return
        _check_type(response)
        async with aclosing(_frames(link, response)) as frames:
            async for frame in frames:
                for seen in _take(link, frame):
                    yield seen
                if frame.event == "end":
                    return
    finally:
        await response.aclose()


async def _open(link: Link) -> httpx.Response:
    headers = {"Accept": EVENT_STREAM, "Cache-Control": "no-store"}
    position = link.feed.position
    if position is not None:
        headers["Last-Event-ID"] = position
    # named: we understand 429 and 503, and are told of an overload by them
    url = httpx.URL(link.address.stream).copy_merge_params({"client": NAME})
    request = link.http.build_request("GET", url, headers=headers, timeout=httpx.Timeout(None, connect=OPEN_S))
    async with asyncio.timeout(OPEN_S):
        return await link.http.send(request, stream=True)


def _check_type(response: httpx.Response) -> None:
    kind = response.headers.get("Content-Type", "something without a type")
    if not kind.startswith(EVENT_STREAM):
        raise foreign(response, f"{kind}, which is no stream")


async def _frames(link: Link, response: httpx.Response) -> AsyncGenerator[Frame, None]:
    """Yield frames as they come; raise at the end of the stream, which is never the end of the run by itself."""
    parser = Parser()
    heard = False
    chunks = response.aiter_raw()
    while True:
        try:
            async with asyncio.timeout(link.ping_s * QUIET_PINGS if heard else OPEN_S):
                data = await anext(chunks, b"")
        except TimeoutError:
            if heard:
                raise Again("the stream has gone quiet") from None
            raise Again("nothing comes through the stream", poll_s=HELD_BACK_S) from None
        if not data:
            raise Again("the connection ended", wait_s=retry_s(parser))
        for frame in _parsed(parser, data):
            heard = True
            yield frame


def _parsed(parser: Parser, data: bytes) -> list[Frame]:
    try:
        return parser.feed(data)
    except FrameTooLarge as error:
        raise HeadwayError(f"the stream cannot be read: {error}") from error


def _parsed_data(frame: Frame) -> dict[str, Any]:
    try:
        data = orjson.loads(frame.data)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise HeadwayError(f"a frame {frame.event!r} is no JSON object", hint="is this the address of a run's stream?")
    return data


def retry_s(parser: Parser) -> float:
    """Return the wait a server asked for. It is used as it is: the server gives each connection one of its own."""
    return min((parser.retry_ms or 0) / 1000, RETRY_MAX_S)


def _take(link: Link, frame: Frame) -> list[Seen]:
    """Do what a frame says; return what it gives to yield."""
    data = _parsed_data(frame)
    feed = link.feed
    match frame.event:
        case "open":
            _opened(link, data)
        case "snapshot":
            feed.replace(data)
            link.worked()
            return [(link.watched, None)]
        case "ping":
            link.worked()
        case "live":
            feed.live = data
            return [(link.watched, None)] if feed.position is not None else []
        case "notice":
            link.notices.take(data)
        case "reset":
            _reset(link, data)
        case "reauthorize":
            raise Again("the server asks for new credentials", at_once=True)
        case "end":
            _end(link, data)
        case _ if "seq" in data and "type" in data:
            return _event(link, frame, data)
        case _:
            pass  # a newer server's
    return []


def _opened(link: Link, data: Mapping[str, Any]) -> None:
    link.ping_s = float(data.get("ping_s") or link.ping_s)
    link.feed.partial = bool(data.get("partial"))
    link.feed.live = data.get("live") or {}
    server_ms = parse_ms(data.get("server_time"))
    if server_ms is not None:
        link.ahead_s = server_ms / 1000 - time.time()
    link.opened()


def _reset(link: Link, data: Mapping[str, Any]) -> None:
    if data.get("reason") == "gone":
        raise RunNotFound("the run was deleted while it was watched")
    link.feed.forget()


def _end(link: Link, data: Mapping[str, Any]) -> None:
    if data.get("use") == "poll":
        raise Again("streams are switched off", poll_s=HELD_BACK_S)
    if not link.feed.ended:
        # the end says that everything was sent; here something is missing
        link.feed.forget()
        raise Again("the end came too early")


def _event(link: Link, frame: Frame, event: dict[str, Any]) -> list[Seen]:
    applied = link.feed.apply(event, frame.id)
    if applied is Applied.GAP:
        raise Again("an event is missing", at_once=True)
    if applied is Applied.DUPLICATE:
        return []
    link.worked()
    return [(link.watched, event)]
