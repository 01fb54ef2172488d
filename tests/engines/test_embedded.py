"""The embedded engine finds queued runs by itself, keeps to limits, and never turns in circles."""

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from headway import Run
from headway.core.clock import parse_ms
from headway.engines.embedded import EmbeddedEngine
from headway.engines.lanes import Lane
from headway.engines.workplace import Workplace
from headway.stores.base import Appended, Write
from tests.engines.world import World


class Working:
    """The engine on two slots, as a worker process has it."""

    def __init__(self, here: World) -> None:
        self.workplace = Workplace(
            EmbeddedEngine(here.store, here.jobs), here.store, here.jobs, "worker", lease_s=5, drain_s=0
        )
        self.here = here

    async def start(self) -> None:
        """Begin."""
        self.workplace.work(self.here.runtime, [Lane(frozenset(["default"]), 2)])

    def running(self) -> Collection[str]:
        """Ids of the runs it works on."""
        assert self.workplace._attempts is not None
        return self.workplace._attempts.running()

    async def stop(self, drain_s: float = 0.0) -> None:
        """End."""
        self.workplace._drain_s = drain_s
        await self.workplace.stop()


@pytest.fixture
async def engine(here: World) -> AsyncIterator[Working]:
    """An engine on two slots."""
    engine = Working(here)
    yield engine
    await engine.stop()


async def test_it_runs_what_is_queued_and_what_comes_later(here: World, engine: Working) -> None:
    """Never more at once than it has slots."""
    at_once, most = 0, 0

    async def work(run: Run, number: int) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return number

    runs = [await here.start(work, number) for number in range(4)]
    await engine.start()
    runs += [await here.start(work, number) for number in range(4, 6)]
    for number, run_id in enumerate(runs):
        await here.until(run_id, lambda row: row.status == "succeeded")
        assert (await here.state(run_id))["result"] == number
    assert most == 2


async def test_claims_do_not_wait_for_each_other(here: World, engine: Working) -> None:
    """A store that is far away costs one way for all free slots, not one for each."""
    append, waiting = here.store.append, []
    both = asyncio.Event()

    async def append_together(run_id: str, write: Write) -> Appended:
        if write.claim is not None:
            waiting.append(run_id)
            if len(waiting) == 2:
                both.set()
            await both.wait()
        return await append(run_id, write)

    async def work(run: Run) -> None:
        return None

    runs = [await here.start(work) for _ in range(2)]
    here.store.append = append_together  # type: ignore[method-assign]
    await engine.start()
    for run_id in runs:
        await here.until(run_id, lambda row: row.status == "succeeded")
    assert sorted(waiting) == sorted(runs)


async def test_a_job_at_its_limit_waits_without_keeping_anybody_busy(here: World, engine: Working) -> None:
    """Others pass it, and nothing is asked of the store again and again."""
    go = asyncio.Event()

    async def limited(run: Run) -> None:
        await go.wait()

    async def other(run: Run) -> None:
        return None

    first, second = [await here.start(limited, concurrency=1) for _ in range(2)]
    third = await here.start(other)
    await engine.start()
    await here.until(third, lambda row: row.status == "succeeded")
    assert first in engine.running()
    before = here.calls["queued"]
    await asyncio.sleep(0.2)
    assert here.calls["queued"] - before <= 3
    go.set()
    await here.until(second, lambda row: row.status == "succeeded")


async def test_a_job_at_its_rate_begins_when_it_may_again(here: World, engine: Working) -> None:
    """Others pass it, the store is not asked for its runs meanwhile, and each attempt counts."""

    async def paced(run: Run) -> None:
        raise ValueError("no")

    async def other(run: Run) -> None:
        return None

    claims: list[str] = []
    append = here.store.append

    async def counted(run_id: str, write: Write) -> Appended:
        if write.claim is not None:
            claims.append(run_id)
        return await append(run_id, write)

    here.store.append = counted  # type: ignore[method-assign]
    first, second = [await here.start(paced, rate="1/h", retries=1) for _ in range(2)]
    await engine.start()
    await here.until(first, lambda row: row.attempt == 2)
    third = await here.start(other)
    await here.until(third, lambda row: row.status == "succeeded")
    await asyncio.sleep(0.2)
    assert [claims.count(run_id) for run_id in (first, third)] == [1, 1]
    assert claims.count(second) <= 1, "it was refused once, and left alone from then on"
    assert (await here.row(second)).attempt == 1


@pytest.mark.parametrize("here", ["sqlite"], indirect=True)
async def test_it_begins_as_often_as_it_may(here: World, engine: Working) -> None:
    """Two in each second, the next two when it is over: no later than a second after."""

    async def paced(run: Run) -> None:
        return None

    runs = [await here.start(paced, rate="2/s") for _ in range(6)]
    await engine.start()
    ended = [await here.until(run_id, lambda row: row.status == "succeeded") for run_id in runs]
    began = sorted(parse_ms(row.started_at) or 0 for row in ended)
    assert all(later - sooner >= 1_000 for sooner, later in zip(began, began[2:], strict=False))


async def test_a_store_that_refuses_claims_is_not_asked_without_a_pause(here: World, engine: Working) -> None:
    """A full disk must not cost a processor, too."""

    async def work(run: Run) -> None:
        return None

    run_id = await here.start(work)
    here.away = {"append": 10_000}
    before = here.calls["append"]
    await engine.start()
    await here.until_called("append", before + 1)
    await asyncio.sleep(0.3)
    assert here.calls["append"] - before <= 4
    here.away = {"queued": 1}
    await here.until(run_id, lambda row: row.status == "succeeded")


async def test_stopping_lets_short_work_end_and_hands_back_the_rest(here: World, engine: Working) -> None:
    """Nothing new is begun meanwhile."""

    async def work(run: Run, seconds: float) -> None:
        await run.progress(1)
        await asyncio.sleep(seconds)

    short, long = await here.start(work, 0.05), await here.start(work, 60.0)
    await engine.start()
    for run_id in (short, long):
        await here.until(run_id, lambda row: row.worker is not None or row.status == "succeeded")
    late = await here.start(work, 0.0)
    await engine.stop(drain_s=2)
    assert [(await here.row(run_id)).status for run_id in (short, long, late)] == ["succeeded", "queued", "queued"]
    assert (await here.row(long)).attempt == 2
    await engine.stop()


async def test_a_bug_in_an_attempt_ends_no_other(here: World, engine: Working) -> None:
    """It is logged, and the engine goes on."""
    faults = [ValueError("a bug"), ValueError("another")]
    execute, queued = here.runtime.execute, here.store.queued

    async def broken(*args: object, **kwargs: object) -> bool:
        if len(faults) == 2:
            raise faults.pop()
        return await execute(*args, **kwargs)  # type: ignore[arg-type]

    async def broken_too(*args: object, **kwargs: object) -> object:
        if len(faults) == 1:
            raise faults.pop()
        return await queued(*args, **kwargs)  # type: ignore[arg-type]

    async def work(run: Run) -> None:
        return None

    here.runtime.execute = broken  # type: ignore[method-assign]
    here.store.queued = broken_too  # type: ignore[method-assign, assignment]
    run_id = await here.start(work)
    await engine.start()
    await here.until(run_id, lambda row: row.status == "succeeded")
    assert faults == []
