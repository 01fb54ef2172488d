"""What happens to a question while something else does: its worker lets go, dies or stops, the run is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from headway.core.run import RunStatus
from headway.engines.asking import questions
from headway.engines.sweeper import Sweeper
from headway.errors import Conflict, StoreUnavailable
from headway.publish.run import Run
from headway.publish.steps import Step
from headway.stores.base import Write
from headway.testing import Clock
from tests.engines.inquiries import KINDS, approve, delivered, die, ends, rejoin, store_of, unwound, waiting
from tests.engines.world import World, world_on


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("delay_ms", [0, 1, 2, 4, 8])
async def test_an_answer_while_it_makes_room(
    kind: str, delay_ms: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whichever is first, the run ends with the answer, in the same attempt or in the next."""
    clock = Clock()
    async with world_on(store_of(kind, tmp_path, clock, request), clock, ask_hold_s=0.06) as here:
        run_id = await here.start(approve)
        delivery = asyncio.create_task(here.deliver(run_id))
        await waiting(here, run_id)
        await asyncio.sleep(0.055 + delay_ms / 1000)
        await here.commands.answer(run_id, "approve", {"go": True})
        await delivery
        state = await here.finish(run_id)
    assert state["result"]["go"] is True
    assert outcomes(state) in (["succeeded"], ["waiting", "succeeded"])


def outcomes(state: Mapping[str, Any]) -> list[str]:
    """How its executions ended."""
    return [each["outcome"] for each in state["executions"]]


def meanwhile(here: World, write_is: Callable[[Write], bool], then: Callable[[], Awaitable[Any]]) -> None:
    """Let something happen just before the first write of some kind is committed."""
    append, told = here.store.append, list[Write]()

    async def late(run_id: str, write: Write) -> Any:
        if not told and write_is(write):
            told.append(write)
            await then()
        return await append(run_id, write)

    here.store.append = late  # type: ignore[method-assign]


def is_answer(write: Write) -> bool:
    """Whether a write ends a question from outside."""
    return write.held is not None


def is_given_up(write: Write) -> bool:
    """Whether the job ends a question of its own."""
    return write.fresh and write.held is None


async def test_an_answer_just_before_it_lets_go(hasty: World) -> None:
    """It does not let go, and goes on in the same attempt."""
    run_id = await hasty.start(approve)
    meanwhile(
        hasty,
        lambda write: write.release is not None,
        lambda: hasty.commands.answer(run_id, "approve", {"go": True}),
    )
    assert await hasty.deliver(run_id)
    assert (await hasty.state(run_id))["result"]["attempt"] == 1


async def test_a_body_that_lets_go_just_before_the_answer(held: World) -> None:
    """The answer sends for the next attempt, although its worker was there when it was read."""
    run_id = await held.start(approve)
    delivery = asyncio.create_task(held.deliver(run_id))
    await waiting(held, run_id)

    async def leave() -> None:
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)

    meanwhile(held, is_answer, leave)
    row = await held.commands.answer(run_id, "approve", {"go": True})
    assert (row.status, row.attempt) == (RunStatus.QUEUED, 2)
    assert (await held.finish(run_id))["result"]["attempt"] == 2


@pytest.mark.parametrize("way", ["timed_out", "withdrawn"])
async def test_an_answer_just_before_the_question_ends_without_one(held: World, way: str) -> None:
    """The answer counts for the question; the job hears of it, unless it has gone on without."""

    async def patient(run: Run) -> Any:
        try:
            async with asyncio.timeout(0.5 if way == "withdrawn" else None):
                return await run.ask(bool, "Go?", key="go", timeout=30)
        except TimeoutError:
            return "too late"

    run_id = await held.start(patient)
    meanwhile(
        held,
        is_given_up,
        lambda: held.commands.answer(run_id, "go", True),
    )
    async with delivered(held, run_id):
        await held.until(run_id, lambda row: row.status is not RunStatus.QUEUED and row.seq > 3)
        if way == "timed_out":
            held.clock.advance(31)
    assert (await held.state(run_id))["result"] == ("too late" if way == "withdrawn" else True)
    assert await ends(held, run_id) == ["answered"]


async def asked_twice(run: Run) -> Any:
    """A step whose first try stops waiting for its answer, and whose second one asks again."""
    tries: list[str] = []

    async def enter(run: Run) -> str:
        tries.append("try")
        async with asyncio.timeout(0.5 if len(tries) == 1 else None):
            return await run.ask(str, "Code?", key="code")

    return await run.step(enter, options=Step(retries=2))


async def test_an_answer_the_first_try_of_a_step_did_not_wait_for_is_there_for_the_second(held: World) -> None:
    """The question does not stand open again under the id that was answered, for nobody could answer it then."""
    run_id = await held.start(asked_twice)
    meanwhile(held, is_given_up, lambda: held.commands.answer(run_id, "enter/code", "right"))
    async with delivered(held, run_id):
        pass
    assert (await held.state(run_id))["result"] == "right"
    assert await ends(held, run_id) == ["answered"]
    assert len(await held.events(run_id, "run.waiting")) == 1


async def test_a_withdrawal_nobody_heard_of_is_found_when_it_is_written_again(held: World) -> None:
    """What is asked next is a question of its own."""
    append, lost = held.store.append, list[Write]()

    async def unheard(run_id: str, write: Write) -> Any:
        done = await append(run_id, write)
        if not lost and is_given_up(write):
            lost.append(write)
            raise StoreUnavailable("the answer was lost")
        return done

    held.store.append = unheard  # type: ignore[method-assign]
    run_id = await held.start(asked_twice)
    async with delivered(held, run_id):
        async with asyncio.timeout(20):
            while "enter/code#2" not in await waiting(held, run_id):
                await asyncio.sleep(0.005)
        await held.commands.answer(run_id, "enter/code#2", "right")
    assert (await held.state(run_id))["result"] == "right"
    assert await ends(held, run_id) == ["withdrawn", "answered"]


async def test_a_question_that_never_holds_still_is_given_up_with_a_conflict(held: World) -> None:
    """Instead of being tried for ever."""
    run_id = await held.start(approve)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        append, tries = held.store.append, list[Write]()

        async def refuse(run_id: str, write: Write) -> Any:
            if is_answer(write):
                tries.append(write)
                raise Conflict("somebody was faster")
            return await append(run_id, write)

        held.store.append = refuse  # type: ignore[method-assign]
        with pytest.raises(Conflict, match="changed each time"):
            async with asyncio.timeout(20):
                await held.commands.answer(run_id, "approve", {"go": True})
        assert 1 < len(tries) < 100
        held.store.append = append  # type: ignore[method-assign]
        await held.commands.answer(run_id, "approve", {"go": True})


async def test_a_cancellation_just_before_it_lets_go(hasty: World) -> None:
    """Whoever held the run when it was asked to stop confirms it."""
    run_id = await hasty.start(approve)
    meanwhile(hasty, lambda write: write.release is not None, lambda: hasty.commands.cancel(run_id))
    assert await hasty.deliver(run_id)
    assert (await hasty.state(run_id))["status"] == "cancelled"


async def test_an_answer_just_before_the_sweeper_gives_the_run_to_another(held: World) -> None:
    """The next attempt has it."""
    run_id = await held.start(approve)
    delivery = asyncio.create_task(held.deliver(run_id))
    await waiting(held, run_id)
    await die(held, delivery)
    meanwhile(
        held,
        lambda write: write.requeue is not None,
        lambda: held.commands.answer(run_id, "approve", {"go": True}),
    )
    assert await Sweeper(held.store, held.worker).sweep() == 1
    await rejoin(held)
    assert (await held.finish(run_id))["result"]["go"] is True


async def test_cancelling_a_run_that_is_held(held: World) -> None:
    """Its worker confirms it."""
    run_id = await held.start(approve)
    async with delivered(held, run_id):
        await waiting(held, run_id)
        row = await held.commands.cancel(run_id)
        assert row.cancel_requested
    state = await held.state(run_id)
    assert (state["status"], state["asks"]) == ("cancelled", {})
    with pytest.raises(Conflict):
        await held.commands.answer(run_id, "approve", {"go": True})


async def test_cancelling_a_run_that_made_room(hasty: World) -> None:
    """At once: nobody has to be asked."""
    run_id = await hasty.start(approve)
    await unwound(hasty, run_id)
    assert (await hasty.commands.cancel(run_id)).status is RunStatus.CANCELLED


# -- death and departure


async def test_a_worker_that_dies_while_it_holds_a_question_loses_nothing(held: World) -> None:
    """The same question under the same id; who was faster with the answer than the sweeper has answered it."""
    run_id = await held.start(approve)
    delivery = asyncio.create_task(held.deliver(run_id))
    await waiting(held, run_id)
    await die(held, delivery)
    assert await Sweeper(held.store, held.worker).sweep() == 1
    with pytest.raises(Conflict, match="asked again under the same id"):
        await held.commands.answer(run_id, "approve", {"go": True})
    await rejoin(held)
    async with delivered(held, run_id):
        assert (await waiting(held, run_id)).keys() == {"approve"}
        await held.commands.answer(run_id, "approve", {"go": True})
    state = await held.state(run_id)
    assert (state["result"]["go"], state["result"]["attempt"]) == (True, 2)
    assert len(await questions(held.store, run_id)) == 1


async def test_an_answer_to_a_run_whose_worker_is_dead_is_found_by_the_next(held: World) -> None:
    """Nobody has noticed yet that it died."""
    run_id = await held.start(approve)
    delivery = asyncio.create_task(held.deliver(run_id))
    await waiting(held, run_id)
    await die(held, delivery)
    await held.commands.answer(run_id, "approve", {"go": False})
    assert await Sweeper(held.store, held.worker).sweep() == 1
    await rejoin(held)
    assert (await held.finish(run_id))["result"]["go"] is False
    assert len(await held.events(run_id, "run.waiting")) == 1


async def test_a_worker_that_stops_leaves_the_question_open(held: World) -> None:
    """Nobody takes the run over: there is nothing to be done until the answer comes."""
    run_id = await held.start(approve)
    delivery = asyncio.create_task(held.deliver(run_id))
    await waiting(held, run_id)
    delivery.cancel()
    await asyncio.gather(delivery, return_exceptions=True)
    row = await held.row(run_id)
    assert (row.status, row.worker, row.attempt) == (RunStatus.WAITING, None, 1)
    await held.commands.answer(run_id, "approve", {"go": True})
    assert (await held.finish(run_id))["result"]["attempt"] == 2
