"""Reading a log to its end and on: the past page by page, then what comes, until the run has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headway.core.cursor import START, Cursor
from headway.core.run import ENDED
from headway.errors import Trimmed
from headway.stores.base import Page, Standing, Store
from headway.types import RunId

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_EVERY_S = 1.0
"""The doorbell may be lost, so a reader also looks this often."""


@contextmanager
def doorbell(store: Store, run_id: RunId) -> Iterator[asyncio.Event]:
    """Give an event that is set whenever the run may have news."""
    rung = asyncio.Event()

    def ring(runs: Collection[RunId]) -> None:
        if not runs or run_id in runs:
            rung.set()

    unwatch = store.watch(ring)
    try:
        yield rung
    finally:
        unwatch()


async def rings(bell: asyncio.Event, within_s: float) -> bool:
    """Wait for a ring; False when there was none in time."""
    try:
        async with asyncio.timeout(within_s):
            await bell.wait()
    except TimeoutError:
        return False
    return True


async def tail(store: Store, run_id: RunId, after: Cursor = START) -> AsyncIterator[Page]:
    """Yield the log from a cursor on, as pages with at least one event, until the run has ended.

    Cancel-safe. Holds no lock and no transaction between pages.

    Raises:
        RunNotFound: there is no such run, or it was deleted meanwhile.
        Trimmed: the log does not reach back to the cursor, or does not hold it; take the snapshot.
    """
    with doorbell(store, run_id) as bell:
        while True:
            bell.clear()
            page = await store.read(run_id, after=after)
            if page.standing is not Standing.GOOD:
                raise Trimmed(f"cursor {after} is {page.standing.value}", reason=page.standing.value)
            if page.events:
                after = Cursor(page.events[-1].seq, page.events[-1].tag)
                yield page
            if page.more:
                continue
            if page.run.status in ENDED and after.seq >= page.run.seq:
                return
            await rings(bell, LOOK_EVERY_S)
