"""Tells an engine of queued attempts, again and again, until they have been started.

Every process tells of the runs it creates, beside the answer to whoever asked for them: a queue that is away delays
nobody, and what it loses is not lost. Of all else (take-overs, retries, delayed runs, jobs at their limit, what an
engine forgot) one process tells, the leader, from what is queued in the store. Nothing is guarded against telling
twice: the claim is.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from headway.engines.base import Delivery, Engine
from headway.engines.job import Job
from headway.engines.outage import Outage, reason
from headway.engines.pace import Pace
from headway.errors import HeadwayError
from headway.stores.base import RunRow, Store
from headway.types import RunId

log = logging.getLogger("headway.dispatcher")

LOOK_EVERY_S: Final = 1.0
PAUSE_S: Final = 0.02
"""Between two looks: every append rings."""

FIRST_WAIT_S: Final = 5.0
LAST_WAIT_S: Final = 1_800.0
"""A run that waits for long is told of ever more seldom: mostly it waits for a worker, not for a message."""

WINDOW: Final = 100
"""Of each queue only the oldest are told of again: a lost one becomes the oldest, and as they start others follow."""

BATCH: Final = 500
NEW_MAX: Final = 10_000
PATIENCE_S: Final = 10.0

_Attempt: TypeAlias = tuple[RunId, int]


@dataclass(slots=True)
class _Told:
    """When an attempt is told of (again), in monotonic seconds, and how long after that."""

    next_at: float
    wait_s: float


class Dispatcher:
    """Keeps an engine told of what is queued.

    Args:
        store: Where runs are queued.
        engine: That does not find them by itself.
        jobs: Registered jobs by name; runs of others are not told of.
        leads: Tells whether this process is the leader, see `Leadership.held`; its role is `role_of` these jobs.
        monotonic: Counts seconds.

    Attributes:
        trouble: Why the engine does not take deliveries at present, or None.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        jobs: Mapping[str, Job],
        leads: Callable[[], Awaitable[bool]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._engine = engine
        self._jobs = jobs
        self._leads = leads
        self._monotonic = monotonic
        self._pace = Pace(monotonic)
        self._new: list[RunRow] = []
        self._has_new = asyncio.Event()
        self._rung = asyncio.Event()
        self._told: dict[_Attempt, _Told] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.trouble: str | None = None
        self._outage = Outage(log, "cannot look for queued runs", "looking for queued runs again")

    async def start(self) -> None:
        """Begin to tell."""
        self._unwatch = self._store.watch(lambda _runs: self._rung.set())
        self._tasks = [
            asyncio.create_task(self._tell_of_new(), name="headway-dispatcher-new"),
            asyncio.create_task(self._look_for_ever(), name="headway-dispatcher"),
        ]

    async def stop(self) -> None:
        """Tell no more; what was not told of is the next leader's. Idempotent."""
        if self._tasks:
            self._unwatch()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks = []

    def submit(self, row: RunRow) -> None:
        """Have the engine told of a run that was just created. Never waits."""
        if self._is_told_at_once(row) and len(self._new) < NEW_MAX:
            self._new.append(row)
            self._has_new.set()

    # -- what was just created here

    async def _tell_of_new(self) -> None:
        while True:
            await self._has_new.wait()
            rows, self._new = self._new[:BATCH], self._new[BATCH:]
            if not self._new:
                self._has_new.clear()
            await self._deliver(rows)

    def _is_told_at_once(self, row: RunRow) -> bool:
        job = self._jobs.get(row.job)
        return job is not None and not _is_limited(job) and row.attempt == 1 and row.due_ms is None

    # -- what is queued

    async def _look_for_ever(self) -> None:
        while True:
            self._rung.clear()
            leads = False
            try:
                leads = await self._leads()
                if leads:
                    await self.look()
                self._outage.end()
            except HeadwayError as error:
                self._outage.note(error)
            except Exception:
                log.exception("looking for queued runs failed")
            if not leads:  # the bell is the leader's; others only ask now and then whether they are
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            await asyncio.sleep(PAUSE_S)
            try:
                async with asyncio.timeout(self._pace.next_s(LOOK_EVERY_S)):
                    await self._rung.wait()
            except TimeoutError:
                pass

    async def look(self) -> int:
        """Look once at what is queued, and tell of what it is time for; return how many that were."""
        rows = await self._waiting()
        now = self._monotonic()
        known, self._told = self._told, {}
        telling = []
        for row in rows:
            attempt = row.id, row.attempt
            told = self._told[attempt] = known.get(attempt) or self._first(row, now)
            if told.next_at <= now:
                telling.append(row)
                told.next_at, told.wait_s = now + told.wait_s, min(2 * told.wait_s, LAST_WAIT_S)
        if telling and not await self._deliver(telling):
            for row in telling:  # it took none, or not all; told twice is no harm
                self._told[row.id, row.attempt] = _Told(now + LOOK_EVERY_S, FIRST_WAIT_S)
        return len(telling)

    def _first(self, row: RunRow, now: float) -> _Told:
        return _Told(now + FIRST_WAIT_S if self._is_told_at_once(row) else now, FIRST_WAIT_S)

    async def _waiting(self) -> list[RunRow]:
        """Return the oldest queued runs of each queue; of a job with a limit no more than there is room for."""
        limited = {name: job for name, job in self._jobs.items() if _is_limited(job)}
        free: dict[tuple[str, int], set[str]] = {}
        for job in self._jobs.values():
            if not _is_limited(job):
                free.setdefault((job.queue, job.priority), set()).add(job.name)
        rows = [row for names in free.values() for row in await self._store.queued(names, limit=WINDOW)]
        if any(job.concurrency is not None for job in limited.values()):
            claimed = [row.job for row in await self._store.claimed()]
        else:
            claimed = []
        held = set(self._pace.held())
        for name, job in limited.items():
            room = 0 if name in held else await self._room(job, claimed.count(name))
            rows += await self._store.queued([name], limit=room) if room > 0 else []
        return rows

    async def _room(self, job: Job, claimed: int) -> int:
        """Return how many attempts of a job may begin now; those told of and not begun yet are among them."""
        room = WINDOW if job.concurrency is None else min(job.concurrency - claimed, WINDOW)
        if job.rate is None or room <= 0:
            return room
        ago_ms = await self._store.begun(job.name)
        if wait_ms := job.rate.wait_ms([-ago for ago in ago_ms], 0):
            self._pace.hold(job.name, wait_ms / 1000)
            return 0
        return min(room, job.rate.room(ago_ms))

    async def _deliver(self, rows: Collection[RunRow]) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._engine.deliver([self._delivery(row) for row in rows])
        except Exception as error:  # noqa: BLE001 - each library has errors of its own; all mean: not now
            text = reason(error)
            if self.trouble is None:
                log.warning("%s takes no deliveries, runs wait in the store: %s", self._engine.name, text)
            self.trouble = text
            return False
        if self.trouble is not None:
            log.info("%s takes deliveries again", self._engine.name)
            self.trouble = None
        return True

    def _delivery(self, row: RunRow) -> Delivery:
        job = self._jobs[row.job]
        return Delivery(row.id, row.attempt, job.queue, job.priority)


def _is_limited(job: Job) -> bool:
    return job.concurrency is not None or job.rate is not None


def role_of(engine: Engine, jobs: Collection[str]) -> str:
    """Return what one process is the leader of: the same jobs, through the same engine."""
    names = "\0".join(sorted(jobs))
    return f"dispatch/{engine.name}/{hashlib.sha256(names.encode()).hexdigest()[:16]}"
