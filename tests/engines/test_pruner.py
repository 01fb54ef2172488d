"""What has outlived its retention goes, once for all processes."""

import asyncio

from headway.core.events import new_event
from headway.engines.commands import About
from headway.engines.pruner import Pruner
from headway.stores.base import Retention, Write
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
    pruner = Pruner(here.store, here.worker, Retention(0, 0))
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
    pruner = Pruner(here.store, here.worker, Retention(0, 0))
    await asyncio.sleep(0.002)
    assert await pruner.prune() == 2_000


async def test_it_prunes_by_itself_and_outlives_a_store_that_is_away(here: World) -> None:
    """From time to time; a bug ends no pruning either."""
    faults = [ValueError("a bug")]
    prune = here.store.prune

    async def prune_perhaps(retention: Retention) -> int:
        if faults:
            raise faults.pop()
        return await prune(retention)

    here.store.prune = prune_perhaps  # type: ignore[method-assign, assignment]
    here.away = {"prune": 1, "lead": 1}
    run_id = await ended(here)
    pruner = Pruner(here.store, here.worker, Retention(0, 0), every_s=0.01)
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
    pruner = Pruner(here.store, here.worker, Retention(0, 0), every_s=0.01)
    await pruner.start()
    await here.until_called("lead", here.calls["lead"] + 10)
    assert here.calls["prune"] == 0
    await here.store.leave(other)
    await here.until_called("prune", 1)
    await pruner.stop()
