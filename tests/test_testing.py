"""Playing jobs in tests: the clock is the test's, and what does not end is given up."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from headway import Run
from headway.errors import InvalidInput, UsageError
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


class Approval(BaseModel):
    """What the job below wants to know."""

    go: bool


async def buy(run: Run, price: int) -> str:
    """Ask once for ever, and once for an hour."""
    said = await run.ask(Approval, f"Spend {price}?", key="approve")
    try:
        colour = await run.ask(str, "Which colour?", key="colour", timeout=3600)
    except TimeoutError:
        colour = "any"
    return f"{said.go} {colour}"


@pytest.mark.parametrize("approve", [Approval(go=True), {"go": True}])
async def test_questions_are_answered_by_the_test(approve: Any) -> None:
    """What it leaves open times out, in no time."""
    played = await play(buy, 5, answers={"approve": approve, "colour": "red"})
    assert played.result == "True red"
    assert [event["data"]["prompt"] for event in played.of("run.waiting")] == ["Spend 5?", "Which colour?"]
    played = await play(buy, 5, answers={"approve": approve})
    assert played.result == "True any"
    assert played.clock.now_s >= 3600


async def test_a_question_nobody_answers_is_told() -> None:
    """Instead of waiting for ever; so is an answer that does not fit."""
    with pytest.raises(UsageError, match="asks 'approve', which nobody answers"):
        await play(buy, 5)
    with pytest.raises(InvalidInput, match="go: Field required"):
        await play(buy, 5, answers={"approve": {}})
