"""DBOS, which keeps workflows and their streams in Postgres, for the programs that compare with it.

Run in an environment of its own (requirements/bench.txt): `python bench/dbos_app.py appends|engine URL SCHEMA {...}`;
prints what it found as JSON. Its settings are those it has by itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Coroutine
from statistics import median
from typing import Any

from dbos import DBOS, DBOSConfig

QUEUE = "bench"
late_ms: list[float] = []


@DBOS.workflow()
async def write(seconds: float, size: int) -> list[float]:
    """Write to a stream for so long; return how long each write took."""
    value, waits, now = "x" * size, [], time.perf_counter()
    stop_at = now + seconds
    while now < stop_at:
        await DBOS.write_stream_async("events", value)
        before, now = now, time.perf_counter()
        waits.append(now - before)
    return waits


@DBOS.workflow()
async def begun(at_ns: int) -> None:
    """Note how long ago it was asked for."""
    late_ms.append((time.monotonic_ns() - at_ns) / 1e6)


@DBOS.workflow()
async def steps(count: int) -> float:
    """Do so many steps; return how many a second."""
    start = time.perf_counter()
    for number in range(count):
        await DBOS.run_step_async({"name": f"step-{number}"}, nothing)
    return count / (time.perf_counter() - start)


async def nothing() -> None:
    """A step with nothing in it."""


async def appends(*, runs: int, seconds: float, size: int) -> dict[str, float]:
    """Write to one stream of each of so many workflows."""
    await (await DBOS.start_workflow_async(write, 0.2, size)).get_result()  # what is only done once
    cpu = time.process_time()
    handles = [await DBOS.start_workflow_async(write, seconds, size) for _ in range(runs)]
    found = [await handle.get_result() for handle in handles]
    cpu, waits = time.process_time() - cpu, [wait for each in found for wait in each]
    return {
        "events_per_s": sum(len(each) / sum(each) for each in found),  # each began a little later than the one before
        "p50_ms": median(waits) * 1e3,
        "cpu_us": cpu / len(waits) * 1e6,
    }


async def engine(*, starts: int, queued: int, runs: int, count: int) -> dict[str, Any]:
    """Start workflows one after the other, then all at once, then some with steps; at last through a queue."""
    await (await DBOS.start_workflow_async(begun, time.monotonic_ns())).get_result()
    alone = await _starts(starts, lambda: DBOS.start_workflow_async(begun, time.monotonic_ns()))
    start = time.perf_counter()
    handles = await asyncio.gather(*(DBOS.start_workflow_async(begun, 0) for _ in range(runs)))
    await asyncio.gather(*(handle.get_result() for handle in handles))
    rate = runs / (time.perf_counter() - start)
    done = [await (await DBOS.start_workflow_async(steps, count)).get_result() for _ in range(3)]
    await DBOS.register_queue_async(QUEUE)
    in_queue = await _starts(queued, lambda: DBOS.enqueue_workflow_async(QUEUE, begun, time.monotonic_ns()))
    return {"start_ms": alone, "queued_ms": in_queue, "runs_per_s": rate, "steps_per_s": median(done)}


async def _starts(count: int, start: Callable[[], Coroutine[Any, Any, Any]]) -> list[float]:
    late_ms.clear()
    for _ in range(count):
        await (await start()).get_result()
        await asyncio.sleep(random.uniform(0, 0.05))
    return list(late_ms)


def main(what: str, url: str, schema: str, options: str) -> None:
    """Do it, and print what was found."""
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": url,
        "dbos_system_schema": schema,
        "log_level": "ERROR",
    }
    DBOS(config=config)
    DBOS.launch()
    measure: Callable[..., Coroutine[Any, Any, dict[str, Any]]] = appends if what == "appends" else engine
    found = asyncio.run(measure(**json.loads(options)))
    DBOS.destroy()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
