"""Two gateways and three workers on one store, each a process that knows nothing of the others.

Whoever watches sees the same, on whichever gateway; workers and a gateway are killed, and nothing is lost or doubled.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headway.core.clock import parse_ms
from headway.core.run import ENDED
from headway.engines.commands import About, Commands
from headway.engines.job import make_job
from headway.stores.base import Store
from headway.stores.location import store_at
from headway.stores.projection import Projections, read_log
from tests.engines import crashing
from tests.integration.servers import HEADWAY, ROOT, free_port
from tests.stores.conftest import fresh_prefix, fresh_url
from tests.wire import Viewer

pytestmark = pytest.mark.slow

CRUNCH = make_job(crashing.crunch)
RUNS = 4
KILLS = 5


class Machines:
    """Gateways and workers on one store.

    Args:
        folder: For their logs, and the notes of the steps they began.
        url: Of the store.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.store: Store = store_at(url)
        self.commands = Commands(self.store, Projections(self.store), lambda: "2026-01-01T00:00:00.000Z")
        self.ports = [free_port(), free_port()]
        self.gateways = [self._spawn(HEADWAY, "serve", *self._at(port)) for port in self.ports]
        self.workers = [self.work() for _ in range(3)]

    def _at(self, port: int) -> list[str]:
        return ["tests.engines.crashing:hw", "--port", str(port), "--worker", "none"]

    def work(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self._spawn(sys.executable, "-m", "headway.worker", "tests.engines.crashing:hw")

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "HEADWAY_STORE": self.url,
            "HEADWAY_LEASE_S": "1.5",
            "HEADWAY_TAKEOVERS_MAX": "1000",
            "CRASHING_NOTES": str(self.folder / "notes"),
            "CRASHING_PACE": "0.4",
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)

    async def ready(self) -> None:
        """Wait until all of them are there."""
        await self.store.open()
        async with asyncio.timeout(60):
            while len(await self.store.workers()) < len(self.gateways) + len(self.workers):
                await asyncio.sleep(0.05)

    async def watch(self, viewer: Viewer) -> None:
        """Follow a run on any gateway that answers."""
        while not viewer.done:
            try:
                await viewer.follow()
            except OSError:
                viewer.port = self.ports[viewer.port == self.ports[0]]
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End all of it."""
        for process in (*self.gateways, *self.workers):
            process.kill()
            process.wait()
        await self.store.close()


@pytest.fixture(params=["postgres", "redis"])
async def machines(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Machines]:
    """All of them on a store of their own."""
    server = request.getfixturevalue(f"{request.param}_server")
    machines = Machines(tmp_path, fresh_url(server) if request.param == "postgres" else fresh_prefix(server))
    await machines.ready()
    yield machines
    await machines.close()


async def test_nothing_is_lost_whoever_dies(machines: Machines) -> None:
    """Each item ends with its own results, no finished step runs again, and all viewers have seen the same."""
    runs = [(await machines.commands.start(CRUNCH, 10, About()))[0].id for _ in range(RUNS)]
    paths = [f"/v1/runs/{run_id}/stream" for run_id in runs]
    viewers = [Viewer(port, path) for path in paths for port in machines.ports]
    watching = asyncio.gather(*(machines.watch(viewer) for viewer in viewers))
    for kill in range(KILLS):
        await asyncio.sleep(random.uniform(0.2, 0.6))
        machines.workers.append(machines.work())
        victim = machines.workers.pop(0)
        victim.kill()
        victim.wait()
        if kill == KILLS // 2:
            machines.gateways[0].kill()
    async with asyncio.timeout(100):
        await watching
    logs = {run_id: [event.envelope() async for event in read_log(machines.store, run_id)] for run_id in runs}
    attempts = [row.attempt for run_id in runs if (row := await machines.store.get(run_id)) and row.status in ENDED]
    assert len(attempts) == RUNS
    assert max(attempts) > 1, "the kills must hit runs that were at work"
    for viewer in viewers:
        events = logs[viewer.path.split("/")[3]]
        assert sorted(viewer.skipped + viewer.seqs) == list(range(1, len(events) + 1))
        assert viewer.resets == []
        state = viewer.fold.snapshot()
        assert state["status"] == "succeeded"
        assert state["result"] == [[{"item": item, "step": step} for step in range(3)] for item in range(10)]
    assert steps_again(machines.folder / "notes", logs) == []


def steps_again(notes: Path, logs: dict[str, list[dict]]) -> list[tuple[str, str]]:
    """Return the steps that were begun after they had been finished."""
    finished = {
        (run_id, event["data"]["key"]): parse_ms(event["time"]) or 0
        for run_id, events in logs.items()
        for event in events
        if event["type"] == "step.finished"
    }
    lines = [line.split(maxsplit=3) for line in notes.read_text().splitlines()]
    begun = [(int(time), (run_id, key)) for time, _pid, run_id, key in lines]
    return [step for time, step in begun if step in finished and time > finished[step] + 1]
