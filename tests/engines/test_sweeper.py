"""The sweeper gives on what died, ends what does not answer, and leaves everybody else alone."""

import asyncio
from typing import Any

import pytest

from headway import Run
from headway.config import Settings
from headway.core.events import new_event
from headway.engines.commands import About
from headway.engines.sweeper import Sweeper
from headway.errors import StoreUnavailable
from headway.stores.base import Checkpoint, Claim, RunRow, Write
from tests.engines.world import World


class Time:
    """A monotonic clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


async def sweeps(sweeper: Sweeper, time: Time, seconds: float) -> int:
    """Sweep once a second for so long; return how many runs were acted on."""
    acted = 0
    for _ in range(round(seconds)):
        time.now += 1
        acted += await sweeper.sweep()
    return acted


async def idle(run: Run) -> None:
    """Some job."""


async def claimed(here: World, worker: str) -> str:
    """A run that is held by a worker."""
    run_id = await here.start(idle)
    await claim(here, run_id, worker)
    return run_id


async def claim(here: World, run_id: str, worker: str) -> RunRow:
    """Let a worker take the current attempt."""
    row = await here.row(run_id)
    started = new_event("run.started", {"attempt": row.attempt, "worker": worker})
    return (await here.store.append(run_id, Write(events=[started], claim=Claim(worker)))).run


async def test_a_run_of_a_worker_that_left_goes_on_elsewhere(here: World) -> None:
    """Of two sweepers one wins; the runs of the living stay."""
    gone, alive = await here.store.join(), await here.store.join()
    lost, held = await claimed(here, gone), await claimed(here, alive)
    await here.store.leave(gone)
    done = await asyncio.gather(Sweeper(here.store, here.worker).sweep(), Sweeper(here.store, here.worker).sweep())
    assert sum(done) == 1
    row = await here.row(lost)
    assert (row.status, row.attempt, row.takeovers, row.worker) == ("queued", 2, 1, None)
    assert (await here.row(held)).attempt == 1
    assert len(await here.events(lost, "run.queued")) == 2


async def test_a_worker_whose_beat_stands_still_is_dead(here: World) -> None:
    """After a whole lease, not before."""
    time = Time()
    sweeper = Sweeper(here.store, here.worker, lease_s=5, monotonic=time)
    worker = await here.store.join()
    run_id = await claimed(here, worker)
    assert await sweeps(sweeper, time, 6) == 0
    await here.store.beat(worker)
    assert await sweeps(sweeper, time, 6) == 0
    assert await sweeps(sweeper, time, 1) == 1
    assert (await here.row(run_id)).attempt == 2


async def test_a_sweeper_that_was_stopped_takes_nobody_for_dead(here: World) -> None:
    """Whoever was stopped with it, this process too, has not had the time to beat."""
    time = Time()
    sweeper = Sweeper(here.store, here.worker, lease_s=5, monotonic=time)
    run_id = await claimed(here, await here.store.join())
    await sweeps(sweeper, time, 2)
    time.now += 3_600
    assert await sweeps(sweeper, time, 1) == 0
    assert (await here.row(run_id)).attempt == 1


async def test_a_worker_that_joins_during_a_sweep_is_alive(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The holders of runs are read before the workers, never after."""
    listed = here.store.workers

    async def listed_late() -> Any:
        states = await listed()
        await claimed(here, await here.store.join())
        return states

    monkeypatch.setattr(here.store, "workers", listed_late)
    assert await Sweeper(here.store, here.worker).sweep() == 0


async def test_a_run_whose_process_dies_again_and_again_is_given_up(here: World) -> None:
    """Unless a step was finished in between."""
    sweeper = Sweeper(here.store, here.worker, takeovers_max=1)
    run_id = await here.start(idle)
    for finishes_a_step in (False, True, False):
        worker = await here.store.join()
        row = await claim(here, run_id, worker)
        if finishes_a_step:
            finished = new_event("step.finished", {"key": "s"}, step="s")
            write = Write(events=[finished], execution_id=row.execution_id, checkpoint=Checkpoint("s", b"1"))
            assert (await here.store.append(run_id, write)).run.takeovers == 0
            assert (await here.row(run_id)).takeovers == 0
        await here.store.leave(worker)
        assert await sweeper.sweep() == 1
    state = await here.state(run_id)
    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "crash_loop", 3)


async def test_five_take_overs_and_no_more(here: World) -> None:
    """Unless it is set otherwise; the sixth process that dies of it was the last."""
    sweeper = Sweeper(here.store, here.worker)
    run_id = await here.start(idle)
    for death in range(1, 7):
        worker = await here.store.join()
        await claim(here, run_id, worker)
        await here.store.leave(worker)
        assert await sweeper.sweep() == 1
        assert (await here.row(run_id)).status == ("queued" if death <= 5 else "failed")
    state = await here.state(run_id)
    assert (state["error"]["code"], state["attempt"]) == ("crash_loop", 6)
    assert Settings().takeovers_max == 5


async def test_work_opened_by_a_process_that_died_has_failed(here: World) -> None:
    """Nobody else can do it; if it was asked to stop, it is cancelled instead."""
    worker = await here.store.join()
    lost, _ = await here.commands.open("report", About(), worker=worker)
    asked, _ = await here.commands.open("report", About(), worker=worker)
    await here.commands.cancel(asked.id)
    await here.store.leave(worker)
    assert await Sweeper(here.store, here.worker).sweep() == 2
    state = await here.state(lost.id)
    assert (state["status"], state["error"]["code"]) == ("failed", "worker_lost")
    assert (await here.row(asked.id)).status == "cancelled"


@pytest.mark.parametrize("outside", [False, True])
async def test_a_run_that_does_not_stop_when_asked_is_cancelled_without_its_worker(here: World, outside: bool) -> None:
    """After the grace time, with a new attempt, so that the old one is fenced. Also where nobody of ours holds it."""
    time = Time()
    sweeper = Sweeper(here.store, here.worker, lease_s=100, cancel_grace_s=3, monotonic=time)
    if outside:
        opened = [await here.commands.open("report", About()) for _ in range(250)]
        row = opened[0][0]
    else:
        row = await here.row(await claimed(here, await here.store.join()))
    assert await sweeps(sweeper, time, 5) == 0
    await here.commands.cancel(row.id, by="ada")
    assert (await here.row(row.id)).status == "running"
    assert await sweeps(sweeper, time, 4) == 0
    assert await sweeps(sweeper, time, 1) == 1
    state = await here.state(row.id)
    assert (state["status"], state["attempt"]) == ("cancelled", 2)
    (cancelled,) = await here.events(row.id, "run.cancelled")
    assert cancelled["data"]["forced"]
    assert await sweeps(sweeper, time, 5) == 0


async def test_a_reporter_that_falls_silent_for_its_lease_is_lost(here: World) -> None:
    """A heartbeat keeps it; a request to stop is what then happens."""
    run, _ = await here.commands.open("report", About(), lease_s=30)
    asked, _ = await here.commands.open("report", About(), lease_s=30)
    other, _ = await here.commands.open("report", About())
    if here.store.caps.name != "memory":
        return  # its clock is the machine's
    await here.commands.cancel(asked.id)
    here.clock.advance(20)
    await here.commands.report(run.id, None, [])
    here.clock.advance(20)
    time = Time()
    sweeper = Sweeper(here.store, here.worker, cancel_grace_s=100, monotonic=time)
    # a server that was away hears everybody first
    assert await sweeps(sweeper, time, 30) == 0
    assert await sweeps(sweeper, time, 1) == 1
    assert (await here.row(asked.id)).status == "cancelled"
    here.clock.advance(20)
    assert await sweeps(sweeper, time, 1) == 1
    state = await here.state(run.id)
    assert state["error"]["message"] == "nothing was reported for 30 s"
    assert (await here.row(other.id)).status == "running"


async def test_it_sweeps_by_itself_and_outlives_a_store_that_is_away(here: World) -> None:
    """After an outage everybody gets a whole lease; a bug ends no sweeping either."""
    sweeper = Sweeper(here.store, here.worker, every_s=0.01)
    worker = await here.store.join()
    here.away = {"claimed": 2}
    faults = [ValueError("a bug")]
    lapsed = here.store.lapsed

    async def lapsed_perhaps() -> list[RunRow]:
        if faults:
            raise faults.pop()
        return await lapsed()

    here.store.lapsed = lapsed_perhaps  # type: ignore[method-assign]
    await sweeper.start()
    run_id = await claimed(here, worker)
    await here.store.leave(worker)
    await here.until(run_id, lambda row: row.attempt == 2)
    assert here.away == {"claimed": 0}
    assert not faults
    await sweeper.stop()
    await sweeper.stop()


async def test_a_store_that_goes_away_in_mid_sweep_says_so(here: World) -> None:
    """It is not taken for somebody else's work."""
    worker = await here.store.join()
    await claimed(here, worker)
    await here.store.leave(worker)
    here.away = {"append": 1}
    with pytest.raises(StoreUnavailable):
        await Sweeper(here.store, here.worker).sweep()
    assert await Sweeper(here.store, here.worker).sweep() == 1


async def test_one_sweeps_and_the_next_knows_at_once_who_is_dead(here: World) -> None:
    """Of two that run, one asks for runs. When it leaves, the other has watched all beats with it."""
    one, two = await here.store.join(), await here.store.join()
    leading, waiting = (Sweeper(here.store, worker, every_s=0.01, lease_s=0.3) for worker in (one, two))
    await leading.start()
    silent = await here.store.join()
    await here.until_called("claimed", 3)
    await waiting.start()
    run_id = await claimed(here, silent)
    await here.until_called("workers", here.calls["workers"] + 20)
    await leading.stop()
    await here.store.leave(one)
    await here.until(run_id, lambda row: row.attempt == 2)
    await waiting.stop()
