"""A run by long-poll, where streams do not get through or are switched off: its snapshot, then pages of its log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import httpx
import orjson

from headway.client.link import NAME, OPEN_S, Again, Link, Refused, check, foreign
from headway.client.watched import Seen
from headway.core.fold import Applied
from headway.core.limits import PAGE_MAX
from headway.errors import HeadwayError, InvalidCursor, Trimmed

WAIT_S: Final = 25.0
"""How long one request may wait for news."""

WAITED_S: Final = 1.0
PAUSE_S: Final = 2.0
"""An empty answer sooner than the first did not wait: something on the way cuts waiting short. Then pause this long."""


async def poll(link: Link) -> AsyncGenerator[Seen, None]:
    """Yield what comes, asking again and again; return when the run has ended.

    Raises:
        Again: it is time to look for a stream again.
        Refused: the server answered with an error.
        HeadwayError: what came is no state of a run.
        httpx.HTTPError, TimeoutError: the connection broke.
    """
    clock = asyncio.get_running_loop().time
    more = True
    while more or not link.feed.ended:
        if link.feed.position is None:
            await _take_snapshot(link)
            yield link.watched, None
            more = not link.feed.ended
            continue
        if link.is_open and clock() >= link.poll_until:
            raise Again("streams may work again", poll_s=0)
        page = await _page(link, 0 if more or not link.is_open else WAIT_S)
        if page is None:
            continue
        more = page["more"]
        last = len(page["events"]) - 1
        for index, event in enumerate(page["events"]):
            # the page's cursor is that of its last event; until then the old one is good
            applied = link.feed.apply(event, page["cursor"] if index == last else None)
            if applied is Applied.GAP:
                link.feed.forget()
                break
            if applied is Applied.APPLIED:
                yield link.watched, event


async def _take_snapshot(link: Link) -> None:
    body = await _get(link, link.address.state, {}, OPEN_S)
    live = body.pop("live", None) or {}
    link.feed.replace(body)
    _hear(link, live.pop("notices", None))
    link.feed.live = live


def _hear(link: Link, notices: Any) -> None:
    """Take in what operators say; a server that says nothing of notices has none."""
    if isinstance(notices, list):
        link.notices.stand(notices)


async def _page(link: Link, wait_s: float) -> dict[str, Any] | None:
    """Read a page after what is here; None when that leads nowhere and a snapshot is needed."""
    clock = asyncio.get_running_loop().time
    began = clock()
    asked = {"after": link.feed.position or "", "limit": str(PAGE_MAX), "wait": f"{wait_s:g}", "client": NAME}
    asked["notices"] = ",".join(link.notices.ids)  # while others stand than these, it does not wait
    try:
        page = await _get(link, link.address.events, asked, wait_s + OPEN_S)
    except Refused as refused:
        if not isinstance(refused.error, Trimmed | InvalidCursor):
            raise
        link.feed.forget()
        return None
    if page.get("partial"):  # text is missing in it, which the snapshot has
        link.feed.forget()
        return None
    if not isinstance(page.get("events"), list) or "cursor" not in page or "more" not in page:
        raise HeadwayError("what came is no page of a run's log", hint="is this the address of a run?")
    _hear(link, page.get("notices"))
    if wait_s and not page["events"] and clock() - began < WAITED_S:
        await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    return page


async def _get(link: Link, address: str, params: Mapping[str, str], within_s: float) -> dict[str, Any]:
    url = httpx.URL(address).copy_merge_params(params)
    timeout = httpx.Timeout(None, connect=OPEN_S)
    async with asyncio.timeout(within_s):
        response = await link.http.get(url, headers={"Accept": "application/json"}, timeout=timeout)
    await check(response)
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise foreign(response, "what is no state of a run")
    if not link.is_open:
        link.opened()
    link.worked()
    return body
