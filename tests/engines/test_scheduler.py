"""The scheduler starts one run per tick, whoever leads and whatever happens in between."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from headway import Headway, Run
from headway.config import Settings
from headway.core.clock import format_ms, parse_ms
from headway.engines import scheduler as module
from headway.engines.commands import Commands
from headway.engines.job import make_job
from headway.engines.schedule import Schedule
from headway.engines.scheduler import Scheduler
from headway.errors import StoreUnavailable, UsageError
from headway.stores.base import RunFilter, RunRow, Store
from headway.stores.projection import Projections
from headway.stores.sqlite import SqliteStore
from headway.testing import Clock
from tests.engines.world import World

HOUR_S = 3_600


async def tidy(run: Run) -> None:
    """Nothing."""


def scheduled(fn: Callable[..., Any] = tidy, cron: str = "0 * * * *", **options: Any) -> Any:
    """A job with a schedule."""
    return make_job(fn, schedule=Schedule.parse(cron), **options)


def scheduler_of(here: World, *jobs: Any, store: Store | None = None) -> Scheduler:
    """One process's. The first tick is 3200 s after the clock's beginning."""
    store = store or here.store
    commands = Commands(store, Projections(store), lambda: format_ms(here.clock.now_ms()))
    named = {job.name: job for job in jobs or (scheduled(),)}
    return Scheduler(store, commands, named, here.worker, lease_s=5, now_ms=here.clock.now_ms)


async def runs(here: World) -> list[RunRow]:
    """All, the first one first."""
    return (await here.store.list_runs(RunFilter()))[::-1]


async def due(here: World) -> list[str]:
    """The times the runs were meant for."""
    return [row.metadata["scheduled_for"][11:16] for row in await runs(here)]


async def until(here: World, time: str) -> None:
    """Let the clock go on."""
    now_ms = here.clock.now_ms()
    day = format_ms(now_ms)[:10]
    wanted_ms = parse_ms(f"{day}T{time}:00.000Z") or 0
    assert wanted_ms > now_ms
    await here.clock.sleep((wanted_ms - now_ms) / 1000)


async def test_each_tick_has_a_run(here: World) -> None:
    """From the time on at which the schedule was seen first; however often somebody looks."""
    one = scheduler_of(here)
    for time in ("15:10", "15:59", "16:00", "16:01", "17:00", "17:30"):
        await until(here, time)
        for _ in range(3):
            await one.look()
    assert await due(here) == ["16:00", "17:00"]
    assert [row.job for row in await runs(here)] == ["tidy", "tidy"]


async def test_of_what_was_missed_the_latest_is_made_up(here: World) -> None:
    """By whoever comes next, at once."""
    await scheduler_of(here).look()
    await until(here, "20:30")
    await scheduler_of(here).look()
    assert await due(here) == ["20:00"]
    await scheduler_of(here).look()
    await until(here, "21:00")
    await scheduler_of(here).look()
    assert await due(here) == ["20:00", "21:00"]


async def test_two_that_start_the_same_tick_start_one_run(here: World) -> None:
    """Two leaders, as there are for a moment when the first one hung."""
    await scheduler_of(here).look()
    await until(here, "16:00")
    await asyncio.gather(*(scheduler_of(here).look() for _ in range(4)))
    assert await due(here) == ["16:00"]


async def test_who_dies_between_the_run_and_the_note_leaves_one_run(here: World) -> None:
    """The next one finds the run by its key."""
    await scheduler_of(here).look()
    await until(here, "16:00")
    put = here.store.put_setting

    async def dies(name: str, value: Any) -> None:
        raise StoreUnavailable("gone")

    here.store.put_setting = dies  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await scheduler_of(here).look()
    here.store.put_setting = put  # type: ignore[method-assign]
    await scheduler_of(here).look()
    assert await due(here) == ["16:00"]


async def test_a_run_that_was_deleted_does_not_come_back(here: World) -> None:
    """What is done is kept beside the runs."""
    one = scheduler_of(here)
    await one.look()
    await until(here, "16:00")
    await one.look()
    (row,) = await runs(here)
    await here.commands.cancel(row.id)
    await here.commands.delete(row.id)
    await scheduler_of(here).look()
    assert await runs(here) == []


async def test_another_schedule_begins_when_it_is_seen(here: World) -> None:
    """Its ticks of yesterday are not made up; the old one's deploy may go on beside it."""
    old = scheduler_of(here)
    await old.look()
    await until(here, "16:20")
    new = scheduler_of(here, scheduled(cron="15 * * * *"))
    await new.look()
    assert await due(here) == []
    await old.look()
    await until(here, "17:15")
    await new.look()
    await old.look()
    assert sorted(await due(here)) == ["16:00", "17:00", "17:15"]


async def test_a_clock_that_went_wrong_silences_nobody(here: World) -> None:
    """A time far ahead was noted; the schedule begins anew when the clock is right again."""
    one = scheduler_of(here)
    await one.look()
    await here.clock.sleep(1000 * HOUR_S)
    await one.look()
    here.clock.now_s -= 1000 * HOUR_S
    await one.look()
    await until(here, "16:00")
    await one.look()
    assert await due(here) == ["07:00", "16:00"]


async def test_one_that_cannot_be_started_holds_up_no_other(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once, and its next tick is tried."""
    faults = [ValueError("no title")]

    def title(_: Any) -> str:
        raise faults.pop() if faults else AssertionError("tried again")

    async def other(run: Run) -> None:
        return None

    one = scheduler_of(here, scheduled(title=title), scheduled(other))
    await one.look()
    await until(here, "16:00")
    await one.look()
    await one.look()
    assert [row.job for row in await runs(here)] == ["other"]
    assert caplog.text.count("that was due at 2025-06-15T16:00:00.000Z cannot be started") == 1


class Trip(BaseModel):
    """An input."""

    days: int = 3


async def test_the_input_is_its_default(here: World) -> None:
    """As the function has it, made whole by the model; without one there is nothing to start the job with."""

    async def plan(run: Run, trip: Trip = Trip(days=2)) -> int:  # noqa: B008
        return trip.days

    async def asks(run: Run, trip: Trip) -> None:
        return None

    one = scheduler_of(here, scheduled(plan))
    await one.look()
    await until(here, "16:00")
    await one.look()
    (row,) = await runs(here)
    assert await here.store.input(row.id) == b'{"days":2}'
    with pytest.raises(UsageError, match="job 'asks' has a schedule, and nobody is there") as caught:
        scheduled(asks)
    assert "default" in (caught.value.hint or "")


async def test_two_applications_on_one_file_start_and_run_each_tick_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second goes on when the first, which leads, is gone in the middle; who is away starts nothing."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    clock, ran = Clock(), []

    def application() -> Headway:
        hw = Headway(SqliteStore(tmp_path / "runs.db"), worker="inline", clock=clock, settings=Settings(lease_s=1))

        @hw.job(schedule="0 * * * *")
        async def report(run: Run) -> None:
            ran.append(run.id)

        return hw

    async def known(hw: Headway, count: int) -> None:
        async with asyncio.timeout(30):
            while len(ran) < count:
                await asyncio.sleep(0.01)
        assert len(await hw.store.list_runs(RunFilter())) == count

    first, second = application(), application()
    async with second:
        async with first:
            async with asyncio.timeout(30):
                while await first.store.setting("schedule/report/0 * * * * UTC") is None:
                    await asyncio.sleep(0.01)
            await clock.sleep(HOUR_S)
            await known(second, 1)
        await clock.sleep(HOUR_S)
        await known(second, 2)
    assert len(set(ran)) == 2


async def test_it_says_what_goes_wrong_and_goes_on(
    here: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is away for a moment, and a mistake of ours."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    one = scheduler_of(here)
    faults = [StoreUnavailable("away"), ValueError("a bug")]
    setting = here.store.setting

    async def unsure(name: str) -> Any:
        if faults:
            raise faults.pop()
        return await setting(name)

    here.store.setting = unsure  # type: ignore[method-assign]
    await one.start()
    async with asyncio.timeout(30):
        while await setting("schedule/tidy/0 * * * * UTC") is None:
            await asyncio.sleep(0.01)
    await one.stop()
    await one.stop()
    assert "cannot start what is scheduled: away" in caplog.text
    assert "looking for what is scheduled failed" in caplog.text
