"""One store, several processes: they append to it, follow it, and die over it."""

import asyncio
import json
import random
from collections import defaultdict

import pytest

from headway.core.clock import parse_ms
from headway.core.cursor import Cursor
from headway.core.fold import Fold
from headway.core.run import ENDED
from headway.errors import Fenced
from headway.stores.base import Standing, Store
from headway.stores.location import store_at
from headway.stores.projection import read_log
from tests.stores.builders import assert_true, data, end, listening, log, new_run, note, report, requeue, running
from tests.stores.conftest import Shared
from tests.stores.process import Process, begin_together, ended

ENDINGS = 6


async def test_processes_append_to_one_run_and_follow_it(shared: Shared) -> None:
    """Three write without a pause, this one too; two follow: every seq exactly once, in order."""
    store, run = shared.store, await running(shared.store)
    writers = [Process("append", shared.url, run.id, 150) for _ in range(3)]
    followers = [Process("follow", shared.url, run.id, 450) for _ in range(2)]
    with ended(*writers, *followers):
        await begin_together(*writers, *followers)
        for number in range(100):
            await report(store, run, note(f"mine {number}"))
        written = [await writer.hear() for writer in writers]
        await end(store, run)
        events = await log(store, run.id)
        for follower in followers:
            seen = await follower.hear()
            assert seen == list(range(1, len(seen) + 1))
    row = await store.get(run.id)
    assert row is not None
    assert_true(events, row)
    assert len(events) == 2 + sum(written) + 100 + 1
    mine = [data(event)["body"] for event in events if event.type == "note" and "mine" in data(event)["body"]]
    assert mine == [f"mine {number}" for number in range(100)]


async def test_overlapping_keyed_batches_of_two_processes_stay_dense(shared: Shared) -> None:
    """Each key is in the log exactly once, and the two know together of all of them."""
    store, run = shared.store, await running(shared.store)
    both = [Process("keyed", shared.url, run.id, 300) for _ in range(2)]
    with ended(*both):
        await begin_together(*both)
        written = [await process.hear() for process in both]
    events = await log(store, run.id)
    row = await store.get(run.id)
    assert row is not None
    assert_true(events, row)
    keys = [data(event)["body"] for event in events[2:]]
    assert sorted(keys, key=int) == [str(number) for number in range(305)]
    assert sum(written) == 305


async def test_news_of_other_processes(shared: Shared) -> None:
    """The doorbell rings for runs that another process wrote to, and for its settings and deletions."""
    store = shared.store
    run, ended = await running(store), await end(store, await running(store))
    other = store_at(shared.url)
    await other.open()
    async with listening(store) as bell:
        for number in range(5):
            await report(other, run, note(str(number)))
            await bell.until_told(run.id)
        assert ended.id not in bell.heard
        await other.put_setting("x", 1)
        await bell.until_told()
        await other.delete(ended.id)
        await bell.until_told()
    await other.close()


async def test_own_news_is_told_once(shared: Shared) -> None:
    """What this process wrote is not told again when another one's writes are noticed."""
    store = shared.store
    run, theirs = await running(store), await running(store)
    other = store_at(shared.url)
    await other.open()
    async with listening(store) as bell:
        await report(store, run, note())
        await bell.until_told(run.id)
        await report(other, theirs, note())
        await bell.until_told(theirs.id)
        assert run.id not in bell.heard
    await other.close()


async def test_a_stale_attempt_of_another_process_is_refused(shared: Shared) -> None:
    """The fence is in the file, not in the process."""
    store, other = shared.store, store_at(shared.url)
    await other.open()
    run = await running(store, worker="wrk_1")
    await report(other, run, note())
    taken = (await other.append(run.id, requeue(run, takeover=True))).run
    with pytest.raises(Fenced):
        await report(store, run, note())
    assert_true(await log(store, run.id), taken)
    await other.close()


async def test_of_many_processes_one_leads_and_another_one_follows_it(shared: Shared) -> None:
    """All are told the same. A killed leader is replaced: at once where its lock tells, else when it is named."""
    racing = [Process("lead", shared.url, "cook") for _ in range(3)]
    with ended(*racing):
        await begin_together(*racing)
        workers = {await process.hear(): process for process in racing}
        (leader,) = {await process.hear() for process in racing}
        workers.pop(leader).kill()
        if shared.store.caps.name != "sqlite":
            me = await shared.store.join()
            dead = await shared.store.lead("cook", me)
            assert dead.worker == leader
            assert (await shared.store.lead("cook", me, instead_of=dead)).worker == me
            await shared.store.leave(me)
        told = set()
        for process in workers.values():
            while (leader := await process.hear()) not in workers:
                pass  # it may have seen this process lead for a moment
            told.add(leader)
        assert len(told) == 1


async def test_processes_keep_to_a_rate_together(shared: Shared) -> None:
    """Three race for runs of one job: no second has more than four beginnings in it, by the store's clock."""
    for _ in range(10):
        await shared.store.create(new_run(job="paced"))
    racing = [Process("claim_all", shared.url, "4/s", 10) for _ in range(3)]
    with ended(*racing):
        await begin_together(*racing)
        heard = [await process.hear() for process in racing]
    began = sorted(parse_ms(at) or 0 for times in heard for at in times)
    assert len(began) == 10
    # the clocks of the processes agree to some milliseconds, on a busy machine to some hundred
    assert all(later - sooner >= 700 for sooner, later in zip(began, began[4:], strict=False))


async def test_a_secret_goes_with_the_end_of_its_run_whenever_its_process_is_killed(shared: Shared) -> None:
    """Killed at a random moment, again and again: what has ended knows none, what has not ended still has it."""
    kills = ending = 0
    while kills < ENDINGS or not ending:  # on a busy machine the first ones may be killed too soon
        kills += 1
        process = Process("end_until_killed", shared.url, "")
        await begin_together(process)
        said = [await process.hear()]
        await asyncio.sleep(random.uniform(0, 0.02))
        said += process.kill()
        for run_id in said:
            row = await shared.store.get(run_id)
            assert row is not None
            kept = b"over" if row.status in ENDED else b"secret"
            assert await shared.store.steps(run_id) == {"answer": kept}
            ending += row.status in ENDED


@pytest.mark.slow
@pytest.mark.parametrize("kills", [8, pytest.param(50, marks=pytest.mark.soak)])
async def test_killed_writers_leave_whole_logs(shared: Shared, kills: int) -> None:
    """Two processes write and save snapshots; one after the other is killed at a random moment and replaced.

    What was acknowledged is there, logs are gapless, and snapshot + tail is the fold of all.
    """
    store, run = shared.store, await running(shared.store)
    acknowledged: dict[str, list[Cursor]] = defaultdict(list)
    alive = [Process("until_killed", shared.url, run.id) for _ in range(3)]
    await begin_together(*alive)
    for _ in range(kills):
        # the next one is got ready meanwhile
        victim, fresh = alive.pop(0), Process("until_killed", shared.url, run.id)
        alive.append(fresh)
        said = [await victim.hear()]
        await asyncio.sleep(random.uniform(0, 0.03))
        said += victim.kill()
        for run_id, text in said:
            cursor = Cursor.parse(text)
            acknowledged[run_id].append(cursor)
            assert (await store.read(run_id, after=cursor, limit=1)).standing is Standing.GOOD
        await begin_together(fresh)
    for process in alive:
        process.kill()
    for run_id, cursors in acknowledged.items():
        await check(store, run_id, cursors)
    assert await store.snapshot(run.id) is not None


async def check(store: Store, run_id: str, acknowledged: list[Cursor]) -> None:
    """A log is whole and holds what was acknowledged."""
    run = await store.get(run_id)
    assert run is not None
    events = [event async for event in read_log(store, run_id)]
    tags = {event.seq: event.tag for event in events}
    assert all(tags.get(cursor.seq) == cursor.tag for cursor in acknowledged)
    assert_true(events, run)
    stored = await store.snapshot(run_id)
    fold, tail = Fold(), Fold(json.loads(stored.body)) if stored else Fold()
    for event in events:
        fold.apply(event.envelope(), event.cursor)
        tail.apply(event.envelope(), event.cursor)
    assert tail.snapshot() == fold.snapshot()
