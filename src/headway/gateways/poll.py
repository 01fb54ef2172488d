"""Polling: the snapshot with an entity tag, pages of the log, and both waiting for news on request (long-poll)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive

from headway.core.cursor import START, Cursor
from headway.core.events import StoredEvent
from headway.core.limits import FOLD_VERSION, PAGE_MAX
from headway.core.run import RunStatus
from headway.errors import RunNotFound, Trimmed
from headway.gateways.answers import JSON, PRIVATE, json_answer, matches, preferred
from headway.gateways.exchange import Asked, Exchange
from headway.gateways.models import EventPage, PolledLive, RunState
from headway.gateways.queries import EventsQuery, StateQuery
from headway.gateways.waiting import Who
from headway.hub.noting import client_label
from headway.ops.notices import NoticeContent, is_over
from headway.stores.base import Page, RunRow, Standing
from headway.types import RunId

NDJSON: Final = "application/x-ndjson"
LIVE_EVERY_S: Final = 10.0
"""How often a waiting request looks whether its run's place in the queue has changed: no doorbell tells that."""

SCANNED_PAGES_MAX: Final = 10
"""Pages of the log one filtered request looks through before it answers with what it has."""

router = APIRouter(tags=["runs"])


IfNoneMatch = Annotated[str | None, Header()]


@router.get("/v1/runs/{run_id}", responses={200: {"model": RunState}, 304: {"description": "Nothing new."}})
async def read_run(
    run_id: RunId,
    request: Request,
    asked: Asked,
    query: Annotated[StateQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the run's state. With `If-None-Match` and `wait` it waits until that changes."""
    row = await asked.run(run_id)
    return await state_answer(asked, row, query, if_none_match, request.receive)


async def state_answer(
    asked: Exchange, run: RunRow, query: StateQuery, if_none_match: str | None, receive: Receive
) -> Response:
    """Answer with a run's snapshot and what is true of it now, or 304 when the client has that.

    Args:
        asked: The request.
        run: A run that whoever asks may see.
        query: How to read.
        if_none_match: Entity tag the client has.
        receive: Tells when it leaves.
    """
    services = asked.services
    if query.wait:
        services.transports.require("poll")

    etag, who = "", _who(asked, run, query.client)

    async def look() -> PolledLive | None:
        nonlocal etag
        row = await _row(asked, run.id)
        live: PolledLive = {**await services.live.of(row), "notices": _notices(asked, who)}
        etag = _etag(str(row.cursor), live)
        return None if matches(if_none_match, etag) else live

    live = await services.waits.until(who, look, wait_s=query.wait, receive=receive, again_s=LIVE_EVERY_S)
    if live is None:
        return Response(status_code=304, headers={**PRIVATE, "ETag": etag})
    fold = await services.projections.current(run.id)
    body = fold.snapshot_json()[:-1] + b',"live":' + orjson.dumps(live) + b"}"
    return json_answer(body, headers={**PRIVATE, "ETag": _etag(fold.cursor, live)})


def _who(asked: Exchange, run: RunRow, client: str | None) -> Who:
    return Who(run, asked.principal.user, client_label(client), asked.peer)


def _notices(asked: Exchange, who: Who) -> list[NoticeContent]:
    """Return what operators say to whoever polls."""
    return list(asked.services.notices.meant_for(who.run, viewer=who.viewer, client=who.client))


def _ids(notices: Sequence[NoticeContent]) -> set[str]:
    return {one["id"] for one in notices}


async def _row(asked: Exchange, run_id: RunId) -> RunRow:
    row = await asked.services.store.get(run_id)
    if row is None:
        raise RunNotFound(f"run {run_id!r} was deleted")
    return row


def _etag(cursor: str, live: PolledLive) -> str:
    return f'"{cursor}-{FOLD_VERSION}-{zlib.crc32(orjson.dumps(live)):08x}"'


@router.get("/v1/runs/{run_id}/events", responses={200: {"model": EventPage, "content": {NDJSON: {}}}})
async def read_events(
    run_id: RunId, request: Request, asked: Asked, query: Annotated[EventsQuery, Query()]
) -> Response:
    """Return a page of the log, as one JSON object or, by `Accept`, as one event a line."""
    row = await asked.run(run_id)
    return await events_answer(asked, row, query, request.headers.get("accept"), request.receive)


async def events_answer(
    asked: Exchange, run: RunRow, query: EventsQuery, accept: str | None, receive: Receive
) -> Response:
    """Answer with a page of a log. See `state_answer` for what the arguments are.

    Raises:
        InvalidCursor: `after` is not a cursor.
        Trimmed: the log does not reach back to it, or does not hold it (``reason`` tells which).
    """
    services = asked.services
    after = START if query.after is None else Cursor.parse(query.after)
    if query.wait:
        services.transports.require("poll")

    who = _who(asked, run, query.client)
    # a client that does not say which it has, has those that stand when it asks
    known = _ids(_notices(asked, who)) if query.notices is None else set(filter(None, query.notices.split(",")))

    async def look() -> _Excerpt | None:
        excerpt = await _excerpt(asked, run.id, after, query)
        # what has succeeded stays as it is, so there is nothing to wait for
        over = excerpt.run.status is RunStatus.SUCCEEDED or _ids(_notices(asked, who)) != known
        return excerpt if excerpt.events or over else None

    found = await services.waits.until(who, look, wait_s=query.wait, receive=receive)
    excerpt = found or await _excerpt(asked, run.id, after, query)
    if preferred(accept, (JSON, NDJSON)) == NDJSON:
        lines = b"".join(event.body + b"\n" for event in excerpt.events)
        return Response(lines, headers=excerpt.headers(), media_type=NDJSON)
    standing = _notices(asked, who)
    gone = [is_over(id) for id in sorted(known - _ids(standing))] if query.notices else []
    return json_answer({**excerpt.content(), "notices": [*standing, *gone]}, headers=excerpt.headers())


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """Some events of a log, and how far it was looked at."""

    run: RunRow
    events: Sequence[StoredEvent]
    after: Cursor
    cursor: Cursor

    @property
    def more(self) -> bool:
        return self.cursor.seq < self.run.seq

    def content(self) -> dict[str, Any]:
        return {
            "run_id": self.run.id,
            "status": str(self.run.status),
            "events": [orjson.Fragment(event.body) for event in self.events],
            "cursor": str(self.cursor),
            "head": self.run.seq,
            "more": self.more,
            "partial": self.after.seq < self.run.delta_floor,
        }

    def headers(self) -> dict[str, str]:
        return {**PRIVATE, "Headway-Cursor": str(self.cursor), "Vary": "Accept"}


async def _excerpt(asked: Exchange, run_id: RunId, after: Cursor, query: EventsQuery) -> _Excerpt:
    """Read until something is found, the log is read to its end, or enough of it was looked at."""
    wanted = _filter(query.type)
    size = PAGE_MAX if query.type else query.limit
    cursor = after
    for left in reversed(range(SCANNED_PAGES_MAX)):
        page = await asked.services.store.read(run_id, after=cursor, limit=size, partial=True)
        _check(cursor, page)
        events = [event for event in page.events if wanted(event.type)][: query.limit]
        if page.events:
            # behind what was cut off the log is read again
            last = events[-1] if len(events) == query.limit else page.events[-1]
            cursor = Cursor(last.seq, last.tag)
        if events or not page.more or not left:
            return _Excerpt(page.run, events, after, cursor)
    raise AssertionError


def _filter(types: Sequence[str]) -> Callable[[str], bool]:
    if not types:
        return lambda _name: True
    wanted = frozenset(types)
    return lambda name: name in wanted or name.partition(".")[0] in wanted


def _check(cursor: Cursor, page: Page) -> None:
    if page.standing is Standing.GOOD:
        return
    why = "was trimmed" if page.standing is Standing.TRIMMED else "is not in this log: it lost its tail, or is another"
    raise Trimmed(
        f"the event of cursor {cursor} {why}",
        hint="take the snapshot and go on from its cursor",
        reason=page.standing.value,
        head=page.run.seq,
        floor=page.run.floor,
        oldest=str(Cursor(page.run.floor, START.tag)),
    )
