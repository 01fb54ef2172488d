"""Queue and database may be away: nobody waits for longer than two seconds, and calls do not pile up."""

from __future__ import annotations

import asyncio

import pytest

from examples.report.beginnings import Beginnings
from examples.report.errors import DatabaseAway
from examples.report.patience import Away, Patience
from headway import errors


async def never() -> None:
    """An answer that does not come."""
    await asyncio.Event().wait()


async def test_an_answer_in_time_is_given_on() -> None:
    """And so is any error that is none of the network's."""
    patience = Patience(5)

    async def answer() -> int:
        return 42

    async def mistake() -> int:
        raise ValueError("a mistake")

    async def invalid() -> int:
        raise errors.StoreInvalid("another schema")

    assert await patience(answer) == 42
    with pytest.raises(ValueError, match="a mistake"):
        await patience(mistake)
    with pytest.raises(errors.StoreInvalid):
        await patience(invalid)


@pytest.mark.parametrize("error", [DatabaseAway("gone"), errors.StoreUnavailable("gone")])
async def test_what_cannot_be_reached_is_away(error: Exception) -> None:
    """At once."""

    async def gone() -> None:
        raise error

    with pytest.raises(Away):
        await Patience(5)(gone)


async def test_late_calls_are_left_to_end_and_do_not_pile_up() -> None:
    """Past so many late ones nobody asks; when they have ended, asking goes on."""
    patience, back = Patience(0.01, at_once=3), asyncio.Event()
    asked = 0

    async def late() -> str:
        nonlocal asked
        asked += 1
        await back.wait()
        return "late"

    for _ in range(6):
        with pytest.raises(Away):
            await patience(late)
    assert (asked, patience.late) == (3, 3)
    back.set()
    async with asyncio.timeout(25):
        while patience.late:
            await asyncio.sleep(0)
    assert await patience(late) == "late"


async def test_a_caller_who_leaves_takes_the_call_along() -> None:
    """Nobody wants the answer any more."""
    patience = Patience(60)
    asking = asyncio.create_task(patience(never))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert patience.late == 0


async def test_all_who_wait_for_a_beginning_are_told_of_theirs() -> None:
    """By one look for all of them; who is not told leaves when the time is up."""
    begun: dict[str, str] = {}
    looks = []

    async def look(project_ids: object) -> dict[str, str]:
        looks.append(sorted(project_ids))  # type: ignore[call-overload]
        if len(looks) == 1:
            raise Away("for a moment")
        return begun

    beginnings = Beginnings(look)
    waiting = [asyncio.create_task(beginnings.of(name, 60)) for name in ("a", "a", "b")]
    await beginnings.of("c", 0.01)
    assert len(beginnings) == 3
    begun["a"] = "run_1"
    async with asyncio.timeout(25):
        await asyncio.gather(*waiting[:2])
    assert not waiting[2].done()
    assert ["a", "b"] in looks or ["a", "b", "c"] in looks
    await beginnings.close()
    async with asyncio.timeout(25):
        await waiting[2]
    assert len(beginnings) == 0
