"""Following a log: the past page by page, then what comes, until the run has ended."""

import asyncio

import pytest

from headway.core.cursor import Cursor
from headway.errors import RunNotFound, Trimmed
from headway.stores.base import Store
from headway.stores.tail import doorbell, rings, tail
from tests.stores.builders import end, log, note, report, running, save


async def followed(store: Store, run_id: str, seen: list[int]) -> None:
    """Collect seqs until the end."""
    async for page in tail(store, run_id):
        assert page.events
        seen += [event.seq for event in page.events]


async def test_a_tail_goes_on_until_the_end(store: Store) -> None:
    """Past and present without a gap, over several pages; then it ends by itself."""
    run, seen = await running(store), list[int]()
    await report(store, run, *(note() for _ in range(900)))
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(followed(store, run.id, seen))
        for number in range(50):
            await report(store, run, note(str(number)))
        await end(store, run)
    assert seen == list(range(1, 954))


async def test_a_tail_of_an_ended_run_ends_at_once(store: Store) -> None:
    """With all of it, or with nothing where the cursor is the last."""
    run = await end(store, await running(store))
    seen: list[int] = []
    await followed(store, run.id, seen)
    assert seen == [1, 2, 3]
    assert [page async for page in tail(store, run.id, run.cursor)] == []


async def test_a_tail_that_cannot_begin_says_so(store: Store) -> None:
    """No run, another log's cursor, a trimmed log."""
    run = await running(store)
    await report(store, run, note(), note())
    with pytest.raises(RunNotFound):
        await anext(tail(store, "run_x"))
    with pytest.raises(Trimmed):
        await anext(tail(store, run.id, Cursor(2, "other")))
    await save(store, run.id)
    await store.trim(run.id, floor=2)
    with pytest.raises(Trimmed):
        await anext(tail(store, run.id))


async def test_a_deleted_run_ends_its_tail(store: Store) -> None:
    """With an error, when the reader looks for more."""
    run = await end(store, await running(store))
    follower = tail(store, run.id)
    assert (await anext(follower)).events[-1].seq == 3
    await store.delete(run.id)
    with pytest.raises(StopAsyncIteration):
        await anext(follower)
    with pytest.raises(RunNotFound):
        await anext(tail(store, run.id))


async def test_the_doorbell_of_one_run(store: Store) -> None:
    """Is rung by its own news; waiting for a ring ends in time."""
    run, other = await running(store), await running(store)
    with doorbell(store, run.id) as bell:
        await report(store, run, note())
        assert await rings(bell, 20.0)
        assert len(await log(store, run.id)) == 3
    with doorbell(store, other.id) as bell:
        bell.clear()
        assert not await rings(asyncio.Event(), 0.01)
    assert store.statistics()["watchers"] == 0
