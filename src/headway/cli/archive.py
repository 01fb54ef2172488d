"""A run's log from its first event that is left to the last one there is now, from a store or from a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from headway.cli.locating import explained, locate
from headway.client import Client
from headway.client.address import Address
from headway.client.link import foreign
from headway.client.problems import problem, unreachable
from headway.core.cursor import START, Cursor
from headway.core.limits import PAGE_MAX
from headway.errors import HeadwayError, RunNotFound, StoreUnavailable, Trimmed, UsageError
from headway.stores.base import Standing, Store
from headway.stores.projection import Projections
from headway.types import RunId, Seq

Line = tuple[Seq, bytes]
"""An event's seq and bytes."""

PAUSES_S: Final = (0.5, 1.0, 2.0)
"""Waits between tries of one page."""

NDJSON: Final = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Archive:
    """A log, ready to be read once.

    Attributes:
        run_id: Of the run.
        status: Of the run.
        head: Seq of the last event that belongs to it; what is written later does not.
        snapshot: The state at `head` as JSON, if it was asked for.
        lines: Pages of events, in order. Those that were trimmed are missing.
    """

    run_id: RunId
    status: str
    head: Seq
    snapshot: bytes | None
    lines: AsyncGenerator[Sequence[Line], None]


# -- from a store


async def archive_of_store(store: Store, run_id: RunId, *, snapshot: bool) -> Archive:
    """Look at a run in a store.

    Raises:
        UsageError: it is named by an address.
        RunNotFound: it is not there.
    """
    if "://" in run_id:
        raise UsageError(f"{run_id} is an address, and a store is to be read", hint="name the run by its id")
    row = await store.get(run_id)
    if row is None:
        raise RunNotFound(f"there is no run {run_id[:64]!r}")
    if not snapshot:
        return Archive(run_id, row.status, row.seq, None, _stored(store, run_id, row.seq))
    fold = await Projections(store).current(run_id)
    return Archive(run_id, str(fold.status), fold.seq, fold.snapshot_json(), _stored(store, run_id, fold.seq))


async def _stored(store: Store, run_id: RunId, head: Seq) -> AsyncGenerator[Sequence[Line], None]:
    at = START
    while at.seq < head:
        page = await store.read(run_id, after=at, partial=True)
        if page.standing is Standing.AHEAD or (page.standing is Standing.GOOD and not page.events):
            raise Trimmed(f"the log of {run_id} lost its end while it was read", hint="export it again")
        if page.standing is Standing.TRIMMED:
            at = Cursor(page.run.floor, START.tag)
            continue
        yield [(event.seq, event.body) for event in page.events if event.seq <= head]
        at = Cursor(page.events[-1].seq, page.events[-1].tag)


# -- from a server


@asynccontextmanager
async def archive_of_server(run: str, url: str, token: str | None, *, snapshot: bool) -> AsyncIterator[Archive]:
    """Ask a server for a run.

    Args:
        run: Its id, or the address of any stream of it.
        url: Where the server's routes are.
        token: Sent along.
        snapshot: The state is wanted, too.

    Raises:
        HeadwayError: the server does not answer, or refuses.
    """
    found = url if "://" in run else await locate(url, token)
    async with Client(found, token=token) as client:
        address = Address.of(run, found)
        state = await _state(client, address)
        state.pop("live", None)
        body = orjson.dumps(state) if snapshot else None
        yield Archive(state["run_id"], state["status"], state["seq"], body, _served(client, address, state["seq"]))


async def _state(client: Client, address: Address) -> dict[str, Any]:
    try:
        response = await _get(client, address.state, {}, "application/json")
    except StoreUnavailable as error:
        raise explained(error) from error
    state = _object(response.content)
    if not {"run_id", "status", "seq"} <= state.keys():
        raise foreign(response, "what is no state of a run").error
    return state


async def _served(client: Client, address: Address, head: Seq) -> AsyncGenerator[Sequence[Line], None]:
    after, seq = str(START), 0
    while seq < head:
        try:
            response = await _patiently(client, address.events, {"after": after, "limit": str(PAGE_MAX)})
        except Trimmed as error:
            oldest = error.extra.get("oldest")
            if error.extra.get("reason") != Standing.TRIMMED.value or oldest in (None, after):
                raise
            after = oldest
            continue
        lines = _numbered(response)
        yield [(number, line) for number, line in lines if number <= head]
        after, seq = response.headers["Headway-Cursor"], lines[-1][0]


def _numbered(response: httpx.Response) -> list[Line]:
    lines: list[Line] = []
    for line in response.content.split(b"\n"):
        number = _object(line).get("seq") if line else None
        if isinstance(number, int):
            lines.append((number, line))
        elif line:
            raise foreign(response, "what is no page of a run's log").error
    if not lines or "Headway-Cursor" not in response.headers:
        raise foreign(response, "no page of a run's log").error
    return lines


async def _patiently(client: Client, url: str, params: dict[str, str]) -> httpx.Response:
    """Read a page, again after a pause where the server was away or busy: what went out before stays good."""
    for pause in PAUSES_S:
        try:
            return await _get(client, url, params, NDJSON)
        except HeadwayError as error:
            if not error.retryable or isinstance(error, Trimmed):
                raise
        await asyncio.sleep(pause)
    return await _get(client, url, params, NDJSON)


async def _get(client: Client, url: str, params: dict[str, str], accept: str) -> httpx.Response:
    try:
        response = await client.http.get(
            httpx.URL(url).copy_merge_params(params), headers={"Accept": accept}, timeout=30.0
        )
    except httpx.HTTPError as error:
        raise unreachable(client.url, error) from error
    if not response.is_success:
        raise problem(response)
    return response


def _object(data: bytes) -> dict[str, Any]:
    """Read a JSON object; empty when it is none."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
