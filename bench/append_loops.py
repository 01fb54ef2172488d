"""What a store can do with nothing around it: bodies made beforehand, no fence, no keys, no envelopes.

SQLite: one thread, a counter row and `executemany` in one transaction a batch. Postgres: one statement a batch, which
moves a counter row and inserts. Redis: `XADD`, a batch as one pipeline. DBOS: `write_stream`, which knows no batches.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg
import redis.asyncio

from bench.dbos_peer import call_dbos
from bench.processes import cpu_seconds
from bench.servers import Kept

POOL: Final = 10
"""Connections, as many as ours."""

INSERT: Final = """
WITH run AS (UPDATE runs SET seq = seq + $2 WHERE n = $1 RETURNING seq)
INSERT INTO events SELECT $1, run.seq - $2 + body.place, body.bytes
FROM run, unnest($3::bytea[]) WITH ORDINALITY AS body (bytes, place)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What is appended: runs written at once, events per batch, bytes of each, and for how long."""

    runs: int
    batch: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What came of it.

    Attributes:
        cpu_us: Processor time per event of the process that appends, all its threads.
        server_us: The same of the server's processes; None where there is none, or it was not looked at.
    """

    events_per_s: float
    p50_ms: float
    cpu_us: float
    server_us: float | None = None


async def timed(load: Load, append: Callable[[int], Awaitable[object]], server: int | None = None) -> Pace:
    """Append batches from one task per run.

    Args:
        load: What, and for how long.
        append: Is given the number of the run.
        server: The process whose processor time is told, too.
    """
    await asyncio.gather(*(append(run) for run in range(load.runs)))  # connections are open then, statements prepared
    waits: list[float] = []
    start, cpu, server_cpu = time.perf_counter(), time.process_time(), cpu_seconds(server) if server else 0
    stop_at = start + load.seconds

    async def write(run: int) -> None:
        now = time.perf_counter()
        while now < stop_at:
            await append(run)
            before, now = now, time.perf_counter()
            waits.append(now - before)

    await asyncio.gather(*(write(run) for run in range(load.runs)))
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    events = len(waits) * load.batch
    server_us = (cpu_seconds(server) - server_cpu) / events * 1e6 if server else None
    return Pace(events / took, median(waits) * 1e3, cpu / events * 1e6, server_us)


def sqlite(folder: Path, durability: str, load: Load) -> Pace:
    """Append by the module of the standard library."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {durability}")
    connection.execute("CREATE TABLE runs (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL)")
    connection.execute("CREATE TABLE events (run, seq, body, PRIMARY KEY (run, seq))")
    connection.executemany("INSERT INTO runs VALUES (?, 0)", [(number,) for number in range(load.runs)])
    body, seqs = b"x" * load.size, [0] * load.runs
    waits: list[float] = []
    start, cpu = time.perf_counter(), time.process_time()
    now = start
    while now < start + load.seconds:
        run = len(waits) % load.runs
        first, seqs[run] = seqs[run] + 1, seqs[run] + load.batch
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE runs SET seq = ? WHERE n = ?", (seqs[run], run))
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?)", [(run, seq, body) for seq in range(first, first + load.batch)]
        )
        connection.execute("COMMIT")
        before, now = now, time.perf_counter()
        waits.append(now - before)
    cpu = time.process_time() - cpu
    connection.close()
    events = len(waits) * load.batch
    return Pace(events / (now - start), median(waits) * 1e3, cpu / events * 1e6)


async def postgres(kept: Kept, load: Load) -> Pace:
    """Append by asyncpg."""
    schema, bodies = f"{kept.schema}bare", [b"x" * load.size] * load.batch
    settings = {"search_path": schema}
    async with asyncpg.create_pool(kept.dsn, min_size=POOL, max_size=POOL, server_settings=settings) as pool:
        await pool.execute(f"CREATE SCHEMA {schema}")
        await pool.execute("CREATE TABLE runs (n int PRIMARY KEY, seq int NOT NULL)")
        await pool.execute("CREATE TABLE events (run int, seq int, body bytea, PRIMARY KEY (run, seq))")
        await pool.executemany("INSERT INTO runs VALUES ($1, 0)", [(number,) for number in range(load.runs)])
        return await timed(load, lambda run: pool.execute(INSERT, run, load.batch, bodies), kept.pid)


async def xadd(kept: Kept, load: Load) -> Pace:
    """Append by redis-py."""
    client: Any = redis.asyncio.Redis.from_url(kept.dsn)  # its types want every kind of key in one dict
    fields = {"body": b"x" * load.size}

    async def append(run: int) -> None:
        if load.batch == 1:
            await client.xadd(f"events:{run}", fields)
            return
        async with client.pipeline(transaction=False) as pipeline:
            for _ in range(load.batch):
                pipeline.xadd(f"events:{run}", fields)
            await pipeline.execute()

    try:
        await client.ping()
        return await timed(load, append, kept.pid)
    finally:
        await client.aclose()


def dbos(kept: Kept, load: Load) -> Pace:
    """Append by `DBOS.write_stream_async`, one call an event."""
    found = call_dbos("appends", kept, {"runs": load.runs, "seconds": load.seconds, "size": load.size})
    return Pace(found["events_per_s"], found["p50_ms"], found["cpu_us"])
