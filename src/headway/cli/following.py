"""A run followed straight in its store, where no server is asked: its snapshot, then its log, as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from headway.client import Connection, Watched
from headway.client.feed import Feed
from headway.client.watched import Seen
from headway.core.cursor import Cursor
from headway.core.run import ENDED
from headway.engines.live import Live
from headway.errors import StoreError
from headway.stores.base import Page, RunRow, Standing, Store
from headway.stores.projection import Projections
from headway.stores.tail import LOOK_EVERY_S, doorbell, rings
from headway.types import RunId

AGAIN_S: Final = 1.0
"""Pause after the store could not be read."""

TAKEN_OVER: Final = "its worker has died; another takes it over"
LEFT: Final = "its worker has died and nobody takes it over"


async def follow(store: Store, run_id: RunId, tell: Callable[[Connection], None]) -> AsyncGenerator[Seen, None]:
    """Yield what `headway.client.Client.watch` yields, until the run has ended. Only reads. Cancel-safe.

    Args:
        store: Open.
        run_id: The run.
        tell: Told whether the store can be read.

    Raises:
        RunNotFound: there is no such run, or it was deleted meanwhile.
        StoreError: the store cannot be read, and trying again does not help.
    """
    here = _Here(store, run_id)
    with doorbell(store, run_id) as bell:
        while True:
            bell.clear()
            try:
                page = await here.look()
            except StoreError as error:
                if not error.retryable:
                    raise
                tell(Connection("waiting", wait_s=AGAIN_S, reason=error.detail))
                await asyncio.sleep(AGAIN_S)
                continue
            tell(Connection("live"))
            if page is None:
                yield here.watched, None
                continue
            for stored in page.events:
                event = stored.envelope()
                here.feed.apply(event, stored.cursor)
                yield here.watched, event
            if page.events:
                continue
            if page.run.status in ENDED:
                return
            if await here.changed(page.run):
                yield here.watched, None
            await rings(bell, LOOK_EVERY_S)


class _Here:
    """What is known of the run.

    Attributes:
        feed: Its state.
        watched: The same, as it is shown.
    """

    def __init__(self, store: Store, run_id: RunId) -> None:
        self._store = store
        self._run_id = run_id
        self._projections = Projections(store, keep=1)
        self._live = Live(store, {})
        self.feed = Feed()
        self.watched = Watched(self.feed)

    async def look(self) -> Page | None:
        """Read on; None when the state was replaced by a snapshot instead, because the log does not lead there."""
        if self.feed.position is not None:
            page = await self._store.read(self._run_id, after=Cursor.parse(self.feed.position))
            if page.standing is Standing.GOOD:
                return page
        self.feed.replace((await self._projections.current(self._run_id)).snapshot())
        return None

    async def changed(self, row: RunRow) -> bool:
        """Look at what stands in no log; whether it is another than before."""
        live: dict[str, Any] = {**await self._live.of(row)}
        if row.worker is not None:
            workers = await self._store.workers()
            alive = {worker for worker, state in workers.items() if not state.gone}
            if row.worker not in alive:
                live["trouble"] = TAKEN_OVER if alive else LEFT
        changed = live != self.feed.live
        self.feed.live = live
        return changed
