"""The contract of every store: finding runs, workers, settings and the doorbell."""

import asyncio
import logging
import threading
from collections.abc import Collection

import pytest

from headway.core.events import new_event
from headway.core.ids import new_execution_id
from headway.core.run import RunStatus
from headway.errors import HeadwayError
from headway.stores.base import Claim, Leader, Release, Requeue, RunFilter, RunRow, Store, WorkerState, Write
from tests.stores.builders import (
    CANCEL_REQUESTED,
    CANCELLED,
    FakeClock,
    claim,
    end,
    failed,
    listening,
    new_run,
    note,
    queued,
    report,
    requeue,
    running,
    save,
    started,
)


async def ids(store: Store, limit: int = 50, **which: object) -> list[str]:
    """Ids of the runs a filter lets through."""
    return [run.id for run in await store.list_runs(RunFilter(**which), limit=limit)]  # type: ignore[arg-type]


# -- lists


async def test_runs_are_listed_newest_first_page_by_page(store: Store) -> None:
    """Each page begins after the last run of the one before."""
    made = [(await store.create(new_run()))[0].id for _ in range(7)]
    newest_first = sorted(made, reverse=True)
    pages, before = [], None
    while page := await ids(store, limit=3, before=before):
        pages.append(page)
        before = page[-1]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [run_id for page in pages for run_id in page] == newest_first


async def test_filters_hold_together(store: Store) -> None:
    """Owner, status, job and group; several statuses are alternatives."""
    made: dict[tuple[str, str, str | None, bool], str] = {}
    for owner in ("ada", ""):
        for job in ("a", "b"):
            for group in ("g", None):
                for ended in (True, False):
                    run = await running(store, owner=owner, job=job, group=group)
                    made[owner, job, group, ended] = (await end(store, run, failed()) if ended else run).id

    def expected(**which: object) -> list[str]:
        places = ("owner", "job", "group", "ended")
        found = [
            run_id
            for values, run_id in made.items()
            if all(values[places.index(name)] == wanted for name, wanted in which.items())
        ]
        return sorted(found, reverse=True)

    assert await ids(store) == expected()
    assert await ids(store, owner="ada") == expected(owner="ada")
    assert await ids(store, owner="") == expected(owner="")
    assert await ids(store, owner="ada", job="a") == expected(owner="ada", job="a")
    assert await ids(store, owner="ada", job="a", group="g") == expected(owner="ada", job="a", group="g")
    assert await ids(store, group="g") == expected(group="g")
    assert await ids(store, job="b", status={RunStatus.FAILED}) == expected(job="b", ended=True)
    assert await ids(store, status={RunStatus.FAILED}) == expected(ended=True)
    assert await ids(store, status={RunStatus.FAILED, RunStatus.RUNNING}) == expected()
    assert (
        await ids(store, status={RunStatus.FAILED}, before=expected(ended=True)[2], limit=2, owner="ada")
        == [run_id for run_id in expected(owner="ada", ended=True) if run_id < expected(ended=True)[2]][:2]
    )
    assert await ids(store, status=()) == []
    assert await ids(store, owner="nobody") == []


async def test_queued_runs_are_found_when_they_are_due(store: Store, clock: FakeClock) -> None:
    """Oldest first; not those of other jobs, external, claimed or later ones."""
    first, second = sorted([(await store.create(new_run(job="a")))[0].id for _ in range(2)])
    later = (await store.create(new_run(job="b", due_ms=clock.ms + 5_000)))[0]
    await store.create(new_run(job="c"))
    await store.create(new_run(job="a", external=True))
    await running(store, job="a")
    assert later.due_ms == clock.ms + 5_000
    assert [run.id for run in await store.queued(["a", "b"])] == [first, second]
    assert [run.id for run in await store.queued(["a", "b"], limit=1)] == [first]
    assert await store.queued([]) == []
    clock.ms += 5_000
    assert [run.id for run in await store.queued({"a", "b"})] == sorted([first, second, later.id])


async def test_a_requeued_run_is_queued_again(store: Store, clock: FakeClock) -> None:
    """At its due time; claiming takes it away."""
    run = await running(store, worker="wrk_1")
    run = (await store.append(run.id, requeue(run, due_ms=clock.ms + 1_000))).run
    assert (await store.queued(["j"]), await store.claimed()) == ([], [])
    clock.ms += 1_000
    assert await store.queued(["j"]) == [run]
    run = await claim(store, run, "wrk_2")
    assert run.due_ms is None
    assert (await store.queued(["j"]), await store.claimed()) == ([], [run])


async def test_claimed_runs_are_those_a_worker_holds(store: Store) -> None:
    """Whatever ends them lets go of them."""
    held = await running(store, worker="wrk_1")
    await running(store)
    await end(store, await running(store, worker="wrk_1"))
    assert await store.claimed() == [held]


async def test_external_runs_lapse_without_an_append(store: Store, clock: FakeClock) -> None:
    """A heartbeat keeps them; a run without lease, or not external, never lapses; an ended one has nothing to lose."""
    leased = await running(store, external=True, lease_s=2.0)
    ended = await running(store, external=True, lease_s=2.0)
    await end(store, ended)
    await running(store, external=True)
    await running(store, lease_s=2.0)
    clock.ms += 1_999
    assert await store.lapsed() == []
    await store.append(leased.id, Write(execution_id=leased.execution_id))
    clock.ms += 2_000
    assert await store.lapsed() == []
    clock.ms += 1
    assert [run.id for run in await store.lapsed()] == [leased.id]
    await report(store, leased, note())
    assert await store.lapsed() == []


async def test_runs_asked_to_stop_that_no_worker_holds(store: Store) -> None:
    """They are found until they stop; those of a worker are its own to stop, those still queued are not at work."""
    outside = [await running(store, external=True) for _ in range(3)]
    await store.create(new_run(external=True))
    held = await running(store, worker="wrk_1")
    for run in (*outside[:2], held):
        await report(store, run, CANCEL_REQUESTED)
    await report(store, outside[1], new_event("run.waiting", {"ask_id": "a", "prompt": "?"}))
    queued_one, _ = await store.create(new_run(CANCEL_REQUESTED))
    assert [run.id for run in await store.asked_to_stop()] == [outside[0].id, outside[1].id]
    await claim(store, queued_one, None)
    assert [run.id for run in await store.asked_to_stop()] == [outside[0].id, outside[1].id, queued_one.id]
    await end(store, outside[0], CANCELLED)
    row = await store.get(outside[1].id)
    assert row is not None
    await store.append(row.id, requeue(row))
    assert [run.id for run in await store.asked_to_stop()] == [queued_one.id]


async def test_runs_that_wait_for_an_answer_lapse_when_nobody_holds_them(store: Store, clock: FakeClock) -> None:
    """Not while a worker does, and not once they go on; one that may wait for ever never does."""
    run = await claim(store, (await store.create(new_run()))[0])
    asked = new_event("run.waiting", {"ask_id": "a", "prompt": "?"})
    await store.append(run.id, Write(events=[asked], execution_id=run.execution_id))
    assert [held.id for held in await store.claimed()] == [run.id]
    release = Write(events=[note()], execution_id=run.execution_id, release=Release(clock.ms + 500))
    waits = (await store.append(run.id, release)).run
    assert (waits.status, waits.worker, waits.due_ms) == (RunStatus.WAITING, None, clock.ms + 500)
    assert await store.get(run.id) == waits
    assert await store.claimed() == []
    assert await store.queued(["j"]) == []
    assert await store.lapsed() == []
    clock.ms += 501
    assert [lapsed.id for lapsed in await store.lapsed()] == [run.id]
    over = [new_event("run.resumed", {"ask_id": "a"}), queued(2, "resumed")]
    again = (await store.append(run.id, Write(events=over, held=False, requeue=Requeue(new_execution_id())))).run
    assert await store.lapsed() == []
    assert [due.id for due in await store.queued(["j"])] == [run.id]
    second = await claim(store, again)
    for write in (
        Write(events=[asked], execution_id=second.execution_id),
        Write(events=[note()], execution_id=second.execution_id, release=Release()),
    ):
        await store.append(run.id, write)
    clock.ms += 10**9
    assert await store.lapsed() == []


async def test_durations_of_the_last_successes(store: Store, clock: FakeClock) -> None:
    """Newest first, from start to end; failures and other jobs do not count."""
    for seconds in (1, 2, 3):
        run = await running(store)
        clock.ms += seconds * 1_000
        await end(store, run)
    await end(store, await running(store), failed())
    await end(store, await running(store, job="other"))
    assert await store.durations("j") == [3.0, 2.0, 1.0]
    assert await store.durations("j", limit=2) == [3.0, 2.0]
    assert await store.durations("nothing") == []


# -- workers


async def test_workers_join_beat_and_leave(store: Store) -> None:
    """Each has an id of its own; leaving twice is once."""
    one, two = await store.join(), await store.join()
    assert await store.workers() == {one: WorkerState(0, gone=False), two: WorkerState(0, gone=False)}
    await store.beat(one)
    await store.beat(one)
    assert (await store.workers())[one] == WorkerState(2, gone=False)
    await store.leave(one)
    await store.leave(one)
    await store.beat(one)
    assert list(await store.workers()) == [two]


async def test_a_worker_beats_while_its_loop_stands_still(store: Store) -> None:
    """From a thread of its own; where that is not possible any more, nothing happens."""
    worker = await store.join()
    thread = threading.Thread(target=store.beat_soon, args=(worker,))
    thread.start()
    thread.join()
    while (await store.workers())[worker].beat == 0:
        await asyncio.sleep(0)
    await store.close()
    store.beat_soon(worker)


# -- leaders


async def test_a_role_is_held_by_one_worker(store: Store) -> None:
    """By whoever asked first, for as long as it is listed; its own asking is its beat. Roles do not mind each other."""
    one, two = await store.join(), await store.join()
    assert await store.lead("cook", one) == Leader(one, 1)
    assert await store.lead("cook", two) == Leader(one, 1)
    assert await store.lead("cook", one) == Leader(one, 2)
    assert await store.lead("waiter", two) == Leader(two, 1)
    await store.leave(one)
    assert await store.lead("cook", two) == Leader(two, 3)
    assert await store.lead("cook", await store.join()) == Leader(two, 3)


async def test_a_silent_leader_is_replaced_by_who_saw_it_last(store: Store) -> None:
    """One that has asked since, or was replaced by somebody else, is not."""
    one, two, three = [await store.join() for _ in range(3)]
    seen = await store.lead("cook", one)
    again = await store.lead("cook", one)
    assert await store.lead("cook", two, instead_of=seen) == again
    assert await store.lead("cook", two, instead_of=again) == Leader(two, 3)
    assert await store.lead("cook", three, instead_of=again) == Leader(two, 3)
    assert await store.lead("cook", one) == Leader(two, 3)


async def test_of_many_that_ask_at_once_one_leads(store: Store) -> None:
    """And all hear the same, also when they take a role over."""
    workers = [await store.join() for _ in range(10)]
    told = await asyncio.gather(*(store.lead("cook", worker) for worker in workers))
    leader = told[0].worker
    assert {answer.worker for answer in told} == {leader}
    seen = await store.lead("cook", leader)
    others = [worker for worker in workers if worker != leader]
    told = await asyncio.gather(*(store.lead("cook", worker, instead_of=seen) for worker in others))
    assert len({answer.worker for answer in told}) == 1
    assert told[0].worker != leader


# -- settings


async def test_settings_are_json(store: Store) -> None:
    """What was never set is null."""
    assert await store.setting("transports") is None
    value = {"off": ["sse"], "more": None}
    await store.put_setting("transports", value)
    value["off"] = None
    assert await store.setting("transports") == {"off": ["sse"], "more": None}
    await store.put_setting("transports", False)
    assert await store.setting("transports") is False


# -- the doorbell


async def test_the_doorbell_rings_for_what_changed(store: Store) -> None:
    """Creation, events, snapshots; a heartbeat or a refused write is no news."""
    quiet = await running(store)
    async with listening(store) as bell:
        run, _ = await store.create(new_run())
        await bell.until_told(run.id)
        await claim(store, run)
        await bell.until_told(run.id)
        await save(store, run.id)
        await bell.until_told(run.id)
        await store.append(quiet.id, Write(execution_id=quiet.execution_id))
        with pytest.raises(HeadwayError):
            await store.append(quiet.id, Write(events=[note()], execution_id="exe_other"))
        await store.get(quiet.id)  # a turn of the loop, in which news of it would have been told
        assert quiet.id not in bell.heard


async def test_the_doorbell_rings_for_settings_and_deletions(store: Store) -> None:
    """As news of anything."""
    run = await end(store, await running(store))
    async with listening(store) as bell:
        await store.put_setting("x", 1)
        await bell.until_told()
        await store.delete(run.id)
        await bell.until_told()


async def test_a_watcher_that_ended_hears_nothing(store: Store) -> None:
    """Ending twice is once."""
    run = await running(store)
    heard: list[Collection[str]] = []
    unwatch = store.watch(heard.append)
    unwatch()
    unwatch()
    async with listening(store) as bell:
        await report(store, run, note())
        await bell.until_told(run.id)
    assert heard == []


async def test_one_watcher_s_mistake_is_not_the_others(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and rings on."""

    def broken(runs: Collection[str]) -> None:
        raise ZeroDivisionError

    run = await running(store)
    unwatch = store.watch(broken)
    with caplog.at_level(logging.ERROR, "headway.stores"):
        async with listening(store) as bell:
            await report(store, run, note())
            await bell.until_told(run.id)
    unwatch()
    assert "a watcher of the store failed" in caplog.text


async def test_news_is_there_when_the_doorbell_rings(store: Store) -> None:
    """Who reads because of a ring finds what it was for."""
    run = await running(store)
    seen: list[int] = []
    rung = asyncio.Event()
    unwatch = store.watch(lambda _: rung.set())

    async def follow() -> None:
        after = run.cursor
        while len(seen) < 50:
            await rung.wait()
            rung.clear()
            while (page := await store.read(run.id, after=after)).events:
                seen.extend(event.seq for event in page.events)
                after = page.run.cursor

    async with asyncio.timeout(20):
        async with asyncio.TaskGroup() as group:
            group.create_task(follow())
            for number in range(50):
                await report(store, run, note(str(number)))
    unwatch()
    assert seen == list(range(3, 53))


# -- life


async def test_a_closed_store_says_what_to_do(store: Store) -> None:
    """Opening and closing twice is once; what was handed in before the close is done."""
    await store.open()
    run = await running(store)
    await report(store, run, note())
    await store.close()
    await store.close()
    with pytest.raises(HeadwayError, match="open"):
        await store.get(run.id)
    with pytest.raises(HeadwayError, match="open"):
        await report(store, run, note())
    await store.open()
    row = await store.get(run.id)
    assert row is not None
    assert row.seq == 3


async def test_statistics_name_the_buffers(store: Store) -> None:
    """For metrics and ``doctor``."""
    await running(store)
    statistics = store.statistics()
    assert statistics["watchers"] == 0
    assert all(isinstance(value, int) for value in statistics.values())


async def test_a_take_over_moves_the_run_to_its_new_worker(store: Store) -> None:
    """In one write with its claim, so that nobody comes between."""
    run = await running(store, worker="wrk_1")
    both = Write(
        events=[queued(2, "takeover"), started(2, "wrk_2")],
        attempt=1,
        requeue=Requeue("exe_2", takeover=True),
        claim=Claim("wrk_2"),
    )
    after: RunRow = (await store.append(run.id, both)).run
    assert await store.claimed() == [after]
