"""Questions of jobs outlive whoever asked them: workers are killed while they wait, before they do, and after."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from headway.core.run import ENDED, RunStatus
from headway.engines.commands import About, Commands
from headway.engines.job import make_job
from headway.errors import Conflict
from headway.stores.base import RunRow, Store
from headway.stores.location import store_at
from headway.stores.projection import Projections, read_log
from tests.checkout import ROOT, python_path
from tests.engines import crashing
from tests.stores.conftest import fresh_prefix, fresh_url

pytestmark = pytest.mark.slow

INQUIRY = make_job(crashing.inquiry)
WAITING_S = 60


class Place:
    """A store, workers that are processes of their own, and this process, which answers.

    Args:
        folder: For the log of the workers, and the notes of the steps they began.
        url: Of the store.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.store: Store = store_at(url)
        self.projections = Projections(self.store)
        self.commands = Commands(self.store, self.projections, lambda: "2026-01-01T00:00:00.000Z")
        self.workers: list[subprocess.Popen[bytes]] = []

    def work(self, hold_s: float) -> None:
        """Start a worker."""
        environment = {
            **os.environ,
            "HEADWAY_STORE": self.url,
            "HEADWAY_LEASE_S": "1.5",
            "HEADWAY_TAKEOVERS_MAX": "1000",
            "HEADWAY_ASK_HOLD_S": str(hold_s),
            "CRASHING_NOTES": str(self.folder / "notes"),
            "PYTHONPATH": python_path(ROOT),
        }
        command = [sys.executable, "-m", "headway.worker", "tests.engines.crashing:hw"]
        with (self.folder / "log").open("ab") as log:
            self.workers.append(subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log))

    def kill(self) -> None:
        """``kill -9`` to the oldest worker."""
        victim = self.workers.pop(0)
        victim.kill()
        victim.wait()

    async def start(self, items: int) -> str:
        """Queue a run."""
        return (await self.commands.start(INQUIRY, items, About()))[0].id

    async def until(self, run_id: str, wanted: Callable[[RunRow], bool]) -> RunRow:
        """Wait for something to be true of a run."""
        async with asyncio.timeout(WAITING_S):
            while not wanted(row := await self.commands.row(run_id)):
                await asyncio.sleep(0.01)
        return row

    async def state(self, run_id: str) -> dict[str, Any]:
        """The run's state."""
        return (await self.projections.current(run_id)).snapshot()

    async def close(self) -> None:
        """End all of it."""
        while self.workers:
            self.kill()
        await self.store.close()


@pytest.fixture(params=["sqlite", "postgres", "redis"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A place of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'runs.db'}"
    else:
        server = request.getfixturevalue(f"{request.param}_server")
        url = fresh_url(server) if request.param == "postgres" else fresh_prefix(server)
    made = Place(tmp_path, url)
    await made.store.open()
    yield made
    await made.close()


async def test_a_worker_killed_while_it_waits(place: Place) -> None:
    """The next one asks the same under the same id; steps that were done are not done again."""
    run_id = await place.start(1)
    place.work(hold_s=600)
    await place.until(run_id, lambda row: row.status is RunStatus.WAITING)
    (ask_id,) = (await place.state(run_id))["asks"]
    place.kill()
    place.work(hold_s=600)
    await place.until(run_id, lambda row: row.attempt == 2 and row.status is RunStatus.WAITING)
    assert (await place.state(run_id))["asks"].keys() == {ask_id}
    await place.commands.answer(run_id, ask_id, 42)
    row = await place.until(run_id, lambda row: row.status in ENDED)
    assert (row.status, row.attempt) == (RunStatus.SUCCEEDED, 2)
    assert (await place.state(run_id))["result"] == ["0: 42"]
    assert steps_begun(place) == [f"{run_id} item:0/inquire/before", f"{run_id} item:0/inquire/after"]


async def test_a_worker_killed_after_it_made_room(place: Place) -> None:
    """Nothing is taken over, for nothing was lost; the answer waits for a worker, and the first that comes has it."""
    run_id = await place.start(1)
    place.work(hold_s=0)
    await place.until(run_id, lambda row: row.status is RunStatus.WAITING and row.worker is None)
    place.kill()
    (ask_id,) = (await place.state(run_id))["asks"]
    await place.commands.answer(run_id, ask_id, 1)
    place.work(hold_s=0)
    row = await place.until(run_id, lambda row: row.status in ENDED)
    assert (row.attempt, row.takeovers) == (2, 0)
    assert (await place.state(run_id))["result"] == ["0: 1"]


async def test_whoever_dies_each_question_has_its_answer(place: Place) -> None:
    """Several runs with several questions each, answered while workers come and go."""
    runs = [await place.start(3) for _ in range(3)]
    for hold_s in (0.3, 600, 0):
        place.work(hold_s)
    answering = asyncio.gather(*(answer_all(place, run_id) for run_id in runs))
    for hold_s in (0, 600, 0.3, 600):
        await asyncio.sleep(random.uniform(0.3, 1.0))
        place.work(hold_s)
        place.kill()
    async with asyncio.timeout(2 * WAITING_S):
        await answering
    for run_id in runs:
        state = await place.state(run_id)
        assert (state["status"], state["result"]) == ("succeeded", ["0: 0", "1: 10", "2: 20"])
        events = [event.envelope() async for event in read_log(place.store, run_id)]
        answers = [event["data"]["ask_id"] for event in events if event["type"] == "run.resumed"]
        assert sorted(answers) == [f"item:{number}/inquire/what" for number in range(3)]


async def answer_all(place: Place, run_id: str) -> None:
    """Answer whatever a run asks, until it has ended."""
    while (await place.commands.row(run_id)).status not in ENDED:
        for ask_id in (await place.state(run_id))["asks"]:
            number = int(ask_id.removeprefix("item:").partition("/")[0])
            await asyncio.sleep(random.uniform(0, 0.4))
            try:
                await place.commands.answer(run_id, ask_id, 10 * number)
            except Conflict:
                continue  # its worker died; it will be asked again
        await asyncio.sleep(0.02)


def steps_begun(place: Place) -> list[str]:
    """Run and key of each step that was begun, in order."""
    lines = (place.folder / "notes").read_text().splitlines()
    return [" ".join(line.split(maxsplit=3)[2:]) for line in lines]
