"""The sweeper: finds what died and gives it on.

One process at a time sweeps; the others keep watching the beats, so that whoever comes next knows at once who is dead.
Every action is a compare-and-set on the attempt it has seen, so two sweepers do no more than one. A worker is dead when
its lock is free, or when its beat has stood still for a whole lease, counted while this process was awake: a suspended
machine, a stopped process, a stepped clock or a store that was away makes nobody look dead.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from headway.core.events import Error, RunCancelled, RunFailed, RunQueued, new_event
from headway.core.ids import new_execution_id
from headway.core.run import ACTIVE
from headway.engines.asking import time_out
from headway.engines.leadership import Leadership
from headway.engines.outage import Outage
from headway.engines.stillness import Stillness
from headway.errors import HeadwayError, RunError
from headway.lines import Line
from headway.measures import FAILURES
from headway.stores.base import Requeue, RunRow, Store, Write

log = logging.getLogger("headway.sweeper")

ROLE: Final = "sweeper"


class Sweeper:
    """Looks after runs whose process may have died.

    Args:
        store: Where the runs are.
        worker: Id this process joined the store with.
        lease_s: A worker whose beat stands still for so long is dead.
        every_s: Seconds between two sweeps.
        takeovers_max: A run whose process died so often in a row, without a finished step between, is given up.
        cancel_grace_s: A run that was asked to stop is cancelled without its worker after so long.
        monotonic: Counts seconds; only those in which this process was awake are believed.
    """

    def __init__(
        self,
        store: Store,
        worker: str,
        *,
        lease_s: float = 15.0,
        every_s: float = 1.0,
        takeovers_max: int = 5,
        cancel_grace_s: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._lease_s = lease_s
        self._every_s = every_s
        self._takeovers_max = takeovers_max
        self._grace_s = cancel_grace_s
        self._leadership = Leadership(store, ROLE, worker, lease_s=lease_s, every_s=every_s, monotonic=monotonic)
        self._beats = Stillness(every_s, monotonic)
        self._asked = Stillness(every_s, monotonic)
        self._outage = Outage(log, "cannot sweep", "sweeping again")
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
                if await self._leadership.held():
                    await self.sweep()
                else:
                    await self._dead(())
                self._outage.end()
            except HeadwayError as error:
                self._beats.clear()  # a store that was away says nothing about workers: everybody gets a whole lease
                self._outage.note(error)
            except Exception:
                log.exception("a sweep failed")
            await asyncio.sleep(self._every_s)

    async def sweep(self) -> int:
        """Look once at every run that somebody holds or reports on; return how many were acted on."""
        held = await self._store.claimed()
        dead = await self._dead({row.worker for row in held})
        overdue = self._overdue([*held, *await self._store.asked_to_stop()])
        acted = 0
        for row in held:
            if row.worker in dead:
                acted += await self._take_over(row)
        for row in overdue:
            if row.worker not in dead:
                acted += await self._cancel(row)
        for row in await self._store.lapsed():
            if not row.external:
                acted += await time_out(self._store, row)
            # who could not reach a server that was away must be heard first
            elif row.lease_s is not None and self._beats.awake_s > row.lease_s:
                acted += await self._give_up(row, f"nothing was reported for {row.lease_s:g} s")
        return acted

    async def _dead(self, holders: Collection[str | None]) -> set[str | None]:
        """Return who is dead. `holders` were read before, so each of them had joined by now."""
        self._beats.look()
        states = await self._store.workers()
        dead = {worker for worker in holders if worker not in states}
        for worker, state in states.items():
            silent_s = self._beats.seconds(worker, state.beat)
            if state.gone or silent_s > self._lease_s:
                dead.add(worker)
        self._beats.keep(states.keys())
        return dead

    def _overdue(self, rows: Sequence[RunRow]) -> list[RunRow]:
        """Return the runs that were asked to stop so long ago that nobody waits for their workers any more."""
        self._asked.look()
        asked = {(row.id, row.attempt): row for row in rows if row.cancel_requested}
        self._asked.keep(asked.keys())
        return [row for run, row in asked.items() if self._asked.seconds(run, True) > self._grace_s]

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
