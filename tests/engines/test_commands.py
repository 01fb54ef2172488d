"""Commands: legal only where they make sense, and safe to give twice or by two at once."""

import asyncio

import pytest

from headway import Run
from headway.core.events import new_event
from headway.engines.commands import About
from headway.engines.job import make_job
from headway.errors import Conflict, Fenced, KeyReused, Owned, RunClosed, RunNotFound
from headway.stores.base import RunFilter, Write
from tests.engines.world import World
from tests.stores.builders import claim


async def fails(run: Run, value: int) -> None:
    """A job that fails."""
    raise ValueError("it broke")


async def test_a_queued_run_is_cancelled_at_once(here: World) -> None:
    """Nobody has to be asked; cancelling again changes nothing."""
    run_id = await here.start(fails, 1)
    rows = await asyncio.gather(*(here.commands.cancel(run_id, by="ada", reason="enough") for _ in range(3)))
    assert {row.status for row in rows} == {"cancelled"}
    assert [event["type"] for event in await here.events(run_id)][-2:] == ["run.cancel_requested", "run.cancelled"]
    assert (await here.commands.cancel(run_id)).status == "cancelled"
    assert not await here.deliver(run_id)


async def test_two_who_ask_at_once_ask_once(here: World) -> None:
    """Also of a run that reports without a pause."""
    run, _ = await here.commands.open("report", About())
    event = new_event("note", {"body": "busy"})
    writes = [here.store.append(run.id, Write(events=[event], execution_id=run.execution_id)) for _ in range(20)]
    asks = [here.commands.cancel(run.id, by=str(number)) for number in range(5)]
    await asyncio.gather(*writes, *asks)
    assert len(await here.events(run.id, "run.cancel_requested")) == 1
    assert (await here.row(run.id)).cancel_requested


async def test_the_same_key_is_the_same_run(here: World) -> None:
    """Of another owner it is another one; for another kind it is refused."""
    first, created = await here.commands.open("report", About(owner="ada", key="k"))
    again, anew = await here.commands.open("report", About(owner="ada", key="k"))
    other, _ = await here.commands.open("report", About(owner="bob", key="k"))
    assert (created, anew, again.id == first.id, other.id == first.id) == (True, False, True, False)
    with pytest.raises(KeyReused):
        await here.commands.open("letter", About(owner="ada", key="k"))


async def test_a_retry_is_given_once_by_what_its_giver_saw(here: World) -> None:
    """Two clicks on one button are one retry; a later one is another."""
    run_id = await here.start(fails, 1)
    await here.finish(run_id)
    seen = (await here.row(run_id)).seq
    first = await here.commands.retry(run_id, seq=seen, by="ada")
    again = await here.commands.retry(run_id, seq=seen, by="ada")
    assert (first.attempt, again.attempt, again.status) == (2, 2, "queued")
    with pytest.raises(Conflict, match="queued"):
        await here.commands.retry(run_id)
    await here.finish(run_id)
    with pytest.raises(Conflict):
        await here.commands.retry(run_id, seq=seen)
    with pytest.raises(Conflict, match="has not failed"):
        await here.commands.retry(run_id, items=["nothing"])
    with pytest.raises(Fenced):
        await here.commands.retry(run_id, execution_id="exec_old")
    with pytest.raises(RunNotFound):
        await here.commands.retry("run_none")


async def test_taking_over_fences_who_was_there(here: World) -> None:
    """Only when told to, and not after the end."""
    run, _ = await here.commands.open("report", About())
    with pytest.raises(Owned):
        await here.commands.take_over(run.id)
    taken = await here.commands.take_over(run.id, take_over=True)
    assert (taken.attempt, taken.status) == (2, "running")
    with pytest.raises(Fenced):
        await here.commands.report(run.id, run.execution_id, [new_event("note", {"body": "late"})])
    await here.commands.report(run.id, None, [new_event("run.succeeded", {"result": 1})])
    with pytest.raises(RunClosed):
        await here.commands.take_over(run.id, take_over=True)
    await here.commands.delete(run.id)
    with pytest.raises(RunNotFound):
        await here.commands.row(run.id)


async def test_a_job_that_waits_for_its_worker_is_not_begun_from_outside(here: World) -> None:
    """If whoever began it died, nobody would notice: it has no worker to miss and no lease."""
    run_id = await here.start(fails, 1)
    for forced in (False, True):
        with pytest.raises(Conflict, match="waits for a worker"):
            await here.commands.take_over(run_id, take_over=forced)
    assert await here.deliver(run_id)
    assert (await here.row(run_id)).status == "failed"


async def test_a_job_at_work_is_not_taken_from_its_workers(here: World) -> None:
    """For the same reason, whoever asks and by what key; handed back, another worker has it."""
    begun = asyncio.Event()

    async def build(run: Run) -> int:
        if run.context.attempt == 1:
            begun.set()
            await asyncio.Event().wait()
        return run.context.attempt

    run_id = await here.start(build)
    executing = asyncio.create_task(here.deliver(run_id))
    await begun.wait()
    before = await here.row(run_id)
    for forced, key in ((False, None), (True, None), (True, "mine")):
        with pytest.raises(Conflict, match="belongs to a worker of job 'build'") as refused:
            await here.commands.take_over(run_id, take_over=forced, key=key)
        assert "hand it back (queued)" in str(refused.value.hint)
    assert await here.row(run_id) == before
    await here.commands.hand_back(run_id, before.execution_id)
    await executing
    assert (await here.finish(run_id))["result"] == 2


async def test_a_cancelled_start_is_told_the_queue_all_the_same(hasty: World) -> None:
    """The run is there, and whoever asks again finds it, not as new: nobody else would tell of it for a while."""
    told: list[str] = []
    hasty.commands.on_queued = lambda row: told.append(row.id)
    job = make_job(fails)
    for number in range(12):
        key, value = str(number), job.parse(1)
        starting = asyncio.create_task(hasty.commands.start(job, value, About(key=key)))
        for _ in range(number):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        row, _ = await hasty.commands.start(job, value, About(key=key))
        async with asyncio.timeout(20):
            while row.id not in told:
                await asyncio.sleep(0.005)
        assert told.count(row.id) == 1


async def test_a_cancelled_opening_leaves_nothing_this_process_would_have_to_work_on(hasty: World) -> None:
    """Nobody has the handle. Its key is free again, also for who comes at once; a store that is away is waited for."""
    for number in range(12):
        about = About(key=str(number))
        opening = asyncio.create_task(hasty.commands.open("report", about, worker=hasty.worker))
        for _ in range(number):
            await asyncio.sleep(0)
        opening.cancel()
        if (await asyncio.gather(opening, return_exceptions=True))[0].__class__ is not tuple:
            row, created = await hasty.commands.open("report", about, worker=hasty.worker)
            assert (created, row.status) == (True, "running")
    hasty.away = {"append": 2}
    opening = asyncio.create_task(hasty.commands.open("report", About(), worker=hasty.worker))
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    async with asyncio.timeout(20):
        while len(await hasty.store.list_runs(RunFilter())) > 12:
            await asyncio.sleep(0.005)


async def test_a_report_that_was_written_is_answered_as_written(here: World) -> None:
    """Whatever else the store cannot do then: told of a failure it would be sent again, and refused without keys."""
    run_id = await here.start(fails, 1)
    row = await claim(here.store, await here.row(run_id))
    here.away |= dict.fromkeys(("steps", "read", "get", "claimed"), 10**9)
    error = {"code": "c", "message": "m"}
    reported = await here.commands.report(run_id, row.execution_id, [new_event("run.failed", {"error": error})])
    assert (reported.run.status, len(reported.events)) == ("failed", 1)
    here.away.clear()
    with pytest.raises(RunClosed):
        await here.commands.report(run_id, row.execution_id, [new_event("run.failed", {"error": error})])
    assert len(await here.events(run_id, "run.failed")) == 1


async def test_an_owner_whose_lease_is_over_need_not_be_asked(here: World) -> None:
    """Before, whoever wants the run is told when its owner last showed life."""
    run, _ = await here.commands.open("report", About(), lease_s=0.1)
    if here.store.caps.name == "memory":  # the others' clock is the machine's
        with pytest.raises(Owned) as owned:
            await here.commands.take_over(run.id)
        assert owned.value.extra["updated_at"] == run.updated_at
        here.clock.advance(0.2)
    else:
        await asyncio.sleep(0.2)
    taken = await here.commands.take_over(run.id)
    assert (taken.attempt, taken.status) == (2, "running")
    with pytest.raises(Fenced):
        await here.commands.report(run.id, run.execution_id, [])


async def test_whoever_begins_an_execution_may_ask_for_a_lease(hasty: World) -> None:
    """From then on the run has it, also the next execution, and its death is noticed."""
    run, _ = await hasty.commands.open("report", About(), queued=True)
    begun = await hasty.commands.take_over(run.id, lease_s=30)
    assert (begun.lease_s, (await hasty.row(run.id)).lease_s) == (30, 30)
    taken = await hasty.commands.take_over(run.id, take_over=True)
    assert taken.lease_s == 30
    await hasty.clock.sleep(29)
    assert await hasty.store.lapsed() == []
    await hasty.clock.sleep(2)
    assert [row.id for row in await hasty.store.lapsed()] == [run.id]
    taken = await hasty.commands.take_over(run.id, lease_s=60)
    await hasty.clock.sleep(31)
    assert (taken.attempt, taken.lease_s, await hasty.store.lapsed()) == (3, 60, [])


async def test_a_run_taken_from_a_process_whose_death_was_noticed_gets_a_lease(hasty: World) -> None:
    """Its beat is missed no more. Where nobody would have noticed before, it stays so."""
    ours, _ = await hasty.commands.open("report", About(), worker=hasty.worker)
    others, _ = await hasty.commands.open("report", About())
    assert (await hasty.commands.take_over(ours.id, take_over=True)).lease_s == 15
    assert (await hasty.commands.take_over(others.id, take_over=True)).lease_s is None
    await hasty.clock.sleep(16)
    assert [row.id for row in await hasty.store.lapsed()] == [ours.id]


async def test_what_waits_for_a_worker_elsewhere_has_no_lease(here: World) -> None:
    """It has one as soon as somebody begins it, and none when it is handed back."""
    run, _ = await here.commands.open("report", About(), lease_s=0.1, queued=True)
    here.clock.advance(1)
    await asyncio.sleep(0.2)
    assert await here.store.lapsed() == []
    begun = await here.commands.take_over(run.id)
    assert (begun.attempt, begun.execution_id, begun.status) == (1, run.execution_id, "running")
    here.clock.advance(1)
    await asyncio.sleep(0.2)
    assert [row.id for row in await here.store.lapsed()] == [run.id]
    await here.commands.hand_back(run.id, begun.execution_id)
    assert await here.store.lapsed() == []
    with pytest.raises(Fenced):
        await here.commands.hand_back(run.id, begun.execution_id)
