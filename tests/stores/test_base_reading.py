"""The contract of every store: reading logs from cursors, snapshots, trimming."""

import asyncio

import pytest

from headway.core.cursor import START, Cursor
from headway.core.events import StoredEvent
from headway.core.ids import new_run_id
from headway.core.limits import FOLD_VERSION
from headway.core.run import RunStatus
from headway.errors import RunActive, RunNotFound
from headway.stores.base import Checkpoint, Ended, RunFilter, RunRow, Standing, Store, StoredSnapshot, Write
from headway.stores.retention import Part, Retention
from tests.stores.builders import (
    CANCELLED,
    REOPENED,
    FakeClock,
    claim,
    delta,
    end,
    line,
    log,
    new_run,
    note,
    report,
    requeue,
    running,
    save,
)


async def written(store: Store, count: int = 8) -> RunRow:
    """A run with `count` notes after its two first events, one batch each."""
    run = await running(store)
    for number in range(count):
        await report(store, run, note(str(number)))
    row = await store.get(run.id)
    assert row is not None
    return row


async def cursor_at(store: Store, run: RunRow, seq: int) -> Cursor:
    """The cursor of an event."""
    event = next(event for event in await log(store, run.id, partial=True) if event.seq == seq)
    return Cursor(event.seq, event.tag)


async def standing(store: Store, run: RunRow, cursor: Cursor, *, partial: bool = False) -> Standing:
    """What a cursor is worth; a bad one gets no events."""
    page = await store.read(run.id, after=cursor, partial=partial)
    assert page.standing is Standing.GOOD or (not page.events and page.tail == 0 and not page.more)
    return page.standing


# -- pages


async def test_a_log_is_read_in_pages(store: Store) -> None:
    """Dense, each from the last event of the one before; the tail says how many bytes are left."""
    run = await written(store)
    whole: list[StoredEvent] = []
    after, left = START, run.total
    while True:
        page = await store.read(run.id, after=after, limit=3)
        assert page.run == run
        assert page.tail == left
        whole += page.events
        left -= sum(len(event.body) for event in page.events)
        after = Cursor(page.events[-1].seq, page.events[-1].tag)
        if not page.more:
            break
        assert len(page.events) == 3
    assert [event.seq for event in whole] == list(range(1, 11))
    assert left == 0


async def test_a_page_holds_so_many_bytes(store: Store) -> None:
    """But always one event, however large."""
    run = await running(store)
    await report(store, run, note("x" * 5_000), note("y"), note("z" * 5_000))
    after = await cursor_at(store, run, 2)
    page = await store.read(run.id, after=after, max_bytes=1_000)
    assert ([event.seq for event in page.events], page.more) == ([3], True)
    both = sum(len(event.body) for event in (await store.read(run.id, after=after)).events[:2])
    page = await store.read(run.id, after=after, max_bytes=both)
    assert [event.seq for event in page.events] == [3, 4]
    page = await store.read(run.id, after=after, max_bytes=both - 1)
    assert [event.seq for event in page.events] == [3]


async def test_at_the_head_there_is_nothing_yet(store: Store) -> None:
    """The cursor of the last event is good and its tail empty."""
    run = await written(store)
    page = await store.read(run.id, after=run.cursor)
    assert (page.standing, list(page.events), page.tail, page.more) == (Standing.GOOD, [], 0, False)


async def test_an_unknown_run_cannot_be_read(store: Store) -> None:
    """And there is nothing else of it."""
    nobody = new_run_id()
    with pytest.raises(RunNotFound):
        await store.read(nobody)
    assert await store.get(nobody) is None
    assert await store.input(nobody) is None
    assert await store.snapshot(nobody) is None


# -- cursors


async def test_a_cursor_of_another_log_is_ahead(store: Store) -> None:
    """Past the head, or with another tag at its seq, wherever it is."""
    run = await written(store)
    head, middle = run.cursor, await cursor_at(store, run, 5)
    assert await standing(store, run, middle) is Standing.GOOD
    assert await standing(store, run, Cursor(head.seq + 1, head.tag)) is Standing.AHEAD
    assert await standing(store, run, Cursor(head.seq, "other")) is Standing.AHEAD
    assert await standing(store, run, Cursor(5, "other")) is Standing.AHEAD
    assert await standing(store, run, START) is Standing.GOOD


async def test_a_trimmed_log_says_so(store: Store) -> None:
    """Cursors at or below the floor have lost something or cannot be checked; those above it are good."""
    run = await written(store)
    cursors = {seq: await cursor_at(store, run, seq) for seq in range(1, 11)}
    await save(store, run.id)
    await store.trim(run.id, floor=4)
    page = await store.read(run.id, after=cursors[5])
    assert (page.run.floor, page.run.delta_floor) == (4, 4)
    assert [event.seq for event in page.events] == [6, 7, 8, 9, 10]
    for seq in (1, 3, 4):
        assert await standing(store, run, cursors[seq]) is Standing.TRIMMED
    for seq in (5, 6, 10):
        assert await standing(store, run, cursors[seq]) is Standing.GOOD
    assert await standing(store, run, START) is Standing.TRIMMED
    assert await standing(store, run, START, partial=True) is Standing.TRIMMED


async def test_trimmed_deltas_leave_a_partial_log(store: Store) -> None:
    """Only who asks for it reads on across the holes."""
    run = await running(store)
    for _ in range(3):
        await report(store, run, delta(), note())
    cursors = {seq: await cursor_at(store, run, seq) for seq in range(1, 9)}
    await save(store, run.id)
    await store.trim(run.id, floor=5, part=Part.TEXT)
    row = await store.get(run.id)
    assert row is not None
    assert (row.floor, row.delta_floor, row.total) == (0, 5, (await log(store, run.id, cursors[6]))[-1].total)
    for cursor in (START, *(cursors[seq] for seq in (1, 3, 4, 5))):
        assert await standing(store, run, cursor) is Standing.TRIMMED
        assert await standing(store, run, cursor, partial=True) is Standing.GOOD
    assert await standing(store, run, cursors[6]) is Standing.GOOD
    assert [event.seq for event in await log(store, run.id, partial=True)] == [1, 2, 4, 6, 7, 8]
    assert [event.seq for event in await log(store, run.id, cursors[3], partial=True)] == [4, 6, 7, 8]
    assert await standing(store, run, Cursor(4, "other"), partial=True) is Standing.AHEAD


async def test_trimming_all_follows_trimming_deltas(store: Store) -> None:
    """The floors never cross."""
    run = await running(store)
    await report(store, run, delta(), delta(), note(), delta(), note(), note())
    await save(store, run.id)
    await store.trim(run.id, floor=4, part=Part.TEXT)
    await store.trim(run.id, floor=3)
    row = await store.get(run.id)
    assert row is not None
    assert (row.floor, row.delta_floor) == (3, 4)
    await store.trim(run.id, floor=6)
    await store.trim(run.id, floor=2)
    row = await store.get(run.id)
    assert row is not None
    assert (row.floor, row.delta_floor) == (6, 6)


async def test_nothing_is_trimmed_that_no_snapshot_holds(store: Store) -> None:
    """State is never lost, and the snapshot's cursor stays good."""
    run = await written(store)
    await store.trim(run.id, floor=9)
    assert len(await log(store, run.id)) == 10
    kept = await save(store, run.id, 6)
    await store.trim(run.id, floor=9, part=Part.TEXT)
    await store.trim(run.id, floor=9)
    row = await store.get(run.id)
    assert row is not None
    assert (row.floor, row.delta_floor) == (5, 5)
    assert [event.seq for event in await log(store, run.id, kept.cursor)] == [7, 8, 9, 10]
    await store.trim(new_run_id(), floor=9)


async def test_a_trimmed_event_s_key_is_forgotten(store: Store) -> None:
    """Others are still known."""
    run = await running(store)
    await report(store, run, note(key="a"), note(key="b"), note())
    await save(store, run.id)
    await store.trim(run.id, floor=3)
    again = await report(store, run, note(key="a"), note(key="b"))
    assert [event.seq for event in again] == [6]


async def test_a_reader_under_a_trim_gets_whole_pages_or_is_told(store: Store) -> None:
    """Never a page with a hole in it."""
    run = await written(store, 150)
    await save(store, run.id)
    outcomes: list[Standing] = []

    async def read() -> None:
        after = START
        while True:
            page = await store.read(run.id, after=after, limit=7)
            if page.standing is not Standing.GOOD:
                outcomes.append(page.standing)
                return
            assert [event.seq for event in page.events] == [*range(after.seq + 1, after.seq + len(page.events) + 1)]
            if not page.more:
                outcomes.append(page.standing)
                return
            after = Cursor(page.events[-1].seq, page.events[-1].tag)

    async def trim() -> None:
        for floor in range(0, 140, 4):
            await store.trim(run.id, floor=floor)

    await asyncio.gather(trim(), *(read() for _ in range(5)))
    assert set(outcomes) <= {Standing.GOOD, Standing.TRIMMED}
    snapshot = await store.snapshot(run.id)
    assert snapshot is not None
    assert await standing(store, run, snapshot.cursor) is Standing.GOOD


async def test_a_reader_is_overtaken_by_a_trim_between_two_pages(store: Store) -> None:
    """It learns of it; one that is further on reads on."""
    run = await written(store, 30)
    await save(store, run.id)
    behind, ahead = await cursor_at(store, run, 5), await cursor_at(store, run, 20)
    for cursor in (behind, ahead):
        page = await store.read(run.id, after=cursor, limit=5)
        assert [event.seq for event in page.events] == [*range(cursor.seq + 1, cursor.seq + 6)]
    behind, ahead = await cursor_at(store, run, 10), await cursor_at(store, run, 25)
    await store.trim(run.id, floor=15)
    assert await standing(store, run, behind) is Standing.TRIMMED
    page = await store.read(run.id, after=ahead)
    assert (page.standing, page.run.floor) == (Standing.GOOD, 15)
    assert [event.seq for event in page.events] == [*range(26, 33)]


# -- snapshots


async def test_the_later_snapshot_is_kept(store: Store) -> None:
    """Whatever order they come in; the summary is that of the kept one."""
    run = await written(store)
    assert await store.snapshot(run.id) is None
    assert run.summary is None
    later = await save(store, run.id, 8)
    await save(store, run.id, 4)
    assert await store.snapshot(run.id) == later
    row = await store.get(run.id)
    assert row is not None
    assert row.summary == {"percent": None, "seq": 8}
    remade = StoredSnapshot(later.cursor, later.total, FOLD_VERSION + 1, b"{}")
    await store.put_snapshot(run.id, remade, {"percent": 7})
    assert await store.snapshot(run.id) == remade


async def test_a_snapshot_of_another_log_is_not_kept(store: Store) -> None:
    """It was folded from events that this log does not hold."""
    run = await written(store)
    kept = await save(store, run.id, 4)
    for cursor in (Cursor(7, "other"), Cursor(99, run.tag), Cursor(4, "other")):
        await store.put_snapshot(run.id, StoredSnapshot(cursor, 1, FOLD_VERSION, b"{}"), {})
    assert await store.snapshot(run.id) == kept
    await store.put_snapshot(new_run_id(), kept, {})


# -- retention


async def test_logs_are_kept_for_their_retention(store: Store, clock: FakeClock) -> None:
    """Deltas first, then the rest, counted from the end of the run; row, snapshot and its event stay."""
    run = await running(store)
    await report(store, run, delta(), note(), delta())
    run = await end(store, run)
    alive = await written(store)
    await save(store, run.id)
    await save(store, alive.id)
    retention = Retention(log_s=100, text_s=10)
    clock.ms += 9_000
    assert await store.prune(await of_all(store, retention)) == 0
    clock.ms += 2_000
    assert await prune_all(store, retention) == 5
    assert [event.seq for event in await log(store, run.id, partial=True)] == [1, 2, 4, 6]
    clock.ms += 100_000
    await prune_all(store, retention)
    row = await store.get(run.id)
    assert row is not None
    assert (row.floor, row.delta_floor, row.seq) == (5, 5, 6)
    page = await store.read(run.id, after=row.cursor)
    assert (page.standing, list(page.events)) == (Standing.GOOD, [])
    assert await store.snapshot(run.id) is not None
    assert len(await log(store, alive.id)) == 10


async def of_all(store: Store, retention: Retention) -> dict[str, Retention]:
    """One retention for all jobs."""
    return dict.fromkeys(await store.prunable_jobs(), retention)


async def prune_all(store: Store, retention: Retention, max_rows: int = 2_000) -> int:
    """Prune until nothing is left to do."""
    total = 0
    while done := await store.prune(await of_all(store, retention), max_rows=max_rows):
        assert done <= max_rows
        total += done
    return total


async def test_pruning_goes_in_small_steps(store: Store, clock: FakeClock) -> None:
    """No step goes over more than it was told; all of them together do the whole work."""
    runs = [await written(store, 20) for _ in range(3)]
    for run in runs:
        await end(store, run)
        await save(store, run.id)
    clock.ms += 100_000
    assert await store.prune(await of_all(store, Retention(log_s=1, text_s=None)), max_rows=7) == 7
    await prune_all(store, Retention(log_s=1, text_s=None), max_rows=7)
    for run in runs:
        row = await store.get(run.id)
        assert row is not None
        assert row.floor == row.seq - 1


async def test_what_would_be_pruned_is_told_before(store: Store, clock: FakeClock) -> None:
    """By job: exactly the events and bytes that are gone afterwards, and nothing is changed by asking."""
    for job, deltas in (("b", 3), ("a", 0), ("a", 2)):
        run = await running(store, job=job)
        await report(store, run, note(), *(delta() for _ in range(deltas)), note())
        await end(store, run)
        await save(store, run.id)
    clock.ms += 50_000
    late = await running(store, job="a")
    await report(store, late, delta("late"), note(), delta("late"))
    await end(store, late)
    await save(store, late.id)
    await written(store)  # goes on, and keeps everything
    clock.ms += 20_000
    retention = Retention(log_s=60, text_s=10)
    before = await all_events(store)
    told = await store.prunable(await of_all(store, retention))
    assert await all_events(store) == before
    assert [(one.job, one.part, one.runs, one.events) for one in told] == [
        ("a", Part.LOG, 2, 2 * 4 + 2),
        ("b", Part.LOG, 1, 4 + 3),
        ("a", Part.TEXT, 1, 2),
    ]
    await prune_all(store, retention, max_rows=5)
    gone = before - await all_events(store)
    assert (sum(one.events for one in told), sum(one.bytes for one in told)) == (len(gone), sum(map(len, gone)))
    assert await store.prunable(await of_all(store, retention)) == []


async def all_events(store: Store) -> set[bytes]:
    """What all logs hold; a body names its run and seq."""
    runs = await store.list_runs(RunFilter(), limit=1_000)
    found: set[bytes] = set()
    for run in runs:
        at = Cursor(run.floor, "0") if run.floor else START
        while (page := await store.read(run.id, after=at, partial=True)).events:
            found.update(event.body for event in page.events)
            at = Cursor(page.events[-1].seq, page.events[-1].tag)
    return found


async def test_a_part_of_the_work_is_left_to_tell(store: Store, clock: FakeClock) -> None:
    """After a pruning that was cut short, what is left is told; of more runs than are looked at in one go, too."""
    for _ in range(120):
        await save(store, (await end(store, await written(store, 3))).id)
    clock.ms += 100_000
    retention = Retention(log_s=1, text_s=None)
    every = await of_all(store, retention)
    (whole,) = await store.prunable(every)
    done = await store.prune(every, max_rows=7)
    (left,) = await store.prunable(every)
    assert whole.runs == 120
    assert left.events == whole.events - done


async def test_for_ever_is_for_ever(store: Store, clock: FakeClock) -> None:
    """None keeps everything."""
    run = await end(store, await written(store))
    await save(store, run.id)
    clock.ms += 10**12
    every = await of_all(store, Retention(log_s=None, text_s=None))
    assert (list(every), await store.prune(every), await store.prunable(every)) == ([run.job], 0, [])
    assert len(await log(store, run.id)) == 11


async def test_a_reopened_run_is_kept(store: Store, clock: FakeClock) -> None:
    """The expiry set at its end is lifted; a run without a snapshot of its end keeps what is missing there."""
    run = await written(store)
    await save(store, run.id, 5)
    cancelled = (await store.append(run.id, cancel())).run
    clock.ms += 100_000
    again = requeue(cancelled)
    reopened = Write(
        events=[REOPENED, *again.events], statuses={RunStatus.CANCELLED}, requeue=again.requeue, seq=cancelled.seq
    )
    await store.append(run.id, reopened)
    assert await prune_all(store, Retention(log_s=1, text_s=1)) == 0
    await store.append(run.id, cancel())
    clock.ms += 100_000
    await prune_all(store, Retention(log_s=1, text_s=1))
    row = await store.get(run.id)
    assert row is not None
    assert row.floor == 4


def cancel() -> Write:
    """End a run from outside."""
    return Write(events=[CANCELLED])


# -- deleting


async def test_a_deleted_run_is_gone_with_all_it_had(store: Store) -> None:
    """Its creation key is free again; others are untouched."""
    other = await written(store)
    new = new_run(owner="ada", key="k", input=b"1", group="g")
    run, _ = await store.create(new)
    run = await claim(store, run)
    await store.append(run.id, Write(execution_id=run.execution_id, checkpoint=Checkpoint("s", b"1")))
    await report(store, run, note(key="a"))
    run = await end(store, run)
    await save(store, run.id)
    await store.delete(run.id)
    assert await store.get(run.id) is None
    assert await store.input(run.id) is None
    assert await store.snapshot(run.id) is None
    assert await store.steps(run.id) == {}
    with pytest.raises(RunNotFound):
        await store.read(run.id)
    with pytest.raises(RunNotFound):
        await store.append(run.id, Write(events=[note()], execution_id=run.execution_id))
    with pytest.raises(RunNotFound):
        await store.delete(run.id)
    again, is_new = await store.create(new_run(owner="ada", key="k"))
    assert is_new
    assert len(await log(store, again.id)) == 1
    assert len(await log(store, other.id)) == 10


async def test_a_run_at_work_is_not_deleted(store: Store) -> None:
    """Nor a queued one."""
    run, _ = await store.create(new_run())
    for _ in range(2):
        with pytest.raises(RunActive):
            await store.delete(run.id)
        run = await claim(store, run) if run.status is RunStatus.QUEUED else run


async def test_every_job_and_part_has_its_time(store: Store, clock: FakeClock) -> None:
    """Lines go before text in one job and after it in another; a job that is not named keeps everything."""
    ids = {}
    for job in ("a", "b", "c"):
        run = await running(store, job=job)
        await report(store, run, delta(), line(), note(), delta("late"), line("late"))
        await end(store, run)
        await save(store, run.id)
        ids[job] = run.id
    retention = {"a": Retention(log_s=90, text_s=30, lines_s=10), "b": Retention(None, text_s=10, lines_s=30)}

    async def left() -> list[list[int]]:
        return [[event.seq for event in await log(store, ids[job], partial=True)] for job in ("a", "b", "c")]

    async def prune() -> list[tuple[str, Part, int]]:
        told = [(one.job, one.part, one.events) for one in await store.prunable(retention)]
        while await store.prune(retention, max_rows=3):
            pass
        assert await store.prunable(retention) == []
        return told

    clock.ms += 11_000
    assert await prune() == [("b", Part.TEXT, 2), ("a", Part.LINES, 2)]
    assert await left() == [[1, 2, 3, 5, 6, 8], [1, 2, 4, 5, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]]
    clock.ms += 20_000
    assert await prune() == [("a", Part.TEXT, 2), ("b", Part.LINES, 2)]
    assert await left() == [[1, 2, 5, 8], [1, 2, 5, 8], [1, 2, 3, 4, 5, 6, 7, 8]]
    rows = [row for job in ids if (row := await store.get(ids[job]))]
    assert [(row.floor, row.delta_floor) for row in rows] == [(0, 7), (0, 7), (0, 0)]
    clock.ms += 60_000
    assert await prune() == [("a", Part.LOG, 3)]
    row = await store.get(ids["a"])
    assert row is not None
    assert (row.floor, row.delta_floor) == (7, 7)
    assert await store.prunable_jobs() == ["b", "c"]
    await store.delete(ids["c"])
    assert await store.prunable_jobs() == ["b"]


async def test_an_age_no_run_can_have_is_for_ever(store: Store, clock: FakeClock) -> None:
    """It reaches back before the times that can be written; other jobs are pruned all the same."""
    for job in ("a", "b"):
        await save(store, (await end(store, await running(store, job=job))).id)
    clock.ms += 60_000
    retention = {"a": Retention(log_s=9e15), "b": Retention(log_s=30)}
    assert [one.job for one in await store.prunable(retention)] == ["b"]
    while await store.prune(retention):
        pass
    assert await store.prunable_jobs() == ["a"]


async def test_runs_without_a_snapshot_of_their_end(store: Store, clock: FakeClock) -> None:
    """They are found in the order of their ends, once their end is some time ago, until the snapshot is there."""
    ids = []
    for _ in range(5):
        run = await written(store, 3)
        await save(store, run.id, 3)
        ids.append(run.id)
    await written(store)  # goes on
    for run_id in (ids[2], ids[0], ids[1], ids[4]):
        row = await store.get(run_id)
        assert row is not None
        await end(store, row)
        clock.ms += 1_000
    await save(store, ids[1])
    assert [row.id for row in await store.unfolded(0, Ended())] == [ids[2], ids[0], ids[4]]
    assert [row.id for row in await store.unfolded(2, Ended())] == [ids[2], ids[0]]
    (first,) = await store.unfolded(0, Ended(), limit=1)
    assert [row.id for row in await store.unfolded(0, Ended(first.finished_at or "", first.id))] == [ids[0], ids[4]]
    await store.delete(ids[2])
    again = requeue((await store.append(ids[3], cancel())).run)
    assert [row.id for row in await store.unfolded(0, Ended())] == [ids[0], ids[4], ids[3]]
    reopened = Write(events=[REOPENED, *again.events], statuses={RunStatus.CANCELLED}, requeue=again.requeue)
    await store.append(ids[3], reopened)
    await save(store, ids[0])
    assert [row.id for row in await store.unfolded(0, Ended())] == [ids[4]]
