"""What has outlived its retention goes, once for all processes."""

import asyncio
import logging
from collections.abc import Mapping

import pytest

from headway.core.events import new_event
from headway.engines.commands import About
from headway.engines.pruner import Pruner
from headway.engines.retention import keep_stated
from headway.stores.base import Ended, RunRow, Write
from headway.stores.retention import Part, Retention
from tests.engines.world import World


async def ended(here: World) -> str:
    """A run that has ended, with more events than one step takes, and its snapshot."""
    row, _ = await here.commands.open("report", About())
    notes = [new_event("note", {"body": str(number)}) for number in range(2_500)]
    await here.store.append(row.id, Write(events=notes, execution_id=row.execution_id))
    await here.store.append(row.id, Write(events=[new_event("run.succeeded", {})], execution_id=row.execution_id))
    await here.projections.save(row.id, force=True)
    return row.id


async def test_it_prunes_until_all_is_done(here: World) -> None:
    """In small steps; the snapshot and its event stay."""
    run_id = await ended(here)
    row = await here.row(run_id)
    pruner = Pruner(here.store, here.projections, here.worker, Retention(0, 0))
    await asyncio.sleep(0.002)
    assert await pruner.prune() == row.seq - 1
    assert here.calls["prune"] == 3
    assert (await here.row(run_id)).floor == row.seq - 1
    assert await pruner.prune() == 0


async def test_it_stops_when_another_process_prunes(here: World) -> None:
    """Two would do no more than one."""
    await ended(here)
    other = await here.store.join()
    await here.store.lead("pruner", other)
    pruner = Pruner(here.store, here.projections, here.worker, Retention(0, 0))
    await asyncio.sleep(0.002)
    assert await pruner.prune() == 2_000


async def test_it_prunes_by_itself_and_outlives_a_store_that_is_away(here: World) -> None:
    """From time to time; a bug ends no pruning either."""
    faults = [ValueError("a bug")]
    prune = here.store.prune

    async def prune_perhaps(retention: Mapping[str, Retention]) -> int:
        if faults:
            raise faults.pop()
        return await prune(retention)

    here.store.prune = prune_perhaps  # type: ignore[method-assign, assignment]
    here.away = {"prune": 1, "lead": 1}
    run_id = await ended(here)
    pruner = Pruner(here.store, here.projections, here.worker, Retention(0, 0), every_s=0.01)
    await pruner.start()
    await here.until(run_id, lambda row: row.floor == row.seq - 1)
    await pruner.stop()
    await pruner.stop()
    assert not faults


async def test_who_does_not_lead_does_not_prune(here: World) -> None:
    """It asks again and again."""
    await ended(here)
    other = await here.store.join()
    await here.store.lead("pruner", other)
    pruner = Pruner(here.store, here.projections, here.worker, Retention(0, 0), every_s=0.01)
    await pruner.start()
    await here.until_called("lead", here.calls["lead"] + 10)
    assert here.calls["prune"] == 0
    await here.store.leave(other)
    await here.until_called("prune", 1)
    await pruner.stop()


async def test_what_is_said_of_a_job_goes_before_the_settings(here: World) -> None:
    """Of each part by itself; the process that prunes need not know the job."""
    run_id = await ended(here)
    await keep_stated(here.store, {"report": {"log": None, "text": 0}, "other": {"log": 0}})
    pruner = Pruner(here.store, here.projections, here.worker, Retention(0, 1_000, 0))
    await asyncio.sleep(0.002)
    row = await here.row(run_id)
    assert await pruner.prune() == 2 * (row.seq - 1)  # gone over once for text, once for lines
    row = await here.row(run_id)
    assert (row.floor, row.delta_floor) == (0, row.seq - 1)
    await keep_stated(here.store, {"report": {}})
    assert await pruner.prune() == row.seq - 1
    assert (await here.row(run_id)).floor == row.seq - 1


async def test_an_end_whose_process_died_before_its_snapshot_is_pruned(
    here: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is folded first: no state is lost. One that cannot be folded keeps its log, and holds up nobody."""
    monkeypatch.setattr("headway.engines.pruner.FOLDED_S", 0)
    broken, lost = await without_snapshot(here), await without_snapshot(here)
    save = here.projections.save

    async def save_perhaps(run_id: str, run: RunRow | None = None, *, force: bool = False) -> bool:
        if run_id == broken.id:
            raise ValueError("an event nobody understands")
        return await save(run_id, run, force=force)

    monkeypatch.setattr(here.projections, "save", save_perhaps)
    pruner = Pruner(here.store, here.projections, here.worker, Retention(0, 0))
    await asyncio.sleep(0.002)
    with caplog.at_level(logging.ERROR, "headway.pruner"):
        await pruner.prune()
    assert ((await here.row(lost.id)).floor, (await here.row(broken.id)).floor) == (lost.seq - 1, 0)
    snapshot = await here.store.snapshot(lost.id)
    assert snapshot is not None
    assert snapshot.cursor == lost.cursor
    assert b'"status":"succeeded"' in snapshot.body
    assert [broken.id in record.getMessage() for record in caplog.records] == [True]
    assert [row.id for row in await here.store.unfolded(0, Ended())] == [broken.id]


async def without_snapshot(here: World) -> RunRow:
    """A run as a process leaves it behind that dies between its end and the snapshot."""
    row, _ = await here.commands.open("report", About())
    events = [new_event("note", {"body": "hello"}), new_event("run.succeeded", {"result": 1})]
    return (await here.store.append(row.id, Write(events=events, execution_id=row.execution_id))).run


def test_the_parts_are_those_that_are_named() -> None:
    """In the order they are dropped in."""
    assert [part.value for part in Part] == ["log", "text", "lines"]
