"""A server: whether it is ready, who is let in, and whether something on the way holds streams back."""

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
from headway.cli.locating import HOW_TO_FIND, locate
from headway.cli.words import counted
from headway.client import Client
from headway.client.problems import problem, words
from headway.core.clock import parse_ms
from headway.core.sse import FrameTooLarge, Parser
from headway.errors import AccessError, HeadwayError
from headway.security.access import is_loopback

LIST_STREAM: Final = "/v1/runs/stream?client=doctor"
"""Begins at once, whatever runs there are."""

SOON_S: Final = 1.0
PATIENCE_S: Final = 6.0
FOREIGN_PAGE: Final = "https://another-site.invalid"
_UNBUFFERED: Final = (
    "switch buffering off for streams (nginx: proxy_buffering off; see Deploy in the documentation); "
    "until then clients poll"
)


async def serving(url: str, token: str | None) -> AsyncIterator[Finding]:
    """Look at a server from where this command runs.

    Args:
        url: Where its routes are, or its root.
        token: Sent along.
    """
    found = await locate(url, token)
    async with Client(found, token=token) as client:
        reached = await _readiness(client)
        for finding in reached:
            yield finding
        if reached[0].level == "fail":
            return
        yield _encryption(found)
        async for finding in _doors(found):
            yield finding
        async for finding in _stream(client):
            yield finding


async def _readiness(client: Client) -> list[Finding]:
    try:
        response = await client.http.get(f"{client.url}/readyz")
        report = orjson.loads(response.content)
        assert isinstance(report["store"], dict)  # noqa: S101 - else it is not ours
    except httpx.HTTPError as error:
        return [fail("server", f"{client.url}: {words(error)}", HOW_TO_FIND)]
    except (orjson.JSONDecodeError, KeyError, TypeError, AssertionError):
        return [fail("server", f"{client.url}/readyz is not answered as Headway does", HOW_TO_FIND)]
    return [_ready(client.url, report), *_parts(report)]


def _ready(url: str, report: dict[str, Any]) -> Finding:
    if report.get("status") == "ready":
        return ok("server", f"{url} is ready")
    trouble = report["store"].get("trouble")
    why = f": its store: {trouble}" if trouble else ""
    return fail("server", f"{url} is {report.get('status')}{why}", "look into its log; it says what it waits for")


def _parts(report: dict[str, Any]) -> list[Finding]:
    engine, direct = report.get("engine") or {}, report.get("direct") or {}
    found = [ok("server's store", f"{report['store'].get('name')}, {_at_work(engine)} on it")]
    if direct.get("on"):
        found.append(ok("server's streams", "handed over to the hub (direct path on)"))
    else:
        mend = "serve it by `headway serve`, with headway[server] installed and HEADWAY_DIRECT unset"
        found.append(warn("server's streams", f"by ASGI send(): direct path off ({direct.get('reason')})", mend))
    return found


def _at_work(engine: dict[str, Any]) -> str:
    return counted(engine.get("processes", 0), "process works", "processes work")


def _encryption(url: str) -> Finding:
    parts = httpx.URL(url)
    if parts.scheme == "http" and not is_loopback(parts.host):
        return warn("encryption", "none: tokens and runs can be read on the way", "put a proxy with TLS before it")
    return ok("encryption", "TLS" if parts.scheme == "https" else "none, and none needed on this machine")


async def _doors(url: str) -> AsyncIterator[Finding]:
    """Ask as somebody who has no credentials, and as a page of another site."""
    remote = not is_loopback(httpx.URL(url).host)
    async with Client(url, headers={"Origin": FOREIGN_PAGE}) as stranger:
        try:
            response = await stranger.http.get(f"{url}/v1/runs?limit=1")
        except httpx.HTTPError as error:
            yield warn("access", f"could not be looked at: {words(error)}", "try again")
            return
    if response.is_success and remote:
        yield fail(
            "access",
            "everybody who reaches it is answered, without credentials",
            "pass `authenticate=` to Headway(...), or let only people you trust reach the port",
        )
    elif response.is_success:
        yield ok("access", "asked from this machine, it answers without credentials")
    else:
        yield ok("access", f"without credentials it answers {response.status_code}")
    if response.headers.get("Access-Control-Allow-Origin") in ("*", FOREIGN_PAGE):
        yield warn("pages (CORS)", "every page in the world may read its answers", "list origins: HEADWAY_CORS_ORIGINS")
    else:
        yield ok("pages (CORS)", "a page of another site may not read its answers")


# -- the stream


@dataclass(slots=True)
class Heard:
    """What came through a stream.

    Attributes:
        head_s: When the response's head was there, from the request on; None: never.
        first_s: When the first frame was there.
        opened: Data of the frame `open`.
        ended: Data of the frame `end`, when that came.
        headers: Of the response.
        ahead_s: How far the server's clock is ahead of ours, and how far that may be wrong.
    """

    head_s: float | None = None
    first_s: float | None = None
    opened: dict[str, Any] | None = None
    ended: dict[str, Any] | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    ahead_s: tuple[float, float] | None = None


async def _stream(client: Client) -> AsyncIterator[Finding]:
    heard = Heard()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await _listen(client, heard)
    except TimeoutError:
        pass  # what was heard until then says it all
    except AccessError as error:
        yield warn("stream", f"refused: {error.detail}", "say who you are: --token or HEADWAY_TOKEN")
        return
    except HeadwayError as error:
        yield fail("stream", error.detail, error.hint or "see Troubleshooting in the documentation")
        return
    except httpx.HTTPError as error:
        yield fail("stream", f"broken: {words(error)}", "look whether something on the way cuts long answers")
        return
    yield judged(heard)
    encoding = heard.headers.get("Content-Encoding")
    if encoding:
        yield warn("compression", f"something compresses streams ({encoding}), and may hold them back", _UNBUFFERED)
    if heard.ahead_s is not None:
        yield skew(*heard.ahead_s)


async def _listen(client: Client, heard: Heard) -> None:
    """Open a stream, and listen until the first frames were there."""
    began, began_wall = time.monotonic(), time.time()
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    async with client.http.stream("GET", client.url + LIST_STREAM, headers=headers, timeout=PATIENCE_S) as response:
        heard.head_s, heard.headers = time.monotonic() - began, response.headers
        heard.ahead_s = _by_date(response.headers, began_wall, heard.head_s)
        if not response.is_success:
            await response.aread()
            raise problem(response)
        parser = Parser()
        async for data in response.aiter_raw():
            _take(parser, data, heard)
            if heard.opened is not None or heard.ended is not None:
                heard.first_s = time.monotonic() - began
                heard.ahead_s = _by_open(heard) or heard.ahead_s
                return


def _take(parser: Parser, data: bytes, heard: Heard) -> None:
    try:
        for frame in parser.feed(data):
            told = orjson.loads(frame.data)
            if frame.event == "open":
                heard.opened = told
            elif frame.event == "end":
                heard.ended = told
    except (FrameTooLarge, orjson.JSONDecodeError) as error:
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
    """Say what a stream's beginning tells of the way it took."""
    about = "stream"
    if heard.head_s is None:
        text = f"nothing came within {PATIENCE_S:g} s"
        return fail(about, f"{text}: something on the way holds streams back", _UNBUFFERED)
    if heard.first_s is None:
        text = f"its head came after {heard.head_s:.1f} s, and nothing behind it within {PATIENCE_S:g} s"
        return fail(about, f"{text}: something on the way holds streams back", _UNBUFFERED)
    if heard.ended is not None and heard.opened is None:
        return warn(about, "streams are switched off; clients poll", "switch them on again when all is well")
    late = heard.first_s - heard.head_s
    if late > SOON_S:
        return warn(about, f"the first bytes came {late:.1f} s after the head: something collects them", _UNBUFFERED)
    return ok(about, f"the first bytes came after {heard.first_s * 1000:.0f} ms: nothing holds them back")
