"""What is measured of one engine: a new store, a process that starts runs (this one), and worker processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import engine_app
from bench.processes import BenchError, running, tree
from bench.servers import Kept
from headway import Headway
from headway.config import Settings
from headway.core.clock import parse_ms
from headway.core.run import ENDED
from headway.engines.handle import RunHandle

PATIENCE_S = 90
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured, and with what.

    Attributes:
        slots: Attempts at once in one worker.
        lease_s: Of a worker.
        starts: Runs started one after the other.
        queued: Runs that wait for the worker when it starts.
        steps: Of each of three runs.
        cancels: Runs that are cancelled.
        kills: Workers that are killed.
    """

    slots: int
    lease_s: float
    starts: int
    queued: int
    steps: int
    cancels: int
    kills: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it; of peers only what they have.

    Attributes:
        body_ms: From the call that starts a run to its body.
        seen_ms: From that call to its first event in the hands of who watches it.
        runs_per_s: Empty ones that waited, by one worker.
        steps_per_s: Of one run.
        cancel_ms: From the call that cancels to ``run.cancelled``, seen; the body has stopped then.
        takeover_s: From ``kill -9`` to ``run.started`` of the execution that takes over, seen.
    """

    body_ms: list[float]
    runs_per_s: float | None = None
    seen_ms: list[float] | None = None
    steps_per_s: float | None = None
    cancel_ms: list[float] | None = None
    takeover_s: list[float] | None = None


class Shop:
    """A Headway that starts runs here, and its workers.

    Args:
        kept: The store, which is the queue's place, too.
        folder: For the workers' log.
        sizes: How much.
        options: Settings: ``engine``, ``pool``.
    """

    def __init__(self, kept: Kept, folder: Path, sizes: Sizes, **options: Any) -> None:
        given = {"store": kept.url, "lease_s": sizes.lease_s, "concurrency": sizes.slots, "drain_s": 0.2, **options}
        self.hw = Headway(settings=Settings(worker="none", **given))
        self.hw.jobs.update(engine_app.hw.jobs)
        self._environment = {f"HEADWAY_{name.upper()}": str(value) for name, value in given.items()}
        self._log = folder / "worker.log"
        self._sizes = sizes
        self._processes = contextlib.ExitStack()
        self._workers: list[subprocess.Popen[str]] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Shop]:
        """Start and stop it all."""
        async with self.hw:
            with self._processes:
                yield self

    async def work(self) -> None:
        """Start a worker, and wait until it is there."""
        before = len(await self.hw.store.workers())
        command = [sys.executable, "-m", "headway.worker", "bench.engine_app:hw"]
        environment = {**self._environment, "HEADWAY_LOG_LEVEL": "error"}
        worker = self._processes.enter_context(running(command, log=self._log, env=environment))
        self._workers.append(worker)
        async with self._patience("a worker does not come"):
            while len(await self.hw.store.workers()) <= before:  # noqa: ASYNC110 - another process makes it so
                await asyncio.sleep(LOOK_S)

    # -- what is measured

    async def drained(self) -> float:
        """Let runs wait, start the first worker, and return how many a second it did."""
        handles = [await self.hw.start("empty") for _ in range(self._sizes.queued)]
        await self.work()
        times = [await self._times(handle) for handle in handles]
        return len(times) / (max(ended for _, ended in times) - min(began for began, _ in times)) * 1000

    async def started(self) -> tuple[list[float], list[float]]:
        """Start runs one after the other; return when the body began, and when that was seen."""
        body_ms, seen_ms = [], []
        for index in range(self._sizes.starts + 1):
            await asyncio.sleep(random.uniform(0, 0.05))
            start = time.monotonic_ns()
            async with self._patience("a run does not begin"):
                handle = await self.hw.start("begun")
                data = await _first(handle)
            if index:  # the first one pays for what is done once
                body_ms.append((data["at"] - start) / 1e6)
                seen_ms.append((time.monotonic_ns() - start) / 1e6)
            await self._times(handle)
        return body_ms, seen_ms

    async def stepped(self) -> float:
        """Return how many steps a second a run alone does."""
        rates = []
        for _ in range(3):
            began, ended = await self._times(await self.hw.start("stepped", self._sizes.steps))
            rates.append(self._sizes.steps / max(1, ended - began) * 1000)
        return median(rates)

    async def cancelled(self) -> list[float]:
        """Cancel runs in the middle; return how long it took until they were."""
        took_ms = []
        for _ in range(self._sizes.cancels):
            async with self._patience("a run is not cancelled"):
                handle = await self.hw.start("patient")
                await _first(handle)
                await asyncio.sleep(random.uniform(0.05, 0.1))  # what it just wrote is over then
                start = time.monotonic_ns()
                await handle.cancel()
                await _event(handle, "run.cancelled")
                took_ms.append((time.monotonic_ns() - start) / 1e6)
        return took_ms

    async def taken_over(self) -> list[float]:
        """Kill the worker of a run while another one has room; return how long it took until it had begun again."""
        took_s = []
        for _ in range(self._sizes.kills):
            while len(self._alive()) < 2:
                await self.work()
            async with self._patience("a run is not taken over"):
                handle = await self.hw.start("patient")
                first = await _first(handle)
                start = self._kill(first["pid"])
                await _event(handle, "run.started")
                took_s.append((time.monotonic_ns() - start) / 1e9)
                await handle.cancel()
                await self._times(handle)
        return took_s

    def _alive(self) -> list[subprocess.Popen[str]]:
        return [worker for worker in self._workers if worker.poll() is None]

    def _kill(self, pid: int) -> int:
        """Kill the worker a process belongs to, with all its processes; return when."""
        worker = next(worker for worker in self._alive() if pid in tree(worker.pid))
        family = tree(worker.pid)
        start = time.monotonic_ns()
        for each in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        worker.wait()
        return start

    async def _times(self, handle: RunHandle) -> tuple[int, int]:
        """Wait for the end; return when it began and ended, in ms of the store's clock."""
        async with self._patience("a run does not end"):
            while (row := await self.hw.commands.row(handle.id)).status not in ENDED:  # noqa: ASYNC110 - the same
                await asyncio.sleep(LOOK_S)
        return parse_ms(row.started_at) or 0, parse_ms(row.finished_at) or 0

    @contextlib.asynccontextmanager
    async def _patience(self, trouble: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield
        except TimeoutError as error:
            raise BenchError(f"{trouble}; the workers say:\n{self._log.read_text()[-2000:]}") from error


async def _first(handle: RunHandle) -> dict[str, Any]:
    """Wait until the body has said that it began; return what it said."""
    async for state, _ in handle.watch():
        said: dict[str, Any] | None = state["custom"].get(engine_app.EVENT, {}).get("")
        if said is not None:
            return said
    raise BenchError("a run ended before it began")


async def _event(handle: RunHandle, type: str) -> None:
    """Wait for the next event of a type, or for the run's end."""
    async for _, event in handle.watch():
        if event is not None and event["type"] == type:
            return


async def measured(kept: Kept, folder: Path, sizes: Sizes, **options: Any) -> Figures:
    """Measure everything of one engine."""
    async with Shop(kept, folder, sizes, **options).open() as shop:
        runs_per_s = await shop.drained()
        body_ms, seen_ms = await shop.started()
        return Figures(
            body_ms=body_ms,
            seen_ms=seen_ms,
            runs_per_s=runs_per_s,
            steps_per_s=await shop.stepped(),
            cancel_ms=await shop.cancelled(),
            takeover_s=await shop.taken_over(),
        )
