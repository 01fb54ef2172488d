"""Processes are killed, stopped and woken at random; runs go on in others, and nothing is lost, doubled or mixed up."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from headway.core.clock import parse_ms
from headway.core.fold import Fold
from headway.core.run import ENDED
from headway.engines.commands import About, Commands
from headway.engines.job import make_job
from headway.stores.base import RunRow
from headway.stores.projection import Projections, read_log
from headway.stores.sqlite import SqliteStore
from headway.stores.tail import doorbell, rings
from tests.checkout import ROOT, python_path
from tests.engines import crashing
from tests.integration.servers import HEADWAY, free_port
from tests.seeds import SEEDS
from tests.wire import Viewer

pytestmark = pytest.mark.slow

JOBS = {name: make_job(getattr(crashing, name)) for name in ("crunch", "hold", "die", "stuck")}


class Site:
    """A store on disk, and worker and server processes on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteStore(folder / "runs.db")
        self.commands = Commands(self.store, Projections(self.store), lambda: "2026-01-01T00:00:00.000Z")
        self.workers: list[subprocess.Popen[bytes]] = []

    def spawn(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker process."""
        return self._spawn([sys.executable, "-m", "headway.worker", "tests.engines.crashing:hw"], environment)

    def serve(self, port: int, **environment: str) -> subprocess.Popen[bytes]:
        """Start a server that works on jobs, too."""
        command = [HEADWAY, "serve", "tests.engines.crashing:hw", "--port", str(port), "--worker", "inline"]
        return self._spawn(command, environment)

    def _spawn(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        env = {
            **os.environ,
            "HEADWAY_STORE": str(self.folder / "runs.db"),
            "CRASHING_NOTES": str(self.folder / "notes"),
            "HEADWAY_DRAIN_S": "0.2",
            "PYTHONPATH": python_path(ROOT),
            **environment,
        }
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        self.workers.append(process)
        return process

    async def joined(self, count: int) -> None:
        """Wait until so many processes have joined the store."""
        async with asyncio.timeout(60):
            while len(await self.store.workers()) < count:
                await asyncio.sleep(0.05)

    async def start(self, job: str, value: object) -> str:
        """Queue a run."""
        row, _ = await self.commands.start(JOBS[job], value, About())
        return row.id

    async def until(self, run_id: str, wanted: Callable[[RunRow], bool], within_s: float = 100) -> RunRow:
        """Wait for something to be true of a run."""
        async with asyncio.timeout(within_s):
            with doorbell(self.store, run_id) as bell:
                while not wanted(row := await self.commands.row(run_id)):
                    await rings(bell, 0.05)
                    bell.clear()
        return row

    async def events(self, run_id: str) -> list[dict]:
        """The whole log."""
        return [event.envelope() async for event in read_log(self.store, run_id)]

    def kill_holder(self, row: RunRow) -> bool:
        """Kill the process that holds a run; False when it is dead already."""
        victim = next((worker for worker in self.workers if self.holds(worker, row)), None)
        if victim is None:
            return False
        self.workers.remove(victim)
        victim.kill()
        victim.wait()
        return True

    def holds(self, worker: subprocess.Popen[bytes], row: RunRow) -> bool:
        """Whether a process holds the lock of the run's worker."""
        with contextlib.suppress(OSError):
            return any(
                link.readlink().name == f"{row.worker}.lock" for link in Path(f"/proc/{worker.pid}/fd").iterdir()
            )
        return False

    def pid_of(self, row: RunRow) -> int:
        """Process that holds a run."""
        return next(worker.pid for worker in self.workers if self.holds(worker, row))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A place to crash in."""
    site = Site(tmp_path)
    await site.store.open()
    yield site
    for worker in site.workers:
        with contextlib.suppress(ProcessLookupError):
            worker.send_signal(signal.SIGCONT)
            worker.kill()
        worker.wait()
    await site.store.close()


def ended(row: RunRow) -> bool:
    """Whether a run has ended."""
    return row.status in ENDED


def begun(folder: Path) -> Iterator[tuple[int, str, str]]:
    """Time, run and key of every step that was begun."""
    for line in (folder / "notes").read_text().splitlines():
        time, _pid, run_id, key = line.split(maxsplit=3)
        yield int(time), run_id, key


@pytest.mark.parametrize("seed", SEEDS)
async def test_kills_over_parallel_items_lose_nothing_and_mix_nothing_up(site: Site, seed: int) -> None:
    """Ten a seed: each item ends with its own results, no finished step runs again, no withdrawn text is left."""
    rng = random.Random(seed)
    runs: list[str] = []
    environment = {"CRASHING_PACE": "0.2", "HEADWAY_TAKEOVERS_MAX": "1000"}
    for _ in range(3):
        site.spawn(**environment)
    kills = 0
    while kills < 10:
        claimed = await site.store.claimed()
        if not claimed and not await site.store.queued(JOBS):
            runs += [await site.start("crunch", 10) for _ in range(3)]
        await asyncio.sleep(rng.uniform(0, 0.3))
        if claimed and site.kill_holder(rng.choice(claimed)):
            kills += 1
            site.spawn(**environment)
    attempts = [(await site.until(run_id, ended)).attempt for run_id in runs]
    assert sum(attempts) - len(runs) >= 8, "the kills must hit runs that were at work"
    finished: dict[tuple[str, str], int] = {}
    for run_id in runs:
        events = await site.events(run_id)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        fold = Fold()
        for event in events:
            fold.apply(event)
            if event["type"] == "step.finished":
                assert (run_id, event["data"]["key"]) not in finished
                finished[run_id, event["data"]["key"]] = parse_ms(event["time"]) or 0
        state = fold.snapshot()
        assert state["status"] == "succeeded", state["error"]
        said = sorted(note["body"] for note in state["notes"])
        assert said == [f"{item}.{step} is done" for item in range(10) for step in range(3)]
        expected = [[{"item": item, "step": step} for step in range(3)] for item in range(10)]
        assert state["result"] == expected
        for item in range(10):
            assert state["items"][f"item:{item}"]["data"] == expected[item]
            for step in range(3):
                text = "".join(f"{item}.{step}.{number} " for number in range(5))
                assert state["outputs"][f"text-{item}-{step}"]["text"] == text
    again = [key for time, *key in begun(site.folder) if time > finished[tuple(key)] + 1]  # type: ignore[index]
    assert again == []


async def test_only_the_runs_of_the_dead_move(site: Site) -> None:
    """Two servers and three workers hold two runs each; a server and a worker are killed.

    The runs of the dead go on elsewhere, with a viewer of each watching on; the others' stay where they are.
    """
    ports = [free_port(), free_port()]
    processes = [site.serve(port, HEADWAY_CONCURRENCY="2") for port in ports]
    processes += [site.spawn(HEADWAY_CONCURRENCY="2") for _ in range(3)]
    await site.joined(5)
    runs = [await site.start("hold", 6.0) for _ in range(10)]
    owners = {}
    for run_id in runs:
        owners[run_id] = site.pid_of(await site.until(run_id, lambda row: row.worker is not None))
    assert set(owners.values()) == {process.pid for process in processes}
    dead = {processes[0].pid, processes[2].pid}
    viewers = {run_id: Viewer(ports[1], f"/v1/runs/{run_id}/stream") for run_id in runs if owners[run_id] in dead}
    watching = asyncio.gather(*(viewer.follow() for viewer in viewers.values()))
    for pid in dead:
        os.kill(pid, signal.SIGKILL)
    for run_id in runs:
        row = await site.until(run_id, ended)
        assert row.status == "succeeded"
        assert (row.attempt > 1) == (owners[run_id] in dead)
    await watching
    for run_id, viewer in viewers.items():
        events = await site.events(run_id)
        assert sorted(viewer.skipped + viewer.seqs) == list(range(1, len(events) + 1))
        assert (viewer.resets, viewer.streams) == ([], 1)
        assert [execution["reason"] for execution in viewer.fold.snapshot()["executions"]] == ["created", "takeover"]


async def test_a_process_that_slept_past_its_lease_writes_nothing_when_it_wakes(site: Site) -> None:
    """SIGSTOP, take-over by another, SIGCONT: the late writes are refused and the log has one author at a time."""
    site.spawn(HEADWAY_LEASE_S="3")
    run_id = await site.start("hold", 3.0)
    row = await site.until(run_id, lambda row: row.worker is not None and row.seq > 5)
    sleeper = site.pid_of(row)
    os.kill(sleeper, signal.SIGSTOP)
    site.spawn(HEADWAY_LEASE_S="3")
    taken = await site.until(run_id, lambda row: row.attempt == 2 and row.worker is not None)
    os.kill(sleeper, signal.SIGCONT)
    assert (await site.until(run_id, ended)).status == "succeeded"
    events = await site.events(run_id)
    second = next(n for n, event in enumerate(events) if event["execution_id"] == taken.execution_id)
    assert {event["execution_id"] for event in events[:second]} == {row.execution_id}
    assert {event["execution_id"] for event in events[second:]} == {taken.execution_id}
    assert events[-1]["data"]["result"] != sleeper


async def test_a_run_that_kills_every_process_is_given_up(site: Site) -> None:
    """At most so many take-overs without a finished step, then it fails and says why."""
    run_id = await site.start("die", None)
    for _ in range(3):
        await asyncio.to_thread(site.spawn(HEADWAY_TAKEOVERS_MAX="2").wait)
    site.spawn(HEADWAY_TAKEOVERS_MAX="2")
    row = await site.until(run_id, ended)
    assert row.status == "failed"
    events = await site.events(run_id)
    assert events[-1]["data"]["error"]["code"] == "crash_loop"
    assert row.attempt == 3


async def test_a_stopping_worker_hands_its_runs_back_at_once(site: Site) -> None:
    """SIGTERM: what is not done in the drain time goes on elsewhere, without counting as a crash."""
    first = site.spawn()
    run_id = await site.start("hold", 4.0)
    await site.until(run_id, lambda row: row.seq > 5)
    first.terminate()
    assert await asyncio.to_thread(first.wait) == 0
    site.spawn()
    row = await site.until(run_id, ended)
    assert (row.status, row.attempt, row.takeovers) == ("succeeded", 2, 0)


async def test_a_stopping_worker_does_not_wait_for_threads(site: Site) -> None:
    """Plain code cannot be stopped, but the process can; its run goes on elsewhere."""
    worker = site.spawn(HEADWAY_CANCEL_GRACE_S="0.2")
    runs = [await site.start("stuck", None) for _ in range(8)]
    for run_id in runs:
        await site.until(run_id, lambda row: row.status == "running")
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 30) == 0
    site.spawn()
    for run_id in runs:
        row = await site.until(run_id, ended)
        assert (row.status, row.attempt, row.takeovers) == ("succeeded", 2, 0)


async def test_a_running_job_is_cancelled_from_another_process(site: Site) -> None:
    """Through the store: the worker sees it, stops the body, and writes the end."""
    site.spawn()
    run_id = await site.start("hold", 60.0)
    await site.until(run_id, lambda row: row.seq > 5)
    await site.commands.cancel(run_id, by="ada", reason="changed my mind")
    row = await site.until(run_id, ended)
    assert row.status == "cancelled"
    events = await site.events(run_id)
    assert events[-1]["data"] == {"reason": None, "forced": False}
    assert events[-1]["execution_id"] == row.execution_id
