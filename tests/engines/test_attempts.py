"""Attempts outlive whoever delivered them, and keep their slots until they end."""

import asyncio

from headway import Run
from headway.engines.attempts import Attempts
from tests.engines.world import World


async def test_a_slot_is_held_until_the_attempt_ends(here: World) -> None:
    """Not until its deliverer is gone: the next one would bring too much."""
    room, go = asyncio.Semaphore(1), asyncio.Event()

    async def work(run: Run) -> None:
        await go.wait()

    attempts = Attempts(here.runtime)
    first, second = [await here.start(work) for _ in range(2)]
    deliverer = asyncio.create_task(attempts.see_through(first, 1, room=room))
    await here.until(first, lambda row: row.worker is not None)
    deliverer.cancel()
    await asyncio.gather(deliverer, return_exceptions=True)
    later = asyncio.create_task(attempts.see_through(second, 1, room=room))
    await asyncio.sleep(0.05)
    assert list(attempts.running()) == [first]
    go.set()
    await later
    await here.until(second, lambda row: row.status == "succeeded")
    assert not room.locked()


async def test_what_is_brought_twice_takes_one_slot(here: World) -> None:
    """The second is not even begun."""
    room, go = asyncio.Semaphore(2), asyncio.Event()

    async def work(run: Run) -> None:
        await go.wait()

    attempts = Attempts(here.runtime)
    run_id = await here.start(work)
    both = [asyncio.create_task(attempts.see_through(run_id, 1, room=room)) for _ in range(2)]
    await here.until(run_id, lambda row: row.worker is not None)
    assert not room.locked()
    go.set()
    await asyncio.gather(*both)
    await attempts.stop(0)
    await attempts.see_through(run_id, 2, room=room)
    assert not room.locked()
