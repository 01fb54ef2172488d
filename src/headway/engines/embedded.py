"""The embedded engine: takes queued runs from the store itself. No broker, no further process, durable by the log.

Any number of processes on the store may run it. Who gets an attempt is decided by the claim.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence

from headway.engines.attempts import Attempts, Full
from headway.engines.base import Delivery
from headway.engines.job import Job
from headway.engines.lanes import Lane
from headway.engines.outage import Outage
from headway.engines.pace import Pace
from headway.errors import HeadwayError
from headway.stores.base import RunRow, Store
from headway.types import RunId

log = logging.getLogger("headway.engine")

LOOK_EVERY_S = 1.0


class EmbeddedEngine:
    """Runs attempts as tasks of this event loop.

    Args:
        store: Where queued runs are found.
        jobs: Registered jobs by name.
    """

    name = "embedded"
    finds_runs = True

    def __init__(self, store: Store, jobs: Mapping[str, Job]) -> None:
        self._store = store
        self._jobs = jobs
        self._rung = asyncio.Event()
        self._pace = Pace()
        self._outage = Outage(log, "cannot look for queued runs", "looking for queued runs again")

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing to do but look: the queue is the store."""
        self._rung.set()

    async def close(self) -> None:
        """Nothing is held."""

    async def work(self, attempts: Attempts, lanes: Sequence[Lane]) -> None:
        """Look for queued runs whenever the store has news, there is room again, or a second has passed.

        A job that has begun as often as its rate allows is looked for when it may begin again.
        """
        running: dict[Lane, set[RunId]] = {lane: set() for lane in lanes}
        unwatch = self._store.watch(lambda _runs: self._rung.set())
        try:
            while True:
                self._rung.clear()
                for lane, runs in running.items():
                    await self._look(attempts, lane, runs)
                try:
                    pause_s = self._pace.next_s(random.uniform(LOOK_EVERY_S / 2, LOOK_EVERY_S))  # noqa: S311
                    async with asyncio.timeout(pause_s):
                        await self._rung.wait()
                except TimeoutError:
                    pass
        finally:
            unwatch()

    async def _look(self, attempts: Attempts, lane: Lane, running: set[RunId]) -> None:
        has_room = len(running) < lane.slots
        try:
            for names in self._by_priority(lane):
                await self._fill(attempts, names, lane.slots, running)
            if has_room:  # else nobody asked the store
                self._outage.end()
        except HeadwayError as error:
            self._outage.note(error)
        except Exception:
            log.exception("looking for queued runs failed")

    def _by_priority(self, lane: Lane) -> list[set[str]]:
        """Return the jobs of a lane, those that go first first."""
        groups: dict[int, set[str]] = {}
        for job in self._jobs.values():
            if job.queue in lane.queues:
                groups.setdefault(job.priority, set()).add(job.name)
        return [groups[priority] for priority in sorted(groups, reverse=True)]

    async def _fill(self, attempts: Attempts, jobs: set[str], slots: int, running: set[RunId]) -> None:
        """Claim as much as there is room for. Jobs at their limit are left out, so they do not hold up the others."""
        full = set(self._pace.held())
        tried: set[RunId] = set()
        while len(running) < slots and (wanted := jobs - full):
            rows = await self._store.queued(wanted, limit=slots)
            new = [row for row in rows if row.id not in attempts.running() and row.id not in tried]
            if not new:
                return
            begun = new[: slots - len(running)]
            tried |= {row.id for row in begun}  # one that could not be claimed is looked at again at the next ring
            await asyncio.gather(*(self._begin(attempts, row, running) for row in begun if not self._is_limited(row)))
            for row in filter(self._is_limited, begun):
                if row.job not in full and (at_limit := await self._begin(attempts, row, running)):
                    full.add(row.job)
                    if at_limit.wait_s is not None:
                        self._pace.hold(row.job, at_limit.wait_s)

    def _is_limited(self, row: RunRow) -> bool:
        """Whether the claim of one run of this job may be the last for now; else they need not wait for each other."""
        job = self._jobs[row.job]
        return job.concurrency is not None or job.rate is not None

    async def _begin(self, attempts: Attempts, row: RunRow, running: set[RunId]) -> Full | None:
        """Start an attempt; say so when its job is at a limit."""
        claimed = asyncio.Event()
        task = attempts.begin(row.id, row.attempt, on_claimed=claimed.set)
        running.add(row.id)

        def ended(_task: object) -> None:
            running.discard(row.id)
            if claimed.is_set():
                self._rung.set()  # there is room again
            claimed.set()

        task.add_done_callback(ended)
        await claimed.wait()
        outcome = task.result() if task.done() and not task.cancelled() else None
        return outcome if isinstance(outcome, Full) else None
