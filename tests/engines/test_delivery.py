"""What every engine holds: whatever it delivers twice, late or never, worker processes execute a run once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headway.core.clock import parse_ms
from headway.core.run import ENDED
from headway.engines.base import Delivery
from headway.stores.projection import read_log
from tests.engines.plant import EVERY, ON_RABBITMQ, Plant, Setting
from tests.stores.conftest import fresh_prefix, fresh_url

pytestmark = pytest.mark.slow

SELDOM = ("celery-threads", "dramatiq")
"""With these some are left to `make soak`: what they share with the others is most of it."""

RABBITMQ = pytest.param(ON_RABBITMQ, marks=pytest.mark.soak)

MOST = pytest.mark.parametrize(
    "setting",
    [*(pytest.param(one, marks=pytest.mark.soak if str(one) in SELDOM else ()) for one in EVERY), RABBITMQ],
    ids=str,
    indirect=True,
)


@pytest.fixture(params=[*EVERY, RABBITMQ], ids=str)
def setting(request: pytest.FixtureRequest) -> Setting:
    """Each engine."""
    return request.param


def fresh(setting: Setting, request: pytest.FixtureRequest) -> str:
    """The address of a store nobody has used."""
    server = request.getfixturevalue(f"{setting.store}_server")
    return fresh_url(server) if setting.store == "postgres" else fresh_prefix(server)


def planted(setting: Setting, request: pytest.FixtureRequest, folder: Path, **options: Any) -> Plant:
    """A plant; nothing of it is started yet."""
    if setting.broker:
        options["broker"] = f"{request.getfixturevalue('rabbit_server').url}?prefix={folder.name}:"
    return Plant(folder, setting, fresh(setting, request), **options)


@pytest.fixture
async def plant(setting: Setting, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Plant]:
    """One in which nobody dies, nor passes for dead because the machine is busy."""
    made = planted(setting, request, tmp_path, lease_s=60)
    yield made
    await made.close()


@pytest.fixture
async def mortal(setting: Setting, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Plant]:
    """One in which a death is soon noticed."""
    made = planted(setting, request, tmp_path)
    yield made
    await made.close()


async def test_each_run_is_executed_once_however_often_it_is_delivered(plant: Plant) -> None:
    """Before, while and after it runs; to several processes at once."""
    await plant.open(2)
    runs = [await plant.start("once", 0.2) for _ in range(6)]
    for _ in range(3):
        await plant.hw.engine.deliver([Delivery(run_id, 1) for run_id in runs])
        await asyncio.sleep(0.1)
    assert set(await plant.ended(*runs)) == {"succeeded"}
    await plant.hw.engine.deliver([Delivery(run_id, attempt) for run_id in runs for attempt in (1, 2)])
    last = await plant.start("once", 0)
    await plant.ended(last)
    assert sorted(run for _, run in plant.executions()) == sorted([*runs, last])
    assert [(await plant.hw.commands.row(run_id)).attempt for run_id in runs] == [1] * 6


async def test_a_killed_worker_s_run_goes_on_in_another(mortal: Plant) -> None:
    """Without anybody's help."""
    await mortal.open(1)
    run_id = await mortal.start("long_at_first")
    first = await mortal.executing(run_id)
    victim = mortal.workers.pop()
    mortal.work()
    victim.kill()
    victim.wait()
    assert await mortal.ended(run_id) == ["succeeded"]
    assert [pid == first for pid, _ in mortal.executions(run_id)] == [True, False]


@MOST
async def test_what_kills_every_process_is_given_up(mortal: Plant) -> None:
    """After as many take-overs as are allowed; other runs still find workers."""
    await mortal.open(1)
    run_id = await mortal.start("die")
    async with asyncio.timeout(100):
        while str((await mortal.hw.commands.row(run_id)).status) != "failed":
            for worker in [one for one in mortal.workers if one.poll() is not None]:
                mortal.workers.remove(worker)
                mortal.work()
            await asyncio.sleep(0.05)
    assert len(mortal.executions(run_id)) == 4
    state = (await mortal.hw.projections.current(run_id)).snapshot()
    assert state["error"]["code"] == "crash_loop"
    assert await mortal.ended(await mortal.start("once", 0)) == ["succeeded"]


async def test_a_worker_that_is_told_to_stop_hands_back(plant: Plant) -> None:
    """And ends, in good order."""
    await plant.open(1)
    run_id = await plant.start("long_at_first")
    await plant.executing(run_id)
    leaving = plant.workers.pop()
    leaving.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(leaving.wait, 60) == 0
    row = await plant.hw.commands.row(run_id)
    assert (str(row.status), row.attempt, row.takeovers) == ("queued", 2, 0)
    plant.work()
    assert await plant.ended(run_id) == ["succeeded"]


@MOST
async def test_a_paused_worker_that_wakes_up_writes_nothing(mortal: Plant) -> None:
    """Its run has been taken over meanwhile, and ends once."""
    await mortal.open(1)
    run_id = await mortal.start("once", 3.0)
    pid = await mortal.executing(run_id)
    paused = mortal.workers[0]
    for process in {pid, paused.pid}:
        os.kill(process, signal.SIGSTOP)
    mortal.work()
    await mortal.until(run_id, lambda row: row.attempt == 2 and str(row.status) == "running")
    for process in {pid, paused.pid}:
        os.kill(process, signal.SIGCONT)
    assert await mortal.ended(run_id) == ["succeeded"]
    events = [event.envelope() async for event in read_log(mortal.hw.store, run_id)]
    assert len({event["execution_id"] for event in events}) == 2
    assert sum(event["type"] == "run.succeeded" for event in events) == 1
    assert pid not in {pid for pid, _ in mortal.executions(run_id)[1:]}


async def test_urgent_jobs_go_first_and_queues_are_kept_apart(plant: Plant) -> None:
    """A worker takes only what waits in its own queues."""
    await plant.open(0)
    slow = [await plant.start("once", 0.3) for _ in range(6)]
    away = await plant.start("elsewhere")
    await asyncio.sleep(0.5)  # they are in the queue, with no worker there
    urgent = await plant.start("urgent")
    await asyncio.sleep(0.5)
    plant.work(queues="default", concurrency=1)
    await plant.ended(*slow, urgent)
    order = [run for _, run in plant.executions()]
    if plant.setting.has_priorities:
        assert order.index(urgent) <= 1, "one message may have been on its way to the worker"
    assert str((await plant.hw.commands.row(away)).status) == "queued"
    plant.work(queues="elsewhere", concurrency=1)
    assert await plant.ended(away) == ["succeeded"]


async def test_a_run_is_cancelled_where_it_is_executed(plant: Plant) -> None:
    """Its body is stopped at its await, what it reported stays, and asking again changes nothing."""
    await plant.open(1)
    run_id = await plant.start("once", 60.0)
    await plant.executing(run_id)
    row = await plant.hw.commands.row(run_id)
    for _ in range(2):
        await plant.hw.commands.cancel(run_id, by="ada", reason="changed my mind")
    assert await plant.ended(run_id) == ["cancelled"]
    assert str((await plant.hw.commands.cancel(run_id)).status) == "cancelled"
    state = (await plant.hw.projections.current(run_id)).snapshot()
    assert state["phases"][0]["done"] == 1
    events = [event.envelope() async for event in read_log(plant.hw.store, run_id)]
    (cancelled,) = [event for event in events if event["type"] == "run.cancelled"]
    assert (cancelled["execution_id"], cancelled["data"]["forced"]) == (row.execution_id, False)


@MOST
async def test_limits_hold_over_all_processes_and_keep_nobody_waiting(plant: Plant) -> None:
    """A job at its limit goes on when there is room, promptly."""
    await plant.open(2)
    runs = [await plant.start("narrow", 0.2) for _ in range(4)]
    busy = 0
    async with asyncio.timeout(100):
        while any(row.status not in ENDED for row in [await plant.hw.commands.row(run_id) for run_id in runs]):
            busy = max(busy, sum(row.job == "narrow" for row in await plant.hw.store.claimed()))
            await asyncio.sleep(0.02)
    assert busy == 1
    assert [run for _, run in plant.executions()] == runs


@MOST
async def test_a_rate_holds_over_all_processes_and_keeps_nobody_waiting(plant: Plant) -> None:
    """As many begin as may, and the next ones when the time is over."""
    await plant.open(2)
    runs = [await plant.start("paced") for _ in range(7)]
    assert await plant.ended(*runs, await plant.start("once", 0)) == ["succeeded"] * 8
    began = sorted([parse_ms((await plant.hw.commands.row(run_id)).started_at) or 0 for run_id in runs])
    # the clocks of the processes agree to some milliseconds, on a busy machine to some hundred
    assert all(later - sooner >= 700 for sooner, later in zip(began, began[2:], strict=False))
    assert len([run for _, run in plant.executions() if run in runs]) == 7


@MOST
async def test_a_delayed_run_waits_for_its_time(plant: Plant) -> None:
    """By the store's clock; meanwhile others are executed."""
    await plant.open(1)
    later = await plant.start("once", 0, delay=5)
    now = await plant.start("once", 0)
    await plant.ended(now)
    assert plant.executions(later) == []
    row = await plant.until(later, lambda row: row.started_at is not None)
    assert (parse_ms(row.started_at) or 0) - (parse_ms(row.created_at) or 0) >= 4_990
    assert await plant.ended(later) == ["succeeded"]


@pytest.mark.parametrize("setting", [one for one in EVERY if one.engine == "celery"], ids=str, indirect=True)
async def test_work_that_outlives_the_visibility_time_out_is_not_begun_again(plant: Plant) -> None:
    """Redis puts back what was not acknowledged in time; a task that takes longer is a trap of Celery's."""
    plant.environment["VISIBILITY_S"] = "1"
    await plant.open(2)
    runs = [await plant.start("once", 4.0) for _ in range(3)]
    assert set(await plant.ended(*runs)) == {"succeeded"}
    assert sorted(run for _, run in plant.executions()) == sorted(runs)
