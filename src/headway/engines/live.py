"""What is true of a run now and stands in no log: its place in the queue, when it may start, whether anybody works.

It is looked up every two seconds per job, however many viewers ask.
"""

from __future__ import annotations

import heapq
import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from headway.core.clock import format_ms, parse_ms
from headway.core.run import RunStatus
from headway.engines.job import Job
from headway.stores.base import RunRow, Store
from headway.stores.rate import Rate
from headway.types import RunId

FRESH_S: Final = 2.0
FRESH_NEW_S: Final = 0.2
PATIENCE_S: Final = 5.0
"""A worker takes what is due within a second. Who waits for longer, while no run is worked on, waits for nobody."""

QUEUE_MAX: Final = 1_000
"""Places that are counted; further back the place is unknown."""

STEP_MS: Final = 10_000
"""Estimates are rounded up to this, so that they stay the same for a while and a viewer is not told of every second."""


class LiveState(TypedDict):
    """``live`` of a run.

    Attributes:
        queue_position: 1 is next; null when it does not wait for a worker, or waits further back than is counted.
        estimated_start: When it may start; null when that cannot be told.
        degraded: It waits and nobody is there who would take it.
    """

    queue_position: int | None
    estimated_start: str | None
    degraded: bool


STARTED: Final[LiveState] = {"queue_position": None, "estimated_start": None, "degraded": False}


@dataclass(frozen=True, slots=True)
class _Queue:
    """One job's queue as it was at `looked` (monotonic seconds)."""

    looked: float
    places: Mapping[RunId, int]
    started_ms: tuple[int, ...]
    begun_ms: tuple[int, ...]
    typical_s: float | None
    attended: bool


class Live:
    """Tells what is true of runs now.

    Args:
        store: Where the queue is.
        jobs: Registered jobs by name.
        now_ms: The wall clock.
    """

    def __init__(
        self,
        store: Store,
        jobs: Mapping[str, Job],
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._now_ms = now_ms
        self._queues: dict[str, _Queue] = {}

    async def of(self, row: RunRow) -> LiveState:
        """Return what is true of a run now. Reads the store now and then, however many ask."""
        if row.status is not RunStatus.QUEUED or row.external:
            return STARTED
        queue = await self._queue(row.job, row.id)
        place = queue.places.get(row.id)
        start_ms = self._start_ms(row.job, queue, place) if queue.attended and place is not None else None
        return {
            "queue_position": place,
            "estimated_start": None if start_ms is None else format_ms(math.ceil(start_ms / STEP_MS) * STEP_MS),
            "degraded": not queue.attended,
        }

    async def duration_s(self, job: str) -> float | None:
        """Return how long the job's last 20 successes took, as their median; None without any."""
        taken = await self._store.durations(job, limit=20)
        return statistics.median(taken) if taken else None

    async def _queue(self, job: str, run_id: RunId) -> _Queue:
        known = self._queues.get(job)
        # who came after the last look wants to know soon
        if known is not None and time.monotonic() - known.looked < (FRESH_S if run_id in known.places else FRESH_NEW_S):
            return known
        queued = await self._store.queued([job], limit=QUEUE_MAX)
        rate = self._rate(job)
        begun_ms = () if rate is None else tuple(self._now_ms() - ago for ago in await self._store.begun(job))
        claimed = [row for row in await self._store.claimed() if not row.external]
        queue = self._queues[job] = _Queue(
            looked=time.monotonic(),
            places={row.id: place for place, row in enumerate(queued, 1)},
            started_ms=tuple(parse_ms(row.started_at) or self._now_ms() for row in claimed if row.job == job),
            begun_ms=begun_ms,
            typical_s=await self.duration_s(job),
            attended=bool(claimed) or not queued or self._waited_s(queued[0], rate, begun_ms) < PATIENCE_S,
        )
        return queue

    def _rate(self, job: str) -> Rate | None:
        return self._jobs[job].rate if job in self._jobs else None

    def _waited_s(self, row: RunRow, rate: Rate | None, begun_ms: Sequence[int]) -> float:
        since_ms = max(parse_ms(row.updated_at) or 0, row.due_ms or 0)
        if rate is not None and len(begun_ms) >= rate.times:
            since_ms = max(since_ms, begun_ms[rate.times - 1] + rate.per_ms)  # it waited for its turn until then
        return (self._now_ms() - since_ms) / 1000

    def _start_ms(self, job: str, queue: _Queue, place: int) -> float | None:
        """Play the queue forward: each free slot takes the next run and is busy for as long as runs usually are."""
        limit, rate = self._jobs[job].concurrency if job in self._jobs else None, self._rate(job)
        # where no limit is known, as many as run while others wait are as many as the workers have room for
        slots = limit or (len(queue.started_ms) if rate is None else 0)
        if (slots and queue.typical_s is None) or not (slots or rate):
            return None
        now, busy_ms = self._now_ms(), (queue.typical_s or 0) * 1000
        free_at = sorted(max(now, started + busy_ms) for started in queue.started_ms)[:slots]
        free_at = [float(now)] * (slots - len(free_at)) + free_at
        heapq.heapify(free_at)
        begun = deque(map(float, reversed(queue.begun_ms)), maxlen=rate.times if rate else 0)
        start = float(now)
        for _ in range(place):
            start = max(start, free_at[0]) if slots else start
            if rate is not None and len(begun) == rate.times:
                start = max(start, begun[0] + rate.per_ms)
            begun.append(start)
            if slots:
                heapq.heapreplace(free_at, start + busy_ms)
        return start

    def statistics(self) -> Mapping[str, Any]:
        """Return how many jobs' queues are remembered."""
        return {"queues": len(self._queues)}
