"""One process at a time has a role, and it is never without one for long."""

import asyncio

import pytest

from headway.engines.leadership import Leadership
from headway.errors import StoreUnavailable
from tests.engines.test_sweeper import Time
from tests.engines.world import World


async def claims(here: World, time: Time, count: int = 2) -> list[Leadership]:
    """Some processes that want one role, on one clock."""
    workers = [await here.store.join() for _ in range(count)]
    return [Leadership(here.store, "cook", worker, lease_s=6, monotonic=time) for worker in workers]


async def ask(time: Time, claim: Leadership, seconds: int) -> list[bool]:
    """Let one ask once a second."""
    answers = []
    for _ in range(seconds):
        time.now += 1
        answers.append(await claim.held())
    return answers


async def test_who_asks_first_leads(here: World) -> None:
    """And goes on, for as long as it asks; other roles are others'."""
    time = Time()
    one, two = await claims(here, time)
    assert [await one.held(), await two.held(), await one.held()] == [True, False, True]
    for _ in range(30):
        time.now += 1
        assert [await one.held(), await two.held()] == [True, False]
    assert await Leadership(here.store, "waiter", here.worker, lease_s=6).held()


async def test_of_many_at_once_one_leads(here: World) -> None:
    """Whoever it is."""
    answers = await asyncio.gather(*(claim.held() for claim in await claims(here, Time(), 10)))
    assert sum(answers) == 1


async def test_a_leader_that_leaves_is_followed_at_once(here: World) -> None:
    """It is not listed any more."""
    time = Time()
    worker = await here.store.join()
    one = Leadership(here.store, "cook", worker, lease_s=6, monotonic=time)
    (two,) = await claims(here, time, 1)
    assert [await one.held(), await two.held()] == [True, False]
    await here.store.leave(worker)
    assert await two.held()


async def test_a_leader_that_does_not_ask_any_more_is_followed_after_its_lease(here: World) -> None:
    """Although its worker still beats: its loop hangs. It learns so when it asks again."""
    time = Time()
    one, two = await claims(here, time)
    assert await one.held()
    assert await ask(time, two, 8) == [False] * 7 + [True]
    assert not await one.held()


async def test_a_leader_does_not_write_each_time_it_asks(here: World) -> None:
    """But often enough for its lease."""
    time = Time()
    one, two = await claims(here, time)
    await one.held()
    before = here.calls["lead"]
    await ask(time, one, 20)
    assert here.calls["lead"] - before == 10
    assert not await two.held()


async def test_a_claimant_that_was_stopped_takes_nobody_for_silent(here: World) -> None:
    """Nor one whose store was away."""
    time = Time()
    one, two = await claims(here, time)
    await one.held()
    assert not await two.held()
    time.now += 3_600
    assert not await two.held()
    assert await ask(time, two, 3) == [False] * 3
    here.away = {"lead": 1}
    with pytest.raises(StoreUnavailable):
        await two.held()
    assert await ask(time, two, 6) == [False] * 6
    assert await ask(time, two, 2) == [False, True]
