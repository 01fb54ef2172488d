"""The sweeper: finds what died and gives it on.

Every action is a compare-and-set on the attempt it has seen, so two sweepers do no more than one. A worker is dead when
its lock is free, or when its beat has stood still for a whole lease by this process's own monotonic clock: a suspended
machine, a stepped clock or a store that was away makes nobody look dead.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from headway.core.events import Error, RunCancelled, RunFailed, RunQueued, new_event
from headway.core.ids import new_execution_id
from headway.core.run import ACTIVE
from headway.errors import HeadwayError
from headway.stores.base import Requeue, Retention, RunRow, Store, Write

log = logging.getLogger("headway.sweeper")


class Sweeper:
    """Looks after runs whose process may have died.

    Args:
        store: Where the runs are.
        lease_s: A worker whose beat stands still for so long is dead.
        every_s: Seconds between two sweeps.
        takeovers_max: A run whose process died so often in a row, without a finished step between, is given up.
        cancel_grace_s: A run that was asked to stop is cancelled without its worker after so long.
        retention: How long ended runs keep their logs.
        prune_every_s: Seconds between two prunings.
        monotonic: A clock that stands still while the machine sleeps.
    """

    def __init__(
        self,
        store: Store,
        *,
        lease_s: float = 15.0,
        every_s: float = 1.0,
        takeovers_max: int = 5,
        cancel_grace_s: float = 10.0,
        retention: Retention | None = None,
        prune_every_s: float = 900.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._lease_s = lease_s
        self._every_s = every_s
        self._takeovers_max = takeovers_max
        self._grace_s = cancel_grace_s
        self._retention = retention or Retention()
        self._prune_every_s = prune_every_s
        self._now = monotonic
        self._beats: dict[str, tuple[int, float]] = {}
        self._asked: dict[tuple[str, int], float] = {}
        self._pruned_at = monotonic()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to sweep."""
        self._task = asyncio.create_task(self._sweep_for_ever(), name="headway-sweeper")

    async def stop(self) -> None:
        """Stop. A sweep that is under way is left where it is; each of its actions is whole."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep()
                await self._prune()
            except HeadwayError as error:
                self._beats.clear()  # a store that was away says nothing about workers: everybody gets a whole lease
                log.warning("cannot sweep: %s", error)
            await asyncio.sleep(self._every_s)

    async def sweep(self) -> int:
        """Look at every held run once; return how many were acted on."""
        dead = await self._dead()
        acted = 0
        for row in await self._store.claimed():
            if row.worker in dead or self._overdue(row):
                acted += await self._act(row, dead=row.worker in dead)
        for row in await self._store.lapsed():
            acted += await self._fail(row, f"nothing was reported for {row.lease_s:g} s")
        return acted

    async def _dead(self) -> set[str | None]:
        now = self._now()
        states = await self._store.workers()
        held = {row.worker for row in await self._store.claimed() if row.worker is not None}
        dead: set[str | None] = {worker for worker in held if worker not in states}
        for worker, state in states.items():
            seen = self._beats.get(worker)
            if seen is None or seen[0] != state.beat:
                self._beats[worker] = state.beat, now
            elif now - seen[1] > self._lease_s:
                dead.add(worker)
            if state.gone:
                dead.add(worker)
        self._beats = {worker: seen for worker, seen in self._beats.items() if worker in states}
        return dead

    def _overdue(self, row: RunRow) -> bool:
        """Whether a run was asked to stop so long ago that nobody waits for its worker any more."""
        if not row.cancel_requested:
            return False
        asked = self._asked.setdefault((row.id, row.attempt), self._now())
        return self._now() - asked > self._grace_s

    async def _act(self, row: RunRow, *, dead: bool) -> int:
        if row.cancel_requested:
            return await self._cancel(row)
        if row.external:
            return await self._fail(row, f"worker {row.worker} died")
        if row.takeovers >= self._takeovers_max:
            return await self._crash_loop(row)
        queued = RunQueued(attempt=row.attempt + 1, reason="takeover")
        log.info("taking run %s over from worker %s", row.id, row.worker)
        return await self._write(row, [new_event("run.queued", queued)], takeover=True)

    async def _cancel(self, row: RunRow) -> int:
        self._asked.pop((row.id, row.attempt), None)
        queued = RunQueued(attempt=row.attempt + 1, reason="takeover")
        cancelled = RunCancelled(reason="the worker did not answer", forced=True)
        return await self._write(
            row, [new_event("run.queued", queued), new_event("run.cancelled", cancelled)], takeover=True
        )

    async def _crash_loop(self, row: RunRow) -> int:
        error = Error(
            code="crash_loop",
            category="headway",
            message=f"the run's process died {row.takeovers + 1} times",
            retryable=True,
            hint="look into the worker's log for what kills it, then retry the run",
        )
        return await self._write(row, [new_event("run.failed", RunFailed(error=error))])

    async def _fail(self, row: RunRow, why: str) -> int:
        error = Error(code="worker_lost", category="headway", message=why, retryable=True)
        return await self._write(row, [new_event("run.failed", RunFailed(error=error))])

    async def _write(self, row: RunRow, events: list[Any], *, takeover: bool = False) -> int:
        requeue = Requeue(new_execution_id(), takeover=True) if takeover else None
        write = Write(events=events, statuses=ACTIVE, attempt=row.attempt, seq=None, requeue=requeue)
        try:
            await self._store.append(row.id, write)
        except HeadwayError as error:
            log.debug("somebody else saw to run %s: %s", row.id, error)
            return 0
        return 1

    async def _prune(self) -> None:
        if self._now() - self._pruned_at >= self._prune_every_s:
            self._pruned_at = self._now()
            pruned = 1
            while pruned:  # in small transactions, so that other writes go between
                pruned = await self._store.prune(self._retention)
