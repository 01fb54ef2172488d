"""What is true of a run now: its place, when it may start, whether anybody is there."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from pydantic import TypeAdapter

from headway.core.clock import parse_ms
from headway.engines import live
from headway.engines.job import Job
from headway.engines.live import STARTED, Live
from headway.stores.base import RunRow
from headway.stores.memory import MemoryStore
from headway.stores.rate import Rate
from tests.stores.builders import FakeClock, claim, end, new_run, running


def job(name: str, concurrency: int | None = None, rate: str | None = None) -> Job:
    """A job that is never run."""
    paced = None if rate is None else Rate.parse(rate)
    return Job(name=name, fn=print, input=None, result=TypeAdapter(object), concurrency=concurrency, rate=paced)


@dataclass
class Queue:
    """A store with queued runs, and a clock."""

    store: MemoryStore
    clock: FakeClock
    jobs: dict[str, Job] = field(default_factory=dict)
    created: int = 0

    def __post_init__(self) -> None:
        """Look at it."""
        self.live = Live(self.store, self.jobs, now_ms=self.clock)

    async def queued(self, count: int = 1, job: str = "j") -> list[RunRow]:
        """Runs that wait, oldest first."""
        rows = []
        for _ in range(count):
            self.created += 1  # ids of one millisecond have no order of their own
            row, _ = await self.store.create(new_run(job=job, id=f"run_{self.created:032x}"))
            rows.append(row)
        return rows

    async def took(self, seconds: float, job: str = "j") -> None:
        """A run that succeeded after so long."""
        (row,) = await self.queued(job=job)
        row = await claim(self.store, row)
        self.clock.ms += round(seconds * 1000)
        await end(self.store, row)

    async def start_in_s(self, row: RunRow) -> float | None:
        """In how many seconds a run may start."""
        start = parse_ms((await self.live.of(row))["estimated_start"])
        return None if start is None else (start - self.clock.ms) / 1000


@pytest.fixture
async def queue() -> AsyncIterator[Queue]:
    """An empty queue."""
    clock = FakeClock()
    store = MemoryStore(now_ms=clock)
    await store.open()
    yield Queue(store, clock)
    await store.close()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Every question is looked up, unless a test says for how long an answer holds."""

    def hold(seconds: float) -> None:
        monkeypatch.setattr(live, "FRESH_S", seconds)
        monkeypatch.setattr(live, "FRESH_NEW_S", seconds)

    hold(0)
    return hold


async def test_places_are_counted_per_job(queue: Queue) -> None:
    """From 1, the oldest first; other jobs do not stand in the way."""
    await queue.queued(5, job="other")
    rows = await queue.queued(3)
    assert [(await queue.live.of(row))["queue_position"] for row in rows] == [1, 2, 3]
    await claim(queue.store, rows[0])
    assert [(await queue.live.of(row))["queue_position"] for row in rows[1:]] == [1, 2]


async def test_only_who_waits_has_a_place(queue: Queue) -> None:
    """Not who runs, has ended, or works elsewhere."""
    (row,) = await queue.queued()
    row = await claim(queue.store, row)
    assert await queue.live.of(row) == STARTED
    assert await queue.live.of(await end(queue.store, row)) == STARTED
    assert await queue.live.of(await running(queue.store, external=True)) == STARTED


async def test_who_is_not_due_yet_has_no_place(queue: Queue) -> None:
    """A retry that waits for its time is not in the queue."""
    row, _ = await queue.store.create(new_run(due_ms=queue.clock.ms + 60_000))
    assert (await queue.live.of(row))["queue_position"] is None


async def test_a_start_needs_to_be_known_to_be_told(queue: Queue) -> None:
    """Without any success, or with nobody at work and no limit, nobody knows."""
    (row,) = await queue.queued()
    assert await queue.start_in_s(row) is None
    await queue.took(10, job="other")
    (other,) = await queue.queued(job="other")
    assert await queue.start_in_s(other) is None
    queue.jobs["j"] = job("j", concurrency=1)
    assert await queue.start_in_s(row) is None


async def test_starts_follow_from_what_runs_and_how_long_it_takes(queue: Queue) -> None:
    """Two slots, 60 s each: the queue is played forward, rounded up to ten seconds."""
    queue.jobs["j"] = job("j", concurrency=2)
    for seconds in (60, 61, 20):
        await queue.took(seconds)
    rows = await queue.queued(5)
    await claim(queue.store, rows[0])
    queue.clock.ms += 30_000
    found = [await queue.start_in_s(row) for row in rows[1:]]
    assert all(start is not None for start in found)
    for start, expected in zip(found, [0, 30, 60, 90], strict=True):
        assert expected <= (start or 0) < expected + 10


async def test_without_a_limit_there_is_room_for_as_many_as_run(queue: Queue) -> None:
    """While others wait, the workers are full."""
    await queue.took(60)
    rows = await queue.queued(5)
    for row in rows[:2]:
        await claim(queue.store, row)
    found = [await queue.start_in_s(row) for row in rows[2:]]
    for start, expected in zip(found, [60, 60, 120], strict=True):
        assert expected <= (start or 0) < expected + 10


async def test_a_rate_holds_starts_back(queue: Queue) -> None:
    """Two may begin in a minute; also where nobody knows how long they take."""
    queue.jobs["j"] = job("j", rate="2/m")
    rows = await queue.queued(6)
    await claim(queue.store, rows[0], rate="2/m")
    await end(queue.store, await claim(queue.store, rows[1], rate="2/m"))
    queue.clock.ms += 30_000
    found = [await queue.start_in_s(row) for row in rows[2:]]
    for start, expected in zip(found, [30, 30, 90, 90], strict=True):
        assert expected <= (start or 0) < expected + 10


async def test_a_rate_and_a_limit_hold_starts_back_together(queue: Queue) -> None:
    """The later of the two."""
    queue.jobs["j"] = job("j", concurrency=1, rate="2/m")
    await queue.took(40)
    rows = await queue.queued(4)
    found = [await queue.start_in_s(row) for row in rows]
    for start, expected in zip(found, [0, 40, 80, 120], strict=True):
        assert expected <= (start or 0) < expected + 10


async def test_who_waits_for_the_rate_waits_for_somebody(queue: Queue) -> None:
    """Nothing runs until the job may begin again; only after that somebody is missed."""
    queue.jobs["j"] = job("j", rate="1/m")
    rows = await queue.queued(2)
    await end(queue.store, await claim(queue.store, rows[0], rate="1/m"))
    queue.clock.ms += 59_000
    assert not (await queue.live.of(rows[1]))["degraded"]
    queue.clock.ms += 7_000
    assert (await queue.live.of(rows[1]))["degraded"]


async def test_a_run_that_takes_longer_than_usual_may_end_any_moment(queue: Queue) -> None:
    """Its slot counts as free now, never in the past."""
    queue.jobs["j"] = job("j", concurrency=1)
    await queue.took(10)
    rows = await queue.queued(2)
    await claim(queue.store, rows[0])
    queue.clock.ms += 500_000
    start = await queue.start_in_s(rows[1])
    assert start is not None
    assert 0 <= start < 10


async def test_waiting_for_nobody_is_degraded(queue: Queue) -> None:
    """After a moment in which somebody should have come; no start is promised then."""
    queue.jobs["j"] = job("j", concurrency=1)
    await queue.took(10)
    (row,) = await queue.queued()
    assert not (await queue.live.of(row))["degraded"]
    queue.clock.ms += 6_000
    assert await queue.live.of(row) == {"queue_position": 1, "estimated_start": None, "degraded": True}


async def test_waiting_while_others_are_worked_on_is_not(queue: Queue) -> None:
    """Somebody is there, and busy. Work elsewhere does not count."""
    (row,) = await queue.queued()
    await running(queue.store, external=True, worker="wrk_1")
    queue.clock.ms += 6_000
    assert (await queue.live.of(row))["degraded"]
    (other,) = await queue.queued(job="other")
    await claim(queue.store, other)
    assert not (await queue.live.of(row))["degraded"]


async def test_durations_are_those_of_successes(queue: Queue) -> None:
    """Their median; None without any."""
    assert await queue.live.duration_s("j") is None
    for seconds in (1, 2, 600):
        await queue.took(seconds)
    assert await queue.live.duration_s("j") == 2


async def test_many_who_ask_share_a_look(queue: Queue, fresh: Callable[[float], None]) -> None:
    """It holds for a while; who is new to it has it looked up sooner."""
    fresh(3_600)
    rows = await queue.queued(2)
    assert (await queue.live.of(rows[0]))["queue_position"] == 1
    (late,) = await queue.queued()
    assert (await queue.live.of(late))["queue_position"] is None
    assert queue.live.statistics() == {"queues": 1}
    fresh(0)
    assert (await queue.live.of(late))["queue_position"] == 3
