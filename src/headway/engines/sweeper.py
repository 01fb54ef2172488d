"""The sweeper: finds what died and gives it on.

Every action is a compare-and-set on the attempt it has seen, so two sweepers do no more than one. A worker is dead when
its lock is free, or when its beat has stood still for a whole lease, counted while this process was awake: a suspended
machine, a stopped process, a stepped clock or a store that was away makes nobody look dead.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from headway.core.events import Error, RunCancelled, RunFailed, RunQueued, new_event
from headway.core.ids import new_execution_id
from headway.core.run import ACTIVE, RunStatus
from headway.errors import HeadwayError, RunError
from headway.lines import Line
from headway.measures import FAILURES
from headway.stores.base import Requeue, Retention, RunFilter, RunRow, Store, Write

log = logging.getLogger("headway.sweeper")

_AT_WORK = (RunStatus.RUNNING, RunStatus.WAITING)
_PAGE = 200


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
        monotonic: Counts seconds; only those in which this process was awake are believed.
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
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._awake_s = 0.0
        self._beats: dict[str, tuple[int, float]] = {}
        self._asked: dict[tuple[str, int], float] = {}
        self._prune_at = self._looked_at + prune_every_s
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
            except Exception:
                log.exception("a sweep failed")
            await asyncio.sleep(self._every_s)

    async def sweep(self) -> int:
        """Look once at every run that somebody holds or reports on; return how many were acted on."""
        self._look_at_clock()
        acted = 0
        held = await self._store.claimed()
        dead = await self._dead({row.worker for row in held})
        overdue = self._overdue([*held, *await self._asked_outside()])
        for row in held:
            if row.worker in dead:
                acted += await self._take_over(row)
        for row in overdue:
            if row.worker not in dead:
                acted += await self._cancel(row)
        for row in await self._store.lapsed():
            acted += await self._give_up(row, f"nothing was reported for {row.lease_s:g} s")
        return acted

    def _look_at_clock(self) -> None:
        """Count the time this process was awake: after it was stopped for a while, nobody else looks dead to it."""
        now = self._monotonic()
        self._awake_s += min(now - self._looked_at, 2 * self._every_s)
        self._looked_at = now

    async def _dead(self, holders: set[str | None]) -> set[str | None]:
        """Return who is dead. `holders` were read before, so each of them had joined by now."""
        now = self._awake_s
        states = await self._store.workers()
        dead = {worker for worker in holders if worker not in states}
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

    async def _asked_outside(self) -> list[RunRow]:
        """Return runs that were asked to stop and that no process of ours holds."""
        asked: list[RunRow] = []
        page = await self._store.list_runs(RunFilter(status=_AT_WORK), limit=_PAGE)
        while page:
            asked += [row for row in page if row.worker is None and row.cancel_requested]
            page = await self._store.list_runs(RunFilter(status=_AT_WORK, before=page[-1].id), limit=_PAGE)
        return asked

    def _overdue(self, rows: Sequence[RunRow]) -> list[RunRow]:
        """Return the runs that were asked to stop so long ago that nobody waits for their workers any more."""
        asked = {(row.id, row.attempt): row for row in rows if row.cancel_requested}
        self._asked = {run: self._asked.get(run, self._awake_s) for run in asked}
        return [row for run, row in asked.items() if self._awake_s - self._asked[run] > self._grace_s]

    async def _take_over(self, row: RunRow) -> int:
        if row.cancel_requested or row.external:
            return await self._give_up(row, f"worker {row.worker} died")
        if row.takeovers >= self._takeovers_max:
            return await self._crash_loop(row)
        queued = RunQueued(attempt=row.attempt + 1, reason="takeover")
        acted = await self._write(row, [new_event("run.queued", queued)], takeover=True)
        if acted:
            log.warning(Line("run taken over", run_id=row.id, job=row.job, attempt=row.attempt, worker=row.worker))
            self._store.measures.count(FAILURES, row.job, "worker")
        return acted

    async def _cancel(self, row: RunRow) -> int:
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

    async def _give_up(self, row: RunRow, why: str) -> int:
        """End a run whose worker is lost: as it was asked to, or as failed."""
        if row.cancel_requested:
            return await self._cancel(row)
        error = Error(code="worker_lost", category="headway", message=why, retryable=True)
        return await self._write(row, [new_event("run.failed", RunFailed(error=error))])

    async def _write(self, row: RunRow, events: list[Any], *, takeover: bool = False) -> int:
        requeue = Requeue(new_execution_id(), takeover=True) if takeover else None
        write = Write(events=events, statuses=ACTIVE, attempt=row.attempt, seq=None, requeue=requeue)
        try:
            await self._store.append(row.id, write)
        except RunError as error:
            log.debug("somebody else saw to run %s: %s", row.id, error)
            return 0
        return 1

    async def _prune(self) -> None:
        """Prune for a while, in small transactions, so that other writes go between; sweeping must not wait long."""
        began = self._monotonic()
        if began < self._prune_at:
            return
        while await self._store.prune(self._retention):
            if self._monotonic() - began > self._every_s:
                return  # the rest after the next sweep
        self._prune_at = began + self._prune_every_s
