"""Worker processes under an engine, on a store and queue of their own, and a Headway here that starts their runs."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from headway import Headway
from headway.config import Settings
from headway.core.run import ENDED
from headway.stores.base import RunRow
from tests.checkout import ROOT, python_path
from tests.engines import delivered

PATIENCE_S = 100
SLOTS = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to have runs delivered.

    Attributes:
        engine: Its name.
        store: Where the runs are.
        pool: Of Celery's workers.
        broker: Where the queue is; empty: where the runs are.
        has_priorities: Whether runs of urgent jobs go first.
    """

    engine: str
    store: str
    pool: str = "threads"
    broker: str = ""
    has_priorities: bool = True

    def __str__(self) -> str:
        name = f"{self.engine}-{self.pool}" if self.engine == "celery" else self.engine
        return f"{name}-{self.broker}" if self.broker else name


EVERY = (  # the last is what the documentation shows to whoever writes one
    Setting("embedded", "postgres"),
    Setting("procrastinate", "postgres"),
    Setting("celery", "redis", "threads"),
    Setting("celery", "redis", "prefork"),
    Setting("dramatiq", "redis", has_priorities=False),
)

ON_RABBITMQ = Setting("celery", "postgres", broker="rabbitmq")


class Plant:
    """Workers, and the Headway that starts their runs.

    Args:
        folder: For notes and logs.
        setting: How runs are delivered.
        url: Of the store, and so of the queue.
        jobs: Name of the module with the application, in ``tests.engines``.
        options: Settings beside it.
    """

    def __init__(self, folder: Path, setting: Setting, url: str, *, jobs: str = "delivered", **options: Any) -> None:
        self.folder, self.setting, self.url = folder, setting, url
        self.target = f"tests.engines.{jobs}:hw"
        self.notes = folder / "notes"
        self.notes.touch()
        given = {"lease_s": 1.5, "drain_s": 0.2, "takeovers_max": 3, **options}
        given |= {"store": url, "pool": setting.pool}
        own = setting.engine == "dramatiq"
        if not own:
            given["engine"] = setting.engine
        self.environment = {f"HEADWAY_{name.upper()}": str(value) for name, value in given.items()}
        self.environment |= {
            "CRASHING_NOTES": str(self.notes),
            "PYTHONPATH": python_path(ROOT),
        }
        if own:
            self.environment["DRAMATIQ"] = url
        settings = Settings(worker="none", **given)
        self.hw = Headway(settings=settings, engine=delivered.own_engine(url) if own else None)
        self.hw.jobs.update(importlib.import_module(f"tests.engines.{jobs}").hw.jobs)
        self.workers: list[subprocess.Popen[bytes]] = []

    async def open(self, workers: int = 1) -> None:
        """Start everything, and wait until the workers are there."""
        await self.hw.__aenter__()
        for _ in range(workers):
            self.work()
        await self.joined(workers * (SLOTS if self.setting.pool == "prefork" else 1))

    def work(self, *, queues: str = "", concurrency: int = SLOTS) -> subprocess.Popen[bytes]:
        """Start a worker process."""
        more = {"HEADWAY_CONCURRENCY": str(concurrency), "HEADWAY_QUEUES": queues}
        process = self.spawn(sys.executable, "-m", "headway.worker", self.target, **more)
        self.workers.append(process)
        return process

    def spawn(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process on the same store and queue."""
        given = {**os.environ, **self.environment, **environment}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=given, cwd=ROOT, stdout=log, stderr=log)

    async def joined(self, count: int) -> None:
        """Wait until so many processes beside this one can execute attempts."""
        async with asyncio.timeout(PATIENCE_S):
            while len(await self.hw.store.workers()) < 1 + count:
                assert all(worker.poll() is None for worker in self.workers), (self.folder / "log").read_text()
                await asyncio.sleep(0.05)

    async def start(self, job: str, value: Any = None, **options: Any) -> str:
        """Start a run."""
        return (await self.hw.start(job, value, **options)).id

    async def until(self, run_id: str, wanted: Callable[[RunRow], bool]) -> RunRow:
        """Wait for something to be true of a run."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted(row := await self.hw.commands.row(run_id)):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError((self.folder / "log").read_text()) from None
        return row

    async def ended(self, *runs: str) -> list[str]:
        """Wait for the end of runs; return how they ended."""
        return [str((await self.until(run_id, lambda row: row.status in ENDED)).status) for run_id in runs]

    def executions(self, run_id: str | None = None) -> list[tuple[int, str]]:
        """The process and run of each execution that was noted, in order."""
        lines = [line.split() for line in self.notes.read_text().splitlines()]
        return [(int(pid), noted) for _time, pid, noted, _key in lines if run_id in (None, noted)]

    async def executing(self, run_id: str) -> int:
        """Wait until a run is executed; return the process that does."""
        await self.until(run_id, lambda row: str(row.status) == "running" and bool(self.executions(run_id)))
        return self.executions(run_id)[-1][0]

    async def close(self) -> None:
        """End all of it, and look whether a process is left."""
        children = [child for worker in self.workers for child in children_of(worker.pid)]
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()
        with suppress(Exception):
            await self.hw.__aexit__()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 30)
        for child in alive:
            child.kill()
        assert not alive, "a process outlived its worker"


def children_of(pid: int) -> list[psutil.Process]:
    """The processes a process has started."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []
