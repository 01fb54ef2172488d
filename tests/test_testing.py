"""Playing jobs in tests: the clock is the test's, and what does not end is given up."""

import asyncio

import pytest

from headway import Run
from headway.errors import InvalidInput
from headway.testing import Clock, play


async def test_a_job_that_does_not_end_is_given_up() -> None:
    """It is not told as a failure of the job."""

    async def build(run: Run) -> None:
        await asyncio.Event().wait()

    before = len(asyncio.all_tasks())
    with pytest.raises(TimeoutError):
        await play(build, within_s=0.1)
    await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) == before


async def test_waits_take_no_time_but_move_the_clock() -> None:
    """Between retries of the whole job."""
    tries: list[int] = []

    async def build(run: Run, days: int) -> int:
        tries.append(days)
        if len(tries) < 3:
            raise ValueError("not yet")
        return days

    clock = Clock()
    clock.advance(5)
    log = await play(build, 3, clock=clock, retries=2)
    assert (log.status, log.result, tries) == ("succeeded", 3, [3, 3, 3])
    assert log.clock is clock
    assert len(clock.waits) == 2
    assert clock.now_s == pytest.approx(5 + sum(clock.waits), abs=0.01)
    assert [event["data"]["attempt"] for event in log.of("run.started")] == [1, 2, 3]
    assert log.types()[-1] == "run.succeeded"


async def test_an_input_that_does_not_fit_is_refused() -> None:
    """Before anything is played."""

    async def build(run: Run, days: int) -> None:
        raise AssertionError

    with pytest.raises(InvalidInput):
        await play(build, "many")
