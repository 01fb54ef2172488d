"""Procrastinate and Celery with nothing around them, set up as our engines set them up.

As a program it is their worker: `python -m bench.bare_queues procrastinate|threads|prefork SLOTS DSN NAME`. Each body
prints when it was asked for and when it began.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeAlias

from procrastinate import App, PsycopgConnector

from bench.engine_rounds import Figures, Sizes
from bench.processes import BenchError, running
from bench.servers import Kept
from headway.engines.celery import make_app
from headway.engines.procrastinate_schema import make_schema, schema_of

TASK = "bench"
Send: TypeAlias = Callable[[int], Any]


def begin(at: int) -> None:
    """Say it; one line is one write, whoever else writes."""
    os.write(1, b"%d %d\n" % (at, time.monotonic_ns()))


async def measured(kept: Kept, kind: str, folder: Path, sizes: Sizes) -> Figures:
    """Fill the queue, start one worker, and let it do; then send one after the other."""
    name = schema_of(f"{kept.schema}bare") if kind == "procrastinate" else "bare:"
    log = folder / "worker.log"
    async with (_procrastinate if kind == "procrastinate" else _celery)(kept.dsn, name) as send:
        for _ in range(sizes.queued):
            await send(0)
        command = [sys.executable, "-m", "bench.bare_queues", kind, str(sizes.slots), kept.dsn, name]
        with running(command, log=log, pipes=True) as worker:
            began = [(await _line(worker, log))[1] for _ in range(sizes.queued)]
            body_ms = []
            for _ in range(sizes.starts + 1):
                await asyncio.sleep(random.uniform(0, 0.05))
                await send(time.monotonic_ns())
                at, now = await _line(worker, log)
                body_ms.append((now - at) / 1e6)
    return Figures(body_ms=body_ms[1:], runs_per_s=(len(began) - 1) / (max(began) - min(began)) * 1e9)


async def _line(worker: subprocess.Popen[str], log: Path) -> tuple[int, int]:
    assert worker.stdout
    line = await asyncio.to_thread(worker.stdout.readline)
    if not line:
        said = await asyncio.to_thread(log.read_text)
        raise BenchError(f"the bare worker ended: {said[-2000:]}")
    at, now = map(int, line.split())
    return at, now


# ------------------------------------------------------------------------------------------------ Procrastinate


def _app(dsn: str, schema: str) -> tuple[App, Any]:
    options = {"options": f"-c search_path={schema}", "prepare_threshold": None}
    app = App(connector=PsycopgConnector(conninfo=dsn, kwargs=options, min_size=1, max_size=4))

    async def execute(at: int) -> None:
        begin(at)

    return app, app.task(name=TASK)(execute)


@contextlib.asynccontextmanager
async def _procrastinate(dsn: str, schema: str) -> AsyncIterator[Send]:
    await make_schema(dsn, schema)
    app, task = _app(dsn, schema)
    async with app.open_async():
        yield lambda at: task.defer_async(at=at)


async def _work(dsn: str, schema: str, slots: int) -> None:
    app, _ = _app(dsn, schema)
    async with app.open_async():
        await app.run_worker_async(concurrency=slots, delete_jobs="always", fetch_job_polling_interval=1)


# ------------------------------------------------------------------------------------------------ Celery


@contextlib.asynccontextmanager
async def _celery(dsn: str, prefix: str) -> AsyncIterator[Send]:
    task = make_app(dsn, prefix).task(name=TASK, shared=False)(begin)

    async def send(at: int) -> None:
        task.apply_async((at,), retry=False)

    yield send


def _work_celery(dsn: str, prefix: str, slots: int, pool: str) -> None:
    app = make_app(dsn, prefix)
    app.task(name=TASK, shared=False)(begin)
    app.Worker(
        pool_cls=pool, concurrency=slots, quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True
    ).start()


def main(kind: str, slots: str, dsn: str, name: str) -> None:
    """Work until it is told to stop."""
    if kind == "procrastinate":
        asyncio.run(_work(dsn, name, int(slots)))
    else:
        _work_celery(dsn, name, int(slots), kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
