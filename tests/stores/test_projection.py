"""The folded state of runs: as new as its caller, shared, bounded, and stored from time to time."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from headway.core.cursor import START, Cursor
from headway.core.events import NewEvent, new_event
from headway.core.fold import Fold
from headway.core.limits import FOLD_VERSION, SNAPSHOT_EVERY_EVENTS
from headway.errors import InvalidCursor, RunNotFound, StoreFull, StoreInvalid, Trimmed
from headway.stores.base import Page, RunFilter, RunRow, Store, StoredSnapshot
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections, read_log, summary
from headway.stores.retention import Part
from tests.stores.builders import SUCCEEDED, delta, end, failed, log, note, report, running, save


@pytest.fixture
async def memory() -> AsyncIterator[MemoryStore]:
    """A store in memory."""
    made = MemoryStore()
    await made.open()
    yield made
    await made.close()


class Watched(MemoryStore):
    """A store in memory that counts its reads, and may be told to fail or to stop and wait."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.gate: asyncio.Event | None = None
        self.full = False

    async def read(self, run_id: str, **options: Any) -> Page:
        """Read, then wait at the gate: what was read is old by then."""
        page = await super().read(run_id, **options)
        self.reads += 1
        if self.gate is not None:
            await self.gate.wait()
        return page

    async def put_snapshot(self, *arguments: Any) -> None:
        """Keep it, if there is room."""
        if self.full:
            raise StoreFull("no room")
        await super().put_snapshot(*arguments)


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """A store that counts."""
    made = Watched()
    await made.open()
    yield made
    await made.close()


async def folded(store: Store, run_id: str) -> dict[str, Any]:
    """The snapshot of a log, by folding all of it."""
    fold = Fold()
    async for event in read_log(store, run_id):
        fold.apply(event.envelope(), event.cursor)
    return fold.snapshot()


def outputs(fold: Fold) -> str:
    """The text of the builders' deltas."""
    entry = fold.entry("outputs", "text")
    return "" if entry is None else str(entry["text"])


# -- read_log


async def test_a_log_is_read_to_its_end(store: Store) -> None:
    """Over pages, from any cursor; what is appended meanwhile is read, too."""
    run = await running(store)
    for _ in range(3):
        await report(store, run, *(note() for _ in range(400)))
    seqs = []
    async for event in read_log(store, run.id):
        if event.seq == 600:
            await report(store, run, note())
        seqs.append(event.seq)
    assert seqs == list(range(1, 1_204))
    middle = (await log(store, run.id))[699]
    rest = [event.seq async for event in read_log(store, run.id, Cursor(middle.seq, middle.tag))]
    assert rest == list(range(701, 1_204))


async def test_a_log_that_cannot_be_read_says_why(memory: MemoryStore) -> None:
    """Trimmed, another log's cursor, no run."""
    run = await running(memory)
    await report(memory, run, note(), note(), note())
    await save(memory, run.id)
    await memory.trim(run.id, floor=3)
    with pytest.raises(Trimmed):
        await anext(read_log(memory, run.id))
    with pytest.raises(InvalidCursor):
        await anext(read_log(memory, run.id, Cursor(5, "other")))
    with pytest.raises(RunNotFound):
        await anext(read_log(memory, "run_x"))


# -- current


async def test_a_projection_is_the_fold_of_the_log(store: Store) -> None:
    """At once and after more events; only the tail is read again."""
    run, projections = await running(store), Projections(store)
    fold = await projections.current(run.id)
    for number in range(5):
        await report(store, run, delta(f"{number} "), note())
        assert await projections.current(run.id) is fold
        assert fold.snapshot() == await folded(store, run.id)
    assert projections.statistics()["events"] == 12


async def test_a_caller_sees_what_it_has_written(watched: Watched) -> None:
    """Also when a refresh is under way that read the log before."""
    run, projections = await running(watched), Projections(watched)
    watched.gate = asyncio.Event()
    early = asyncio.create_task(projections.current(run.id))
    while not watched.reads:
        await asyncio.sleep(0)
    await report(watched, run, delta("late"))
    late = [asyncio.create_task(projections.current(run.id)) for _ in range(10)]
    await asyncio.sleep(0)
    watched.gate.set()
    await early
    for fold in await asyncio.gather(*late):
        assert outputs(fold) == "late"
    assert watched.reads == 2, "ten callers share one read"


async def test_a_cancelled_caller_leaves_the_others_alone(watched: Watched) -> None:
    """They go on where it stopped."""
    run, projections = await running(watched), Projections(watched)
    await report(watched, run, *(delta("x") for _ in range(700)))
    watched.gate = asyncio.Event()
    tasks = [asyncio.create_task(projections.current(run.id)) for _ in range(3)]
    while not watched.reads:
        await asyncio.sleep(0)
    tasks[0].cancel()
    watched.gate.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert all(outputs(fold) == "x" * 700 for fold in done[1:] if isinstance(fold, Fold))
    assert sum(isinstance(fold, Fold) for fold in done) == 2


async def test_long_folds_let_others_run(memory: MemoryStore) -> None:
    """Others get their turns while a long log is folded."""
    run, projections = await running(memory), Projections(memory)
    for _ in range(20):
        await report(memory, run, *(delta("x" * 10) for _ in range(1_000)))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    fold = await projections.current(run.id)
    task.cancel()
    pages = projections.statistics()["reads"]
    assert fold.seq == 20_002
    assert turns > pages + 5, "it paused within pages, too"


async def test_a_run_that_is_not_there_is_not_kept(memory: MemoryStore) -> None:
    """Nor one that was deleted."""
    projections = Projections(memory)
    with pytest.raises(RunNotFound):
        await projections.current("run_x")
    run = await end(memory, await running(memory))
    await projections.current(run.id)
    assert projections.statistics()["kept"] == 1
    await memory.delete(run.id)
    with pytest.raises(RunNotFound):
        await projections.current(run.id)
    assert projections.statistics()["kept"] == 0


async def test_only_so_many_are_kept(memory: MemoryStore) -> None:
    """The one not asked for the longest gives way."""
    runs = [await running(memory) for _ in range(4)]
    projections = Projections(memory, keep=3)
    folds = [await projections.current(run.id) for run in runs[:3]]
    await projections.current(runs[0].id)
    await projections.current(runs[3].id)
    assert projections.statistics()["kept"] == 3
    assert await projections.current(runs[0].id) is folds[0]
    assert await projections.current(runs[1].id) is not folds[1]


# -- where it begins


async def test_it_begins_at_the_stored_snapshot(store: Store) -> None:
    """And reads the tail only."""
    run = await running(store)
    await report(store, run, *(delta("x") for _ in range(50)))
    await save(store, run.id, 40)
    projections = Projections(store)
    assert (await projections.current(run.id)).snapshot() == await folded(store, run.id)
    assert projections.statistics()["events"] == 12


async def test_a_snapshot_of_another_version_is_folded_anew(store: Store) -> None:
    """Unless nothing else is left."""
    run = await running(store)
    await report(store, run, delta("all "), delta("of it"))
    good = await save(store, run.id)
    other = StoredSnapshot(
        good.cursor, good.total, FOLD_VERSION - 1, good.body.replace(b'"all of it"', b'"old version"')
    )
    await store.put_snapshot(run.id, other, {})
    assert outputs(await Projections(store).current(run.id)) == "all of it"
    await store.trim(run.id, floor=3)
    assert outputs(await Projections(store).current(run.id)) == "old version"


async def test_it_goes_on_after_a_trim(store: Store) -> None:
    """A kept state that stands below the floor begins at the stored snapshot."""
    run, projections = await running(store), Projections(store)
    await report(store, run, delta("a"))
    await projections.current(run.id)
    await report(store, run, delta("b"), delta("c"), note(), delta("d"))
    expected = await folded(store, run.id)
    await save(store, run.id, 6)
    await store.trim(run.id, floor=5)
    assert (await projections.current(run.id)).snapshot() == expected
    assert projections.statistics()["begun_anew"] == 1


async def test_it_goes_on_after_deltas_were_trimmed(store: Store) -> None:
    """A log with holes is not folded."""
    run = await running(store)
    await report(store, run, delta("a"), delta("b"), note(), delta("c"))
    expected = await folded(store, run.id)
    await save(store, run.id, 5)
    await store.trim(run.id, floor=4, part=Part.TEXT)
    assert (await Projections(store).current(run.id)).snapshot() == expected


class Backwards(Watched):
    """A store whose logs may lose their tails, as after a power cut or from a backup."""

    def lose(self, run_id: str, seq: int) -> None:
        """Let a log end at `seq` again."""
        kept = self._runs[run_id]
        last = kept.events[seq - 1]
        del kept.events[seq:]
        values = {name: getattr(kept.row, name) for name in RunRow.__slots__}
        kept.row = RunRow(**values | {"seq": last.seq, "tag": last.tag, "total": last.total})


async def test_a_log_that_lost_its_tail_is_folded_anew(caplog: pytest.LogCaptureFixture) -> None:
    """Also when it grew past the old position, and when the stored snapshot is of the lost part."""
    store = Backwards()
    await store.open()
    run, projections = await running(store), Projections(store)
    await report(store, run, delta("a"), delta("b"))
    await projections.current(run.id)
    store.lose(run.id, 3)
    assert outputs(await projections.current(run.id)) == "a"
    await report(store, run, delta("B"), delta("C"))
    await save(store, run.id)
    assert outputs(await projections.current(run.id)) == "aBC"
    store.lose(run.id, 3)
    await report(store, run, delta("x"), delta("y"), delta("z"))
    assert outputs(await projections.current(run.id)) == "axyz"
    assert projections.statistics()["begun_anew"] == 2


async def test_a_trimmed_log_without_a_snapshot_is_said_to_be_one() -> None:
    """No store of ours lets it come to this."""
    store = Backwards()
    await store.open()
    run, projections = await running(store), Projections(store)
    await report(store, run, note(), note())
    await save(store, run.id)
    await store.trim(run.id, floor=2)
    store._runs[run.id].snapshot = None
    with pytest.raises(Trimmed, match="no snapshot"):
        await projections.current(run.id)


async def test_a_hole_is_said_to_be_one() -> None:
    """Rather than folded over."""
    store = Backwards()
    await store.open()
    run = await running(store)
    await report(store, run, note(), note(), note())
    del store._runs[run.id].events[3]
    with pytest.raises(StoreInvalid, match="hole"):
        await Projections(store).current(run.id)


# -- saving


async def test_a_snapshot_is_stored_when_it_is_worth_it(store: Store) -> None:
    """After enough events, after enough bytes, at the end; in between an append costs nothing."""
    run, projections = await running(store), Projections(store)

    async def saved(*events: NewEvent) -> bool:
        await report(store, run, *events)
        return await projections.save(run.id, await store.get(run.id))

    assert not await saved(note())
    assert projections.statistics()["reads"] == 0
    assert await saved(*(note() for _ in range(SNAPSHOT_EVERY_EVENTS)))
    assert not await saved(note())
    assert await saved(*(note("x" * 9_000) for _ in range(130)))
    assert not await saved(note())
    assert await saved(SUCCEEDED)
    assert not await projections.save(run.id, await store.get(run.id))
    assert await projections.save(run.id, force=True)
    stored, row = await store.snapshot(run.id), await store.get(run.id)
    assert stored is not None
    assert row is not None
    assert (stored.cursor, stored.total, stored.version) == (row.cursor, row.total, FOLD_VERSION)
    assert Fold(orjson.loads(stored.body)).snapshot() == await folded(store, run.id)


async def test_what_another_process_stored_is_not_stored_again(store: Store) -> None:
    """It is noticed when there is a reason to look."""
    run = await running(store)
    await report(store, run, *(note() for _ in range(SNAPSHOT_EVERY_EVENTS)))
    await save(store, run.id)
    projections = Projections(store)
    assert not await projections.save(run.id, await store.get(run.id))
    assert projections.statistics()["saved"] == 0


async def test_two_who_save_at_once_do_it_once(store: Store) -> None:
    """The second finds it done."""
    run = await end(store, await running(store))
    projections = Projections(store)
    done = await asyncio.gather(*(projections.save(run.id, run) for _ in range(5)))
    assert sorted(done) == [False] * 4 + [True]


async def test_a_snapshot_that_cannot_be_stored_is_logged(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """The append before it stands; the next one tries again."""
    run, projections = await end(watched, await running(watched)), Projections(watched)
    watched.full = True
    with caplog.at_level(logging.WARNING, "headway.stores"):
        assert not await projections.save(run.id, run)
    assert "no room" in caplog.text
    watched.full = False
    assert await projections.save(run.id, run)
    statistics = projections.statistics()
    assert (statistics["saved"], statistics["not_saved"]) == (1, 1)


async def test_a_run_deleted_before_it_is_saved_is_no_error(memory: MemoryStore) -> None:
    """There is nothing to keep any more."""
    run = await end(memory, await running(memory))
    await memory.delete(run.id)
    assert not await Projections(memory).save(run.id, run)


async def test_forgetting_begins_at_the_stored_snapshot(memory: MemoryStore) -> None:
    """And forgetting what is not kept is nothing."""
    run, projections = await running(memory), Projections(memory)
    first = await projections.current(run.id)
    projections.forget(run.id)
    projections.forget(run.id)
    assert await projections.current(run.id) is not first


async def test_the_summary_is_stored_beside_the_snapshot(store: Store) -> None:
    """What a list shows: percent, phase, items."""
    run, projections = await running(store), Projections(store)
    phases = [{"id": "plan", "title": "Plan", "weight": 3}, {"id": "write", "title": "Write", "weight": 1}]
    await report(store, run, new_event("run.planned", {"phases": phases}))
    assert summary(await projections.current(run.id))["phase"] is None
    await report(store, run, new_event("phase.started", {"id": "plan"}))
    for key in "abc":
        await report(store, run, new_event("item.planned", {"key": key, "phase": "plan"}))
    error = {"code": "x", "message": "y"}
    await report(
        store,
        run,
        new_event("item.finished", {"key": "a"}),
        new_event("item.failed", {"key": "b", "error": error}),
        new_event("phase.progressed", {"id": "plan", "done": 2, "message": "two of three"}),
    )
    await projections.save(run.id, force=True)
    row = await store.get(run.id)
    assert row is not None
    assert row.summary == {
        "seq": row.seq,
        "percent": 50.0,
        "reached": 50.0,
        "message": "two of three",
        "phase": "plan",
        "items_total": 3,
        "items_ended": 2,
        "items_failed": 1,
    }
    assert (await store.list_runs(RunFilter()))[0].summary == row.summary
    await report(store, run, new_event("phase.finished", {"id": "plan"}))
    assert summary(await projections.current(run.id))["phase"] == "plan"
    await end(store, run, failed())


def test_a_state_begins_before_the_first_event() -> None:
    """`START` is where an empty fold stands."""
    assert Fold().cursor == str(START)
