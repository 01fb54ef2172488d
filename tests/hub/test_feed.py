import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from headway.core.cursor import START, Cursor
from headway.core.events import new_event
from headway.core.run import RunStatus
from headway.errors import RunNotFound, StoreUnavailable
from headway.hub import HubSettings, audience
from headway.hub import feed as feed_module
from headway.hub import hub as hub_module
from headway.stores.base import Requeue, RunRow, Write
from tests.hub.world import Client, World, world
from tests.serving import FAILED, SUCCEEDED, delta, note
from tests.stores.builders import new_run

SMALL = HubSettings(budget=2_000, tail_min=0, recent_bytes=4_000)


async def _stall(here: World, run: RunRow) -> tuple[RunRow, Client]:
    """A viewer that has read its snapshot, and then does not read."""
    client = await here.join(run)
    client.read()
    while not client.connection.stalled:
        run = await here.append(run, note())
    return run, client


async def test_who_reads_again_soon_gets_what_was_missed() -> None:
    """Fewer bytes than a snapshot: the events themselves."""
    async with world(SMALL) as here:
        run = await here.run(*(new_event("item.planned", {"key": f"day {n}"}) for n in range(50)))
        run, client = await _stall(here, run)
        run = await here.append(run, note("missed"), note("also missed"))
        await here.drain(client)
        assert client.viewer.resets == []
        assert client.viewer.seqs[-1] == run.seq
        assert client.subscription.live


async def test_who_reads_again_late_gets_the_state() -> None:
    """More bytes than a snapshot: `reset lagged` and the snapshot, not what was missed."""
    async with world(SMALL) as here:
        run, client = await _stall(here, await here.run())
        for _ in range(20):
            run = await here.append(run, *(delta("abc") for _ in range(20)))
        await here.drain(client)
        assert client.viewer.resets == ["lagged"]
        assert client.viewer.fold.seq == run.seq
        assert client.viewer.fold.snapshot()["outputs"]["text"]["text"] == "abc" * 400
        assert (await here.append(run, note())).seq == run.seq + 1
        client.read()
        assert client.viewer.fold.seq == run.seq + 1


async def test_at_most_one_reset_in_five_seconds() -> None:
    """Who lags again at once has to wait for the next one."""
    async with world(SMALL) as here:
        run, client = await _stall(here, await here.run())
        for lag in range(2):
            for _ in range(10):
                run = await here.append(run, *(delta("abc") for _ in range(20)))
            await here.drain(client)
            assert client.viewer.resets == ["lagged"]
            if not lag:
                while not client.connection.stalled:
                    run = await here.append(run, delta("abc"), delta("abc"))
        await here.pass_time(4.9)
        assert client.read() == []
        await here.pass_time(0.1)
        await here.drain(client)
        assert client.viewer.resets == ["lagged", "lagged"]
        assert client.viewer.fold.seq == run.seq


async def test_who_wants_every_event_is_cut_off_when_it_lags() -> None:
    """It comes back with its cursor and gets them from there, without a snapshot."""
    async with world(SMALL) as here:
        run = await here.run()
        client = await here.join(run, every=True)
        client.read()
        while not client.sink.aborted:
            run = await here.append(run, delta("abc"))
        for _ in range(10):
            run = await here.append(run, *(delta("abc") for _ in range(20)))
        again = await here.join(run, cursor=client.viewer.cursor, every=True)
        again.viewer = client.viewer
        await here.drain(again)
        assert client.viewer.resets == []
        assert client.viewer.fold.seq == run.seq
        assert not again.sink.aborted
        assert here.hub.counters.dropped == 1


async def test_a_snapshot_larger_than_the_budget_gets_through() -> None:
    """It is not counted; what comes after it waits until it was read."""
    async with world(SMALL) as here:
        run = await here.run(*(new_event("item.planned", {"key": f"day {n}"}) for n in range(100)))
        client = await here.join(run)
        assert client.connection.stalled
        run = await here.append(run, note("after"))
        assert client.read() == ["snapshot"]
        assert client.read() == ["note"]


async def test_joins_near_the_head_need_no_read() -> None:
    """What is in memory is handed out from there; older cursors are read, each page once for all who need it."""
    async with world(replace(SMALL, tail_min=1_000_000)) as here:
        run = await here.run()
        start = run.cursor
        await here.join(run)
        for number in range(40):
            run = await here.append(run, note(str(number)))
        near = (await here.store.read(run.id, limit=39)).events[-1].cursor
        client = await here.join(run, cursor=near)
        assert client.read() == ["note"] * 3
        assert here.hub.counters.reads == 0
        for client in [await here.join(run, settle=False, cursor=start) for _ in range(5)]:
            await here.drain(client)
            assert client.viewer.seqs == list(range(3, run.seq + 1))
        assert here.hub.counters.reads == 1


async def test_a_log_that_lost_its_tail_is_noticed() -> None:
    """Everybody is told at once, gets the state as it is, and goes on from there."""
    async with world() as here:
        run = await here.run()
        clients = [await here.join(run) for _ in range(3)]
        behind = str(run.cursor)
        run = await here.append(run, note("lost"), note("also lost"))
        for client in clients:
            client.read()
        kept = here.store._runs[run.id]
        del kept.events[2:]
        kept.row = replace(kept.row, seq=2, tag=kept.events[-1].tag, total=kept.events[-1].total)
        run = await here.append(kept.shown(), note("other"))
        for client in clients:
            assert client.read() == ["reset", "snapshot"]
            assert client.viewer.resets == ["ahead"]
            assert client.viewer.fold.snapshot()["notes"][-1]["body"] == "other"
        again = await here.join(run, cursor=clients[0].viewer.cursor)
        assert again.read() == []
        again = await here.join(run, cursor=behind)
        assert again.read() == ["note"]
        run = await here.append(run, note("on"))
        assert [client.read() for client in clients] == [["note"]] * 3


async def test_a_restored_log_that_is_as_long_is_noticed_without_news() -> None:
    """Same length, other events: the tags tell."""
    async with world() as here:
        run = await here.run(note("one"))
        client = await here.join(run)
        client.read()
        kept = here.store._runs[run.id]
        del kept.events[2:]
        kept.row = replace(kept.row, seq=2, tag=kept.events[-1].tag, total=kept.events[-1].total)
        await here.store.append(run.id, Write(events=[note("two")], execution_id=run.execution_id))
        await here.pass_time(1)
        assert client.read() == ["reset", "snapshot"]
        assert client.viewer.fold.snapshot()["notes"][0]["body"] == "two"


async def test_a_deleted_run() -> None:
    """Its viewers are told, and the feed is dropped; nobody joins it any more."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        here.store._runs.clear()
        await here.pass_time(1)
        assert client.read() == ["reset"]
        assert client.viewer.resets == ["gone"]
        assert client.sink.closed
        with pytest.raises(RunNotFound):
            await here.join(run)
        assert here.hub.statistics()["open"] == 0


async def test_who_comes_to_a_deleted_run_stops_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dead feed and the one that could not begin are both forgotten, and time goes on for all others."""
    async with world(HubSettings(linger_s=5, look_s=0.1)) as here:
        monkeypatch.setattr(hub_module, "_now", lambda: here.time)
        gone, other = await here.run(), await here.run()
        client = await here.join(gone)
        await here.join(other)
        del here.store._runs[gone.id]
        await here.pass_time(1)
        assert client.read() == ["snapshot", "reset"]
        with pytest.raises(RunNotFound):
            await here.join(gone)
        here.time += 10
        here.hub._tick()
        assert here.hub._timer is not None
        assert [feed.run_id for feed in here.hub._looked] == list(here.hub._feeds) == [other.id]


async def test_news_during_a_read_are_read_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doorbell that rings meanwhile is kept: no look is needed."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        read, go_on = here.store.read, asyncio.Event()

        async def read_slowly(*args: Any, **options: Any) -> Any:
            page = await read(*args, **options)
            await go_on.wait()
            return page

        monkeypatch.setattr(here.store, "read", read_slowly)
        await here.append(run, note("one"))
        await here.append(run, note("two"))
        assert client.read() == []
        go_on.set()
        await here.settle()
        assert client.read() == ["note", "note"]


async def test_a_lost_doorbell_costs_a_second() -> None:
    """Feeds look by themselves."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        here.store._doorbell._watchers.clear()
        run = await here.append(run, note())
        assert client.read() == []
        await here.pass_time(1)
        assert client.read() == ["note"]


async def test_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Viewers stay, are told once that the state may be old, and once that it is not any more."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        read = here.store.read

        async def fail(*args: Any, **options: Any) -> Any:
            raise StoreUnavailable("the disk is away")

        monkeypatch.setattr(here.store, "read", fail)
        await here.append(run, note())
        await here.pass_time(1)
        assert client.read() == ["live"]
        monkeypatch.setattr(here.store, "read", read)
        await here.pass_time(1)
        assert client.read() == ["note", "live"]


async def test_a_feed_that_fails_takes_its_state_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in one place must not freeze the page: the state is folded again, and everybody gets it."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()

        async def fail(events: Any) -> None:
            raise ZeroDivisionError

        feed = here.hub._feeds[run.id]
        monkeypatch.setattr(feed.folded.__class__, "take", lambda self, events: fail(events))
        run = await here.append(run, note())
        monkeypatch.undo()
        await here.pass_time(1)
        assert client.read() == ["note", "reset", "snapshot"]
        await here.append(run, note())
        assert client.read() == ["note"]


async def test_place_in_the_queue() -> None:
    """`live` is sent when it changes, at most every ten seconds, and not any more when the run has started."""
    places = iter([3, 2, 2, 1])

    async def situation(run: RunRow) -> dict[str, Any]:
        waits = run.status is RunStatus.QUEUED
        return {"queue_position": next(places) if waits else None, "estimated_start": None, "degraded": False}

    async with world(situation=situation) as here:
        run, _ = await here.store.create(new_run())
        client = await here.join(run)
        client.read()
        for _ in range(45):
            await here.pass_time(1)
            client.read()
        told = [orjson.loads(frame.data)["queue_position"] for frame in client.frames if frame.event == "live"]
        assert told == [3, 2, 1]
        assert here.hub._feeds[run.id].live["queue_position"] == 1
        write = Write(events=[new_event("run.started", {"attempt": 1})], execution_id=run.execution_id)
        await here.store.append(run.id, write)
        await here.settle()
        assert client.read() == ["run.started", "live"]


async def test_a_run_that_ends_ends_the_streams_of_all() -> None:
    """Those who have everything at once, those who are behind when they have read on."""
    async with world(SMALL) as here:
        run = await here.run()
        quick = await here.join(run)
        quick.read()
        run, slow = await _stall(here, run)
        run = await here.append(run, SUCCEEDED)
        end = {"status": "succeeded", "seq": run.seq, "final": True}
        await here.drain(quick)
        assert [client.viewer.end for client in (quick, slow)] == [end, None]
        await here.drain(slow)
        assert [client.viewer.end for client in (quick, slow)] == [end, end]
        assert slow.sink.closed


async def test_a_hole_in_the_log_is_never_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that leaves an event out is not believed; viewers wait until it is whole, and miss nothing."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        whole = here.store.read

        async def with_a_hole(*args: Any, **kwargs: Any) -> Any:
            page = await whole(*args, **kwargs)
            return replace(page, events=[event for event in page.events if event.seq != run.seq + 2])

        monkeypatch.setattr(here.store, "read", with_a_hole)
        last = await here.append(run, *(note(f"{n}") for n in range(4)))
        assert client.read() == ["live"]
        assert client.viewer.fold.seq == run.seq
        monkeypatch.setattr(here.store, "read", whole)
        await here.pass_time(1)
        await here.drain(client)
        assert client.viewer.fold.seq == last.seq


async def test_a_reopened_run_goes_on() -> None:
    """Who joins after the end was reopened is not told of it."""
    async with world() as here:
        run = await here.run(FAILED)
        old = await here.join(run)
        assert old.read()[-1] == "end"
        write = Write(
            events=[
                new_event("run.reopened", {"by": "ada"}),
                new_event("run.queued", {"attempt": 2, "reason": "reopened"}),
            ],
            statuses=(RunStatus.FAILED,),
            requeue=Requeue("exe_2"),
        )
        await here.store.append(run.id, write)
        await here.settle()
        new = await here.join(run)
        assert new.read() == ["snapshot"]
        assert new.viewer.end is None
        assert new.viewer.fold.status is RunStatus.QUEUED


async def test_a_client_that_knows_more_than_the_feed() -> None:
    """It heard of an event elsewhere before our doorbell rang: the feed reads first."""
    async with world() as here:
        run = await here.run()
        await here.join(run)
        here.store._doorbell._watchers.clear()
        run = await here.append(run, note("a"), note("b"))
        client = await here.join(run, cursor=run.cursor)
        assert client.read() == []
        assert client.subscription.live
        assert here.hub._feeds[run.id].head == run.cursor


async def test_the_beginning_of_a_log() -> None:
    """The cursor before the first event is good."""
    async with world() as here:
        run = await here.run(note())
        client = await here.join(run, cursor=START, whole=True)
        assert client.read() == ["run.queued", "run.started", "note"]


async def test_feeds_are_dropped_some_time_after_the_last_viewer() -> None:
    """Not at once: who reloads a page finds it warm. Not while somebody is about to join."""
    async with world(HubSettings(linger_s=5)) as here:
        run = await here.run()
        client = await here.join(run)
        client.sink.abort()
        feed = here.hub._feeds[run.id]
        assert not feed.is_idle(here.time - 5)
        here.time += 5
        assert feed.is_idle(here.time - 5)
        feed.holds += 1
        assert not feed.is_idle(here.time - 5)


async def _opening(here: World, run: RunRow, times: int) -> list[asyncio.Task[Client]]:
    return [asyncio.create_task(here.join(run)) for _ in range(times)]


async def test_one_that_gives_up_while_a_feed_opens_stops_nobody_else() -> None:
    """Opening is shared; a cancelled request only stops waiting for it."""
    async with world() as here:
        run = await here.run()
        tasks = await _opening(here, run, 3)
        await asyncio.sleep(0)
        tasks[0].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        for client in done[1:]:
            assert isinstance(client, Client)
            assert client.read() == ["snapshot"]


async def test_a_run_that_is_not_there_leaves_no_feed() -> None:
    """The error is the caller's, and nothing stays behind."""
    async with world() as here:
        run = await here.run()
        with pytest.raises(RunNotFound):
            await here.join(replace(run, id="run_nowhere"))
        assert here.hub.statistics()["feeds"] == 0


@pytest.fixture
def _one_write_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "WRITES_A_PASS", 1)


@pytest.mark.usefixtures("_one_write_a_pass")
async def test_who_is_brought_up_to_date_in_the_middle_of_a_delivery_gets_nothing_twice() -> None:
    """A viewer stalls and reads again while others are being written to: the delivery then passes it over."""
    async with world(replace(SMALL, tail_min=100_000)) as here:
        run = await here.run()
        clients = [await here.join(run) for _ in range(5)]
        for client in clients:
            client.read()
        await here.store.append(run.id, Write(events=[note()], execution_id=run.execution_id))
        while not clients[0].sink.buffered():
            await asyncio.sleep(0)
        last = clients[-1]
        assert not last.sink.buffered(), "the delivery is over already"
        await here.hub.notice({"text": "x" * 3_000})
        assert last.connection.stalled
        last.read()
        assert last.viewer.seqs == []
        await here.settle()
        for client in clients:
            client.read()
            client.read()
            assert client.viewer.seqs == [3]


@pytest.mark.parametrize("at", [0, 2, 4])
async def test_a_failing_write_drops_that_viewer_only(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others get the event, and the run goes on."""
    async with world() as here:
        run = await here.run()
        clients = [await here.join(run) for _ in range(5)]
        for client in clients:
            client.read()

        def fail(data: bytes) -> None:
            raise RuntimeError("the handle is closed")

        clients[at].subscription.write = fail
        run = await here.append(run, note())
        assert [client.read() for client in clients] == [[] if place == at else ["note"] for place in range(5)]
        assert clients[at].sink.aborted
        found = here.hub.statistics()
        assert (found["failed"], found["open"]) == (1, 4)
        await here.append(run, note())
        assert clients[at - 1].read() == ["note"]


async def test_the_loop_runs_between_a_thousand_writes() -> None:
    """A delivery to many does not keep the event loop from everybody else."""
    async with world(HubSettings(ping_s=1_000)) as here:
        run = await here.run()
        clients = [await here.join(run, settle=False) for _ in range(2_500)]
        turns: list[int] = []
        watching = asyncio.create_task(_watch_turns(clients, turns))
        await here.append(run, note("x"))
        watching.cancel()
        assert {1_000, 2_000} <= set(turns)
        for client in clients:
            assert [name for name in client.read() if name != "ping"] == ["snapshot", "note"]


async def _watch_turns(clients: list[Client], turns: list[int]) -> None:
    while True:
        turns.append(sum(client.subscription.seq == 3 for client in clients))
        await asyncio.sleep(0)


async def test_a_long_page_is_delivered_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between them it is noticed who does not read: nobody is owed a whole page."""
    async with world(HubSettings(budget=2_000)) as here:
        monkeypatch.setattr(feed_module, "SLICE_BYTES", 1_000)
        run = await here.run()
        client = await here.join(run)
        client.read()
        await here.append(run, *(note() for _ in range(200)))
        assert 2_000 < client.sink.buffered() < 5_000


async def test_cursor_of_the_feed_is_of_its_log() -> None:
    """A snapshot kept in memory that the log does not hold is made anew."""
    async with world() as here:
        run = await here.run(note("kept"), note("lost"))
        await here.projections.current(run.id)
        kept = here.store._runs[run.id]
        del kept.events[3:]
        kept.row = replace(kept.row, seq=3, tag=kept.events[-1].tag, total=kept.events[-1].total)
        client = await here.join(run)
        assert client.read() == ["snapshot"]
        assert client.viewer.fold.cursor == str(Cursor(3, kept.row.tag))
