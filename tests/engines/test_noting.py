"""The lines, counts and times that attempts leave behind."""

import asyncio
import contextlib
import logging

import pytest

from headway import Run, Step
from headway.engines.sweeper import Sweeper
from headway.measures import ATTEMPT_SECONDS, FAILURES, RECOVERIES, STEP_SECONDS
from tests.engines.test_sweeper import claim
from tests.engines.world import World
from tests.loglines import lines


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "headway")


def outcomes(here: World, job: str) -> dict[str, int]:
    """How often attempts of a job ended in which way."""
    timed = here.store.measures.histograms(ATTEMPT_SECONDS)
    return {outcome: histogram.count for (of, outcome), histogram in timed.items() if of == job}


async def test_an_attempt_is_two_lines(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """One when it begins, one when it ends."""

    async def build(run: Run) -> str:
        return "done"

    await here.finish(await here.start(build))
    (started,), (ended,) = lines(caplog, "attempt started"), lines(caplog, "attempt ended")
    assert started == {"job": "build", "attempt": 1, "reason": "created", "worker": here.runtime.worker}
    assert ended.pop("seconds") >= 0
    assert ended == {"job": "build", "attempt": 1, "outcome": "finished"}
    assert outcomes(here, "build") == {"finished": 1}
    assert not here.store.measures.counters(FAILURES)
    assert not here.store.measures.counters(RECOVERIES)


async def test_a_failure_and_a_recovery_are_counted(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """The attempt that failed, and the one that succeeded after it."""

    async def build(run: Run) -> str:
        if run.context.attempt == 1:
            raise OSError("away")
        return "done"

    await here.finish(await here.start(build, retries=1))
    assert [line["reason"] for line in lines(caplog, "attempt started")] == ["created", "retry"]
    assert outcomes(here, "build") == {"retried": 1, "finished": 1}
    assert here.store.measures.counted(FAILURES, "build", "attempt") == 1
    assert here.store.measures.counted(RECOVERIES, "build", "retry") == 1


async def test_a_failure_nobody_tries_again(here: World) -> None:
    """Nothing is recovered."""

    async def build(run: Run) -> str:
        raise OSError("away")

    await here.finish(await here.start(build))
    assert outcomes(here, "build") == {"failed": 1}
    assert not here.store.measures.counters(RECOVERIES)


@pytest.mark.parametrize(("end", "outcome"), [("finish", "finished"), ("fail", "failed"), ("cancelled", "cancelled")])
async def test_a_body_that_ends_its_run_by_itself(here: World, end: str, outcome: str) -> None:
    """Its outcome is what it wrote, not that it came back."""

    async def build(run: Run) -> None:
        await getattr(run, end)("enough")

    await here.finish(await here.start(build))
    assert outcomes(here, "build") == {outcome: 1}
    assert here.store.measures.counted(FAILURES, "build", "attempt") == (outcome == "failed")


@pytest.mark.parametrize("how", ["cancelled", "lost", "handed_back"])
async def test_an_attempt_that_is_stopped(here: World, how: str) -> None:
    """By whoever asked for it, by another process, or because its worker leaves."""
    begun = asyncio.Event()

    async def build(run: Run) -> None:
        begun.set()
        await asyncio.Event().wait()

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    if how == "cancelled":
        await here.commands.cancel(run_id)
    elif how == "lost":
        await here.commands.hand_back(run_id)
    else:
        executing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await executing
    assert outcomes(here, "build") == {how: 1}


async def test_a_dead_workers_run_is_a_failure_and_its_end_a_recovery(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The sweeper says whose run it gave on, once."""

    async def build(run: Run) -> str:
        return "done"

    dead = await here.store.join()
    run_id = await here.start(build)
    row = await claim(here, run_id, dead)
    await here.store.leave(dead)
    await asyncio.gather(Sweeper(here.store, here.worker).sweep(), Sweeper(here.store, here.worker).sweep())
    await here.finish(run_id)
    assert lines(caplog, "run taken over") == [{"run_id": row.id, "job": "build", "attempt": 1, "worker": dead}]
    assert here.store.measures.counted(FAILURES, "build", "worker") == 1
    assert here.store.measures.counted(RECOVERIES, "build", "takeover") == 1


async def test_a_step_of_an_agent_is_counted_for_its_job(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """Its lines carry the run, the execution and the agent, as all lines inside do."""
    tries = iter([OSError("away"), None])

    async def look() -> str:
        error = next(tries)
        if error is not None:
            raise error
        return "found"

    async def build(run: Run) -> str:
        async with run.agent("scout") as scout:
            return str(await scout.step(look, options=Step(retries=1)))

    await here.finish(await here.start(build))
    measures = here.store.measures
    assert measures.counted(FAILURES, "build", "step") == measures.counted(RECOVERIES, "build", "step") == 1
    assert set(measures.histograms(STEP_SECONDS)) == {("build", "scout", "finished")}
    assert len(lines(caplog, "step is tried again")) == len(lines(caplog, "step recovered")) == 1


async def test_a_run_that_was_handed_back_recovers_from_nothing(here: World) -> None:
    """A deployment is no failure, and what goes on after it no recovery."""
    begun = asyncio.Event()

    async def build(run: Run) -> None:
        if run.context.attempt == 1:
            begun.set()
            await asyncio.Event().wait()

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    executing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await executing
    await here.finish(run_id)
    assert outcomes(here, "build") == {"handed_back": 1, "finished": 1}
    assert not here.store.measures.counters(RECOVERIES)
