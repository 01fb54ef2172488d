"""A job asks: whoever answers, and whenever, the job goes on with that answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, field_validator

from headway.app import Headway
from headway.core.run import RunStatus
from headway.engines.sweeper import Sweeper
from headway.errors import Conflict, EventTooLarge, InvalidInput, UsageError
from headway.publish.item import Item
from headway.publish.plain import Plain
from headway.publish.run import Run
from headway.publish.steps import Step
from headway.testing import Clock
from tests.engines.inquiries import Approval, Login, approve, delivered, die, ends, rejoin, store_of, unwound, waiting
from tests.engines.world import World, world_on

# -- the answer comes in time


async def test_an_answer_that_comes_while_it_is_held_goes_on_in_the_same_attempt(held: World) -> None:
    """The question and its schema stand in the state; the answer, and who gave it, in the log."""
    run_id = await held.start(approve)
    async with delivered(held, run_id):
        asks = await waiting(held, run_id)
        assert asks["approve"]["prompt"] == "May it cost 100?"
        assert asks["approve"]["schema"]["properties"]["limit"]["minimum"] == 1
        row = await held.commands.answer(run_id, "approve", {"go": True}, by="ada")
        assert row.status is RunStatus.RUNNING
    state = await held.state(run_id)
    assert state["result"] == {"go": True, "limit": 10, "attempt": 1}
    assert state["asks"] == {}
    (event,) = await held.events(run_id, "run.resumed")
    assert event["data"] == {"ask_id": "approve", "answer": {"go": True}, "outcome": "answered", "by": "ada"}


async def test_an_answer_that_comes_later_calls_the_body_again(hasty: World) -> None:
    """Steps and answers are there; the attempt says why it was made; nothing was withdrawn."""
    calls: list[str] = []

    async def costly(name: str) -> str:
        calls.append(name)
        return name.upper()

    async def order(run: Run) -> Any:
        before = await run.step(costly, "before", key="before")
        async with run.phase("main", total=2) as phase:
            await phase.advance()
            answer = await run.ask(Literal["red", "green"], "Which one?", key="colour")
        return [before, answer, await run.step(costly, "after", key="after")]

    run_id = await hasty.start(order)
    await unwound(hasty, run_id)
    assert (await hasty.state(run_id))["asks"].keys() == {"colour"}
    assert await hasty.store.claimed() == []
    row = await hasty.commands.answer(run_id, "colour", "green")
    assert (row.status, row.attempt) == (RunStatus.QUEUED, 2)
    state = await hasty.finish(run_id)
    assert state["result"] == ["BEFORE", "green", "AFTER"]
    assert calls == ["before", "after"]
    assert [(each["reason"], each["outcome"]) for each in state["executions"]] == [
        ("created", "waiting"),
        ("resumed", "succeeded"),
    ]
    assert await hasty.events(run_id, "attempt.discarded") == []
    assert len(await hasty.events(run_id, "run.waiting")) == 1


async def test_a_waiting_run_leaves_its_place_to_others(hasty: World) -> None:
    """It counts neither against the job's concurrency nor as held."""
    first = await hasty.start(approve, concurrency=1)
    await unwound(hasty, first)
    second = await hasty.start(approve, concurrency=1)
    await unwound(hasty, second)


# -- who may answer, and how often


async def test_the_first_answer_counts(held: World) -> None:
    """The same one again is no conflict, another one is told how things stand."""
    run_id = await held.start(approve)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        answers = [held.commands.answer(run_id, "approve", {"go": True, "limit": limit}) for limit in (1, 2, 3)]
        results = await asyncio.gather(*answers, return_exceptions=True)
        refused = [each for each in results if isinstance(each, Conflict)]
        assert len(refused) == 2
        assert refused[0].extra["current"] in ("running", "succeeded")
    limit = (await held.state(run_id))["result"]["limit"]
    again = await held.commands.answer(run_id, "approve", {"limit": limit, "go": True})
    assert again.status is RunStatus.SUCCEEDED
    with pytest.raises(Conflict, match="it was answered"):
        await held.commands.answer(run_id, "approve", {"go": False})
    assert await ends(held, run_id) == ["answered"]


async def test_an_answer_that_does_not_fit_is_told_where(held: World) -> None:
    """All places; the question stays open."""
    run_id = await held.start(approve)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        with pytest.raises(InvalidInput) as caught:
            await held.commands.answer(run_id, "approve", {"go": "perhaps", "limit": 0})
        assert [error["loc"] for error in caught.value.extra["errors"]] == [["go"], ["limit"]]
        with pytest.raises(EventTooLarge):
            await held.commands.answer(run_id, "approve", {"go": True, "more": "x" * 300_000})
        with pytest.raises(Conflict, match="does not wait") as wrong:
            await held.commands.answer(run_id, "other", True)
        assert wrong.value.extra["asks"] == ["approve"]
        await held.commands.answer(run_id, "approve", {"go": True})


class Even(BaseModel):
    """What no schema can say."""

    number: int

    @field_validator("number")
    @classmethod
    def _is_even(cls, number: int) -> int:
        if number % 2:
            raise ValueError(f"{number} is odd")
        return number


async def test_an_answer_only_the_job_can_refuse_is_asked_for_again(hasty: World) -> None:
    """The question says why; the answer that was refused is not forced on the job for ever."""

    async def number(run: Run) -> int:
        return (await run.ask(Even, "An even number?", key="even")).number

    run_id = await hasty.start(number)
    await unwound(hasty, run_id)
    await hasty.commands.answer(run_id, "even", {"number": 3})
    await unwound(hasty, run_id)
    asks = (await hasty.state(run_id))["asks"]
    assert asks.keys() == {"even#2"}
    assert asks["even#2"]["prompt"] == "An even number?\n\nnumber: 3 is odd"
    await hasty.commands.answer(run_id, "even#2", {"number": 4})
    assert (await hasty.finish(run_id))["result"] == 4


# -- time


async def test_a_question_may_time_out_while_it_is_held(held: World) -> None:
    """The job may catch it, and after a crash it finds the same."""

    async def patient(run: Run) -> str:
        try:
            await run.ask(bool, "Anybody?", key="anybody", timeout=30)
        except TimeoutError as error:
            return type(error).__name__
        return "somebody"

    run_id = await held.start(patient)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        held.clock.advance(31)
    assert (await held.state(run_id))["result"] == "AskTimedOut"
    assert await ends(held, run_id) == ["timed_out"]
    with pytest.raises(Conflict, match="it was timed out"):
        await held.commands.answer(run_id, "anybody", True)


async def test_a_question_times_out_although_nobody_holds_it(hasty: World) -> None:
    """The sweeper sends for the body; not before the time is over. Tried again, the run asks again."""

    async def patient(run: Run) -> str:
        return str(await run.ask(bool, "Anybody?", key="anybody", timeout=3600))

    run_id = await hasty.start(patient)
    await unwound(hasty, run_id)
    sweeper = Sweeper(hasty.store, hasty.worker)
    assert await sweeper.sweep() == 0
    hasty.clock.advance(3601)
    assert await sweeper.sweep() == 1
    assert await sweeper.sweep() == 0
    state = await hasty.finish(run_id)
    assert (state["status"], state["error"]["code"]) == ("failed", "ask_timed_out")
    await hasty.commands.retry(run_id)
    await unwound(hasty, run_id)
    assert (await hasty.state(run_id))["asks"].keys() == {"anybody#2"}
    await hasty.commands.answer(run_id, "anybody#2", True)
    assert (await hasty.finish(run_id))["result"] == "True"


async def test_a_crash_does_not_lengthen_the_time_a_question_has(held: World) -> None:
    """It counts from when it went out first."""

    async def patient(run: Run) -> str:
        return str(await run.ask(bool, "Anybody?", key="anybody", timeout=100))

    run_id = await held.start(patient)
    delivery = asyncio.create_task(held.deliver(run_id))
    await waiting(held, run_id)
    await die(held, delivery)
    held.clock.advance(60)
    await Sweeper(held.store, held.worker).sweep()
    await rejoin(held)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        held.clock.advance(41)
    assert (await held.state(run_id))["error"]["code"] == "ask_timed_out"


async def test_time_outs_of_the_job_and_its_steps_stand_still(held: World) -> None:
    """A person's time is not the job's."""

    async def ask(run: Run) -> bool:
        return await run.ask(bool, "Go?", key="go")

    async def slow(run: Run) -> Any:
        answer = await run.step(ask, options=Step(timeout=1.5))
        await asyncio.sleep(20)
        return answer

    run_id = await held.start(slow, timeout=2)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        await asyncio.sleep(2.2)
        assert (await held.row(run_id)).status is RunStatus.WAITING
        await held.commands.answer(run_id, "ask/go", True)
    assert (await held.state(run_id))["error"]["code"] == "timed_out"  # after the answer it counts on


# -- several


async def test_parallel_parts_ask_one_after_the_other(hasty: World) -> None:
    """Each under a key of its own, each with its own answer, whatever the order in which they come to ask."""
    began: list[str] = []

    async def one(item: Item, value: str) -> str:
        began.append(value)
        answer = await item.ask(str, f"What of {value}?", key="what")
        return f"{value}: {answer}"

    async def several(run: Run) -> list[str]:
        return await run.map(one, ["a", "b", "c"], item=lambda value: {"key": value})

    run_id = await hasty.start(several)
    seen: list[str] = []
    while not seen or len(seen) < 3:
        await unwound(hasty, run_id)
        (ask_id,) = (await hasty.state(run_id))["asks"]
        seen.append(ask_id)
        await hasty.commands.answer(run_id, ask_id, ask_id[0] * 3)
    state = await hasty.finish(run_id)
    assert state["result"] == ["a: aaa", "b: bbb", "c: ccc"]
    assert sorted(seen) == ["a/one/what", "b/one/what", "c/one/what"]
    assert len(await hasty.events(run_id, "item.planned")) == 3


async def test_what_a_step_had_said_before_it_asked_is_said_once(hasty: World) -> None:
    """The answer that comes later begins the step anew; what the body had said stays."""

    async def look(run: Run) -> bool:
        await run.note("in the step")
        await run.custom("draft", run.context.attempt)
        return await run.ask(bool, "Go?", key="go")

    async def order(run: Run) -> bool:
        await run.note("in the body")
        return bool(await run.step(look))

    run_id = await hasty.start(order)
    await unwound(hasty, run_id)
    await hasty.commands.answer(run_id, "look/go", True)
    state = await hasty.finish(run_id)
    assert state["result"] is True
    assert [note["body"] for note in state["notes"]] == ["in the body", "in the step"]
    (discarded,) = await hasty.events(run_id, "attempt.discarded")
    assert discarded["data"]["set"]["custom"] == [{"name": "draft", "key": "", "value": None}]
    assert state["custom"] == {"draft": {"": 2}}


async def test_nothing_is_unwound_while_a_step_has_work(hasty: World) -> None:
    """It would have to be done again."""
    gate, runs = asyncio.Event(), 0

    async def costly() -> str:
        nonlocal runs
        runs += 1
        await gate.wait()
        return "work"

    async def both(run: Run) -> list[Any]:
        return list(await asyncio.gather(run.step(costly), run.ask(bool, "Go?", key="go")))

    run_id = await hasty.start(both)
    async with delivered(hasty, run_id):
        await waiting(hasty, run_id)
        await asyncio.sleep(0.2)
        assert (await hasty.row(run_id)).worker is not None
        gate.set()
    assert (await hasty.row(run_id)).worker is None
    await hasty.commands.answer(run_id, "go", True)
    assert (await hasty.finish(run_id))["result"] == ["work", True]
    assert runs == 1


async def test_the_same_key_twice_is_refused(held: World) -> None:
    """As with steps."""

    async def twice(run: Run) -> None:
        await run.ask(bool, "Go?")
        await run.ask(bool, "Go?")

    run_id = await held.start(twice)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        await held.commands.answer(run_id, "bool", True)
    assert "'bool' was asked already" in (await held.state(run_id))["error"]["message"]


# -- giving up


async def test_a_body_that_goes_on_although_it_was_cancelled_ends_well(held: World) -> None:
    """What it had asked is withdrawn, because a run that waits cannot succeed."""

    async def stubborn(run: Run) -> str:
        try:
            await run.ask(bool, "Really?")
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
        return "done"

    run_id = await held.start(stubborn)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        await held.commands.cancel(run_id)
    assert (await held.state(run_id))["status"] == "succeeded"
    assert await ends(held, run_id) == ["withdrawn"]


async def test_a_question_given_up_by_the_job_is_withdrawn(held: World) -> None:
    """A time-out around it; the job goes on, and may ask other things."""
    patience = asyncio.timeout(None)

    async def impatient(run: Run) -> Any:
        try:
            async with patience:
                await run.ask(bool, "Quick?", key="quick")
        except TimeoutError:
            return await run.ask(int, "How many?", key="many")

    run_id = await held.start(impatient)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        patience.reschedule(0)
        async with asyncio.timeout(20):
            while "many" not in await waiting(held, run_id):
                await asyncio.sleep(0.01)
        with pytest.raises(Conflict, match="it was withdrawn"):
            await held.commands.answer(run_id, "quick", True)
        await held.commands.answer(run_id, "many", 3)
    assert (await held.state(run_id))["result"] == 3
    assert await ends(held, run_id) == ["withdrawn", "answered"]


# -- who can ask


async def test_plain_code_asks_through_its_own_face(hasty: World) -> None:
    """Its thread ends when the body is unwound."""

    def plain(run: Plain) -> bool:
        return bool(run.ask(Approval, "Go?", key="go", timeout=60).go)

    run_id = await hasty.start(plain)
    await unwound(hasty, run_id)
    await hasty.commands.answer(run_id, "go", {"go": True})
    assert (await hasty.finish(run_id))["result"] is True


async def test_a_run_that_nobody_could_call_again_cannot_ask() -> None:
    """It is told where one can."""
    async with Headway("memory://", worker="none") as hw:
        run = await hw.open("report")
        async with run:
            with pytest.raises(UsageError, match="ask in the body of a job"):
                await run.ask(bool, "Go?")


async def test_a_body_whose_end_was_refused_may_ask_what_to_do(held: World) -> None:
    """Its end is not the end."""

    async def large(run: Run) -> None:
        publisher = run._execution.publisher
        end = publisher.end

        async def refuse(event: Any) -> None:
            publisher.end = end  # type: ignore[method-assign]
            raise EventTooLarge("too large")

        publisher.end = refuse  # type: ignore[method-assign]
        with pytest.raises(EventTooLarge):
            await run.finish("large")
        await run.finish(await run.ask(str, "What then?", key="then"))

    run_id = await held.start(large)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        await held.commands.answer(run_id, "then", "small")
    assert (await held.state(run_id))["result"] == "small"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"schema": Login, "secret": ("pin",)}, "no field 'pin'"),
        ({"schema": bool, "timeout": 0}, "no time to wait"),
        ({"schema": type(lambda: None)}, "nobody can be told what to answer"),
    ],
)
async def test_questions_nobody_could_answer_are_refused(
    arguments: dict[str, Any], words: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Before they go out."""
    clock = Clock()
    async with world_on(store_of("memory", tmp_path, clock, request), clock) as here:

        async def wrong(run: Run) -> None:
            with pytest.raises(UsageError, match=words):
                await run.ask(**{"prompt": "?", **arguments})

        assert (await here.finish(await here.start(wrong)))["status"] == "succeeded"
