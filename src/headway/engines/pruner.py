"""The pruner: lets go of what has outlived its retention, from time to time and in small steps."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from headway.engines.leadership import Leadership
from headway.engines.outage import Outage
from headway.engines.retention import retentions
from headway.errors import HeadwayError
from headway.lines import Line
from headway.stores.base import Ended, Store
from headway.stores.projection import Projections
from headway.stores.retention import Retention

log = logging.getLogger("headway.pruner")

ROLE: Final = "pruner"
LOOK_EVERY_S: Final = 5.0
"""Between two questions who prunes; the leader must not fall silent for a lease."""

FIRST_S: Final = 60.0
"""A new leader begins after so long: soon enough for processes that are started often."""

FOLDED_S: Final = 60.0
"""The snapshot of a run's end is stored right after it. Where it is not there after so long, nobody is about to."""


class Pruner:
    """Prunes the logs of ended runs. Of all processes on a store one does.

    Args:
        store: Where the runs are.
        projections: Their states.
        worker: Id this process joined the store with.
        retention: How long ended runs keep their logs, where nothing else was said of their job.
        every_s: Seconds between two prunings.
        lease_s: A process that does not ask for so long prunes no more.
    """

    def __init__(
        self,
        store: Store,
        projections: Projections,
        worker: str,
        retention: Retention,
        *,
        every_s: float = 900.0,
        lease_s: float = 15.0,
    ) -> None:
        self._store = store
        self._projections = projections
        self._retention = retention
        self._every_s = every_s
        self._look_every_s = min(LOOK_EVERY_S, every_s)
        self._leadership = Leadership(store, ROLE, worker, lease_s=lease_s, every_s=self._look_every_s)
        self._outage = Outage(log, "cannot prune", "pruning again")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to prune."""
        self._task = asyncio.create_task(self._prune_for_ever(), name="headway-pruner")

    async def stop(self) -> None:
        """Stop. Of a pruning that is under way the rest is left for the next one. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _prune_for_ever(self) -> None:
        now = asyncio.get_running_loop().time
        first_s = min(FIRST_S, self._every_s)
        due = now() + first_s
        while True:
            await asyncio.sleep(self._look_every_s)
            try:
                if not await self._leadership.held():
                    due = now() + first_s
                elif now() >= due:
                    due = now() + self._every_s
                    await self.prune()
                self._outage.end()
            except HeadwayError as error:
                self._outage.note(error)
            except Exception:
                log.exception("a pruning failed")

    async def prune(self) -> int:
        """Prune until nothing is left that has outlived its retention; return over how many events it went.

        In small transactions, so that other writes go between; stops early when another process prunes by now.

        Raises:
            StoreError: the store is away; the rest is left for the next pruning.
        """
        await fold_ends(self._store, self._projections)
        retention, done = await retentions(self._store, self._retention), 0
        while step := await self._store.prune(retention):
            done += step
            if not await self._leadership.held():
                break
        if done:
            log.info(Line("pruned", events=done))
        return done


async def fold_ends(store: Store, projections: Projections) -> None:
    """Store the snapshots that are missing because a process died between a run's end and its snapshot.

    Raises:
        StoreError: the store is away.
    """
    place = Ended()
    while rows := await store.unfolded(FOLDED_S, place):
        for row in rows:
            try:
                await projections.save(row.id, force=True)
            except Exception:
                log.exception(Line("a run that has ended cannot be folded, so its log is kept", run_id=row.id))
            projections.forget(row.id)
        place = Ended(rows[-1].finished_at or "", rows[-1].id)
