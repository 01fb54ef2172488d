"""Two gateways and three workers on one store, each a process that knows nothing of the others.

Whoever watches sees the same, on whichever gateway; workers and a gateway are killed, each message is delivered three
times, and nothing is lost, doubled or mixed up.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from headway.core.clock import parse_ms
from headway.core.run import ENDED
from headway.engines.base import Delivery
from headway.stores.projection import read_log
from headway.testing import play
from tests.engines import crashing
from tests.engines.plant import Plant, Setting
from tests.integration.servers import HEADWAY, free_port
from tests.stores.conftest import fresh_prefix, fresh_url
from tests.wire import Viewer

pytestmark = pytest.mark.slow

SETTINGS = (
    Setting("embedded", "postgres"),
    Setting("procrastinate", "postgres"),
    Setting("embedded", "redis"),
    Setting("celery", "redis", "prefork"),
)
RUNS = 4
ITEMS = 10


class Machines(Plant):
    """A plant with gateways."""

    def __init__(self, folder: Path, setting: Setting, url: str) -> None:
        super().__init__(folder, setting, url, jobs="crashing", takeovers_max=1000, cancel_grace_s=2)
        self.environment["CRASHING_PACE"] = "0.4"
        self.ports = [free_port(), free_port()]
        self.gateways: list[subprocess.Popen[bytes]] = []

    async def open(self, workers: int = 3) -> None:
        """Start all of it, and wait until they are there."""
        self.gateways = [
            self.spawn(HEADWAY, "serve", self.target, "--port", str(port), "--worker", "none") for port in self.ports
        ]
        await super().open(workers)
        async with asyncio.timeout(60):
            for port in self.ports:
                while not is_open(port):
                    await asyncio.sleep(0.05)

    async def watch(self, viewer: Viewer) -> None:
        """Follow a run on any gateway that answers."""
        while not viewer.done:
            try:
                await viewer.follow()
            except (OSError, asyncio.IncompleteReadError):  # cut in the head of the answer
                viewer.port = self.ports[viewer.port == self.ports[0]]
                await asyncio.sleep(0.05)

    async def deliver_again(self, runs: list[str]) -> None:
        """Deliver each attempt twice more, at random times, until the runs have ended."""
        again: dict[tuple[str, int], int] = {}
        while rows := [row for run_id in runs if (row := await self.hw.commands.row(run_id)).status not in ENDED]:
            for row in rows:
                told = again.setdefault((row.id, row.attempt), 0)
                if told < 2 and random.random() < 0.3:
                    again[row.id, row.attempt] += 1
                    with contextlib.suppress(Exception):  # the queue may be away
                        await self.hw.engine.deliver([Delivery(row.id, row.attempt)])
            await asyncio.sleep(random.uniform(0, 0.5))

    async def close(self) -> None:
        """End all of it."""
        for process in self.gateways:
            process.kill()
            process.wait()
        await super().close()


@pytest.fixture(params=SETTINGS, ids=lambda setting: f"{setting.store}-{setting.engine}")
async def machines(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Machines]:
    """All of them on a store of their own."""
    setting: Setting = request.param
    server = request.getfixturevalue(f"{setting.store}_server")
    url = fresh_url(server) if setting.store == "postgres" else fresh_prefix(server)
    machines = Machines(tmp_path, setting, url)
    yield machines
    await machines.close()


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.soak)])
async def test_nothing_is_lost_whoever_dies(machines: Machines, kills: int) -> None:
    """What comes out is what comes out undisturbed; no finished step runs again, and all viewers have seen the same."""
    await machines.open()
    runs: list[str] = []
    viewers: list[Viewer] = []
    tasks: list[asyncio.Task[Any]] = []

    async def begin() -> None:
        new = [await machines.start("crunch", ITEMS) for _ in range(RUNS)]
        runs.extend(new)
        viewers.extend(Viewer(port, f"/v1/runs/{run_id}/stream") for run_id in new for port in machines.ports)
        tasks.extend(asyncio.create_task(machines.watch(viewer)) for viewer in viewers[-2 * RUNS :])
        tasks.append(asyncio.create_task(machines.deliver_again(new)))

    await begin()
    for kill in range(kills):
        while not await machines.hw.store.claimed():
            if not await machines.hw.store.queued(["crunch"]):
                await begin()
            await asyncio.sleep(0.05)
        await asyncio.sleep(random.uniform(0, 0.6))
        machines.work()
        victim = machines.workers.pop(0)
        victim.kill()
        victim.wait()
        if kill == kills // 2:
            machines.gateways[0].kill()
    async with asyncio.timeout(100 + 3 * kills):
        await asyncio.gather(*tasks)
    logs = {run_id: [event.envelope() async for event in read_log(machines.hw.store, run_id)] for run_id in runs}
    rows = [await machines.hw.commands.row(run_id) for run_id in runs]
    assert max(row.attempt for row in rows) > 1, "the kills must hit runs that were at work"
    undisturbed = essence((await play(crashing.crunch, ITEMS, phases={"work": 100})).snapshot)
    for viewer in viewers:
        events = logs[viewer.path.split("/")[3]]
        assert sorted(viewer.skipped + viewer.seqs) == list(range(1, len(events) + 1))
        assert viewer.resets == []
        assert essence(viewer.fold.snapshot()) == undisturbed
    assert steps_again(machines.notes, logs) == []


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def essence(state: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot without attempts, ids, times and the order in which parallel work was done."""
    apart = {"attempt", "seq", "started_at", "finished_at"}

    def bare(entry: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in entry.items() if name not in apart}

    return {
        "status": state["status"],
        "percent": state["progress"]["percent"],
        "result": state["result"],
        "phases": [bare(phase) for phase in state["phases"]],
        "items": {key: bare(item) for key, item in sorted(state["items"].items())},
        "outputs": {key: bare(output) for key, output in sorted(state["outputs"].items())},
        "notes": sorted(note["body"] for note in state["notes"]),
        "errors": state["errors"],
    }


def steps_again(notes: Path, logs: Mapping[str, list[dict[str, Any]]]) -> list[tuple[str, str]]:
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
