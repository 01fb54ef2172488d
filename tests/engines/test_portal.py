"""From threads a library has made to attempts in a loop of ours, and what a process does when it stops."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headway import Headway, Run
from headway.config import Settings
from headway.engines.portal import Portal
from headway.errors import StoreError, UsageError


def application(path: Path) -> Headway:
    """One that is started by one process and executed by another."""
    hw = Headway(settings=Settings(store=str(path), worker="none", drain_s=0.1))

    @hw.job
    async def where(run: Run, seconds: float) -> str:
        await run.progress(1, 2)
        await asyncio.sleep(seconds)
        return threading.current_thread().name

    return hw


@pytest.fixture
async def hw(tmp_path: Path) -> AsyncIterator[Headway]:
    """Starts runs."""
    async with application(tmp_path / "runs.db") as hw:
        yield hw


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    """Executes them."""
    return Portal(application(tmp_path / "runs.db").attempts)


async def test_threads_share_one_loop_and_each_run_is_executed_once(hw: Headway, portal: Portal) -> None:
    """Nothing is opened before the first of them comes."""
    assert len(await hw.store.workers()) == 1
    handles = [await hw.start("where", 0.05) for _ in range(4)]
    ids = [handle.id for handle in handles] * 2
    await asyncio.gather(*(asyncio.to_thread(portal.see_through, run_id, 1) for run_id in ids))
    assert {await handle.result() for handle in handles} == {"headway-portal"}
    assert len(await hw.store.workers()) == 2
    await asyncio.to_thread(portal.close)
    assert len(await hw.store.workers()) == 1


async def test_closing_hands_back_what_runs_and_takes_nothing_more(hw: Headway, portal: Portal) -> None:
    """Whoever waits in a thread is let go."""
    handle, later = await hw.start("where", 60.0), await hw.start("where", 0.0)
    waiting = asyncio.create_task(asyncio.to_thread(portal.see_through, handle.id, 1))
    async with asyncio.timeout(30):
        while str((await hw.commands.row(handle.id)).status) != "running":
            await asyncio.sleep(0.01)
    for _ in range(2):
        await asyncio.to_thread(portal.close)
    await waiting
    row = await hw.commands.row(handle.id)
    assert (str(row.status), row.attempt, row.takeovers) == ("queued", 2, 0)
    assert not portal.open()
    await asyncio.to_thread(portal.see_through, later.id, 1)
    assert str((await hw.commands.row(later.id)).status) == "queued"


async def test_whoever_closes_waits_until_it_is_closed(hw: Headway, portal: Portal) -> None:
    """Also the second: a process must not exit while attempts are handed back."""
    assert portal.open()
    await asyncio.gather(*(asyncio.to_thread(portal.close) for _ in range(3)))
    assert len(await hw.store.workers()) == 1


async def test_what_cannot_be_opened_is_told_and_tried_again(hw: Headway, tmp_path: Path) -> None:
    """By whoever comes next."""
    elsewhere = tmp_path / "away"
    portal = Portal(application(elsewhere / "runs.db").attempts)
    with pytest.raises(StoreError):
        await asyncio.to_thread(portal.see_through, "run_none", 1)
    elsewhere.mkdir()
    await asyncio.to_thread(portal.see_through, "run_none", 1)
    await asyncio.to_thread(portal.close)


async def test_a_process_without_jobs_has_nothing_to_do(tmp_path: Path) -> None:
    """Told where it begins."""
    portal = Portal(Headway(str(tmp_path / "runs.db"), worker="none").attempts)
    with pytest.raises(UsageError, match="no job is registered"):
        await asyncio.to_thread(portal.open)
