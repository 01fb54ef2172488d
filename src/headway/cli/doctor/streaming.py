"""A stream, as it comes through whatever stands between: at once, held back, or not at all.

Its beginning alone tells little: a proxy that collects what it should pass on mostly lets the first bytes through,
together with the head. So it is listened to until the first ping.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson

from headway.cli.doctor.clocks import skew
from headway.cli.doctor.findings import Finding, fail, ok, warn
from headway.client import Client
from headway.client.problems import problem, words
from headway.core.clock import parse_ms
from headway.core.sse import FrameTooLarge, Parser
from headway.errors import AccessError, HeadwayError

LIST_STREAM: Final = "/v1/runs/stream?client=doctor&job=headway.doctor&limit=1"
"""Begins at once, whatever runs there are, with few bytes: a proxy that collects them lets many through."""

SOON_S: Final = 1.0
PATIENCE_S: Final = 6.0
PING_MAX_S: Final = 30.0
"""A ping that comes later than this is not waited for."""

_ABOUT: Final = "stream"
_UNBUFFERED: Final = (
    "switch buffering off for streams (nginx: proxy_buffering off; see Deploy in the documentation); "
    "until then clients poll"
)


@dataclass(slots=True)
class Heard:
    """What came through a stream; times are seconds from the request on, None: it did not come.

    Attributes:
        head_s: When the response's head was there.
        first_s: When the first frame was there.
        ping_s: When the first ping was there.
        waited_s: How long a ping was waited for after the first frame; 0: it was not.
        cut: The stream ended.
        opened: Data of the frame `open`.
        switched_off: Streams are.
        headers: Of the response.
        ahead_s: How far the server's clock is ahead of ours, and how far that may be wrong.
    """

    head_s: float | None = None
    first_s: float | None = None
    ping_s: float | None = None
    waited_s: float = 0.0
    cut: bool = False
    opened: dict[str, Any] | None = None
    switched_off: bool = False
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    ahead_s: tuple[float, float] | None = None


async def streaming(client: Client) -> AsyncIterator[Finding]:
    """Listen to a stream until its first ping."""
    heard = Heard()
    try:
        async with asyncio.timeout(PATIENCE_S) as patience:
            await _listen(client, heard, patience)
    except TimeoutError:
        pass  # what was heard until then says it all
    except AccessError as error:
        yield warn(_ABOUT, f"refused: {error.detail}", "say who you are: --token or HEADWAY_TOKEN")
        return
    except HeadwayError as error:
        yield fail(_ABOUT, error.detail, error.hint or "see Troubleshooting in the documentation")
        return
    except httpx.HTTPError as error:
        yield fail(_ABOUT, f"broken: {words(error)}", "look whether something on the way cuts long answers")
        return
    yield judged(heard)
    encoding = heard.headers.get("Content-Encoding")
    if encoding:
        yield warn("compression", f"something compresses streams ({encoding}), and may hold them back", _UNBUFFERED)
    if heard.ahead_s is not None:
        yield skew(*heard.ahead_s)


async def _listen(client: Client, heard: Heard, patience: asyncio.Timeout) -> None:
    began, began_wall = time.monotonic(), time.time()
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    timeout = httpx.Timeout(None, connect=PATIENCE_S)
    async with client.http.stream("GET", client.url + LIST_STREAM, headers=headers, timeout=timeout) as response:
        heard.head_s, heard.headers = time.monotonic() - began, response.headers
        heard.ahead_s = _by_date(response.headers, began_wall, heard.head_s)
        if not response.is_success:
            await response.aread()
            raise problem(response)
        parser = Parser()
        async for data in response.aiter_bytes():
            _take(parser, data, heard, time.monotonic() - began)
            if heard.switched_off or heard.ping_s is not None:
                return
            if heard.opened is not None and not heard.waited_s and not _wait_for_ping(heard, patience):
                return
        heard.cut = True


def _wait_for_ping(heard: Heard, patience: asyncio.Timeout) -> bool:
    """Have patience until a ping is due; False where that takes too long."""
    heard.ahead_s = _by_open(heard) or heard.ahead_s
    every_s = float((heard.opened or {}).get("ping_s") or 0)
    if not 0 < every_s <= PING_MAX_S:
        return False
    heard.waited_s = every_s * 1.25 + SOON_S
    patience.reschedule(asyncio.get_running_loop().time() + heard.waited_s)
    return True


def _take(parser: Parser, data: bytes, heard: Heard, at_s: float) -> None:
    try:
        for frame in parser.feed(data):
            told = orjson.loads(frame.data)
            heard.first_s = at_s if heard.first_s is None else heard.first_s
            if frame.event == "open":
                heard.opened = told
            elif frame.event == "ping":
                heard.ping_s = at_s
            elif frame.event == "end":
                heard.switched_off = told.get("use") == "poll"
    except (FrameTooLarge, orjson.JSONDecodeError, AttributeError) as error:
        raise HeadwayError(f"what comes is no stream of Headway: {error}", hint=_UNBUFFERED) from error


def _by_date(headers: httpx.Headers, began: float, took_s: float) -> tuple[float, float] | None:
    """Measure by the ``Date`` header, which knows whole seconds."""
    try:
        server = parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, TypeError):
        return None
    return server + 0.5 - (began + took_s / 2), 0.5 + took_s / 2


def _by_open(heard: Heard) -> tuple[float, float] | None:
    """Measure by the stream's first frame, which knows milliseconds."""
    server_ms = parse_ms((heard.opened or {}).get("server_time"))
    if server_ms is None or heard.first_s is None:
        return None
    return server_ms / 1000 - (time.time() - heard.first_s / 2), heard.first_s / 2


def judged(heard: Heard) -> Finding:
    """Say what was heard tells of the way it took."""
    if heard.switched_off:
        return warn(_ABOUT, "streams are switched off; clients poll", "switch them on again when all is well")
    if heard.cut:
        return fail(_ABOUT, "it was cut before its first ping", "look whether something on the way cuts long answers")
    if heard.head_s is None or heard.first_s is None:
        head = f"its head after {heard.head_s:.1f} s, nothing behind it" if heard.head_s is not None else "nothing came"
        return fail(_ABOUT, f"{head} within {PATIENCE_S:g} s: something on the way holds streams back", _UNBUFFERED)
    return _of_its_course(heard.head_s, heard.first_s, heard)


def _of_its_course(head_s: float, first_s: float, heard: Heard) -> Finding:
    began = f"the first bytes came after {first_s * 1000:.0f} ms"
    if heard.waited_s and heard.ping_s is None:
        silent = f"then nothing for {heard.waited_s:.1f} s, although a ping was due"
        return fail(_ABOUT, f"{began}, {silent}: something on the way collects what it should pass on", _UNBUFFERED)
    if first_s - head_s > SOON_S:
        late = f"the first bytes came {first_s - head_s:.1f} s after the head"
        return warn(_ABOUT, f"{late}: something collects them", _UNBUFFERED)
    if heard.ping_s is None:
        return ok(_ABOUT, f"{began}; pings are too rare to wait for one")
    return ok(_ABOUT, f"{began}, a ping after {heard.ping_s:.1f} s: nothing holds them back")
