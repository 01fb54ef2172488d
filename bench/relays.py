"""The least that takes an event from one process to another: `XADD` to `XREAD BLOCK`, and `INSERT` to `LISTEN`.

As a program it is the process that writes: `python -m bench.relays redis|postgres URL`, told by a line on stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import redis.asyncio

from bench.processes import running
from bench.publishing import payload

KEY: Final = "bench"
PATIENCE_S: Final = 30
READY: Final = "ready\n"


def late_ms(kind: str, url: str, pace: Mapping[str, float], log: Path) -> list[float]:
    """Let another process write so many `events` of a `size` at a `rate`; return how late each was read here."""
    with running([sys.executable, "-m", "bench.relays", kind, url], log=log, pipes=True) as writer:
        assert writer.stdin
        assert writer.stdout
        assert writer.stdout.readline() == READY, log.read_text()

        def go() -> None:
            assert writer.stdin
            writer.stdin.write(json.dumps(pace) + "\n")
            writer.stdin.flush()

        return asyncio.run(_all_late(kind, url, round(pace["events"]), go))


async def _all_late(kind: str, url: str, events: int, go: Callable[[], None]) -> list[float]:
    found: list[float] = []
    async with asyncio.timeout(PATIENCE_S + events):
        async for body in (_read_redis if kind == "redis" else _read_postgres)(url, go):
            found.append((time.monotonic_ns() - json.loads(body)["bench_at"]) / 1e6)
            if len(found) == events:
                break
    return found


async def _read_redis(url: str, go: Callable[[], None]) -> AsyncIterator[bytes]:
    client: Any = redis.asyncio.Redis.from_url(url)  # its types do not tell a stream's entries from other answers
    last = "0"
    try:
        go()
        while True:
            for _, entries in await client.xread({KEY: last}, block=1000):
                for entry, fields in entries:
                    last = entry
                    yield fields[b"body"]
    finally:
        await client.aclose()


async def _read_postgres(url: str, go: Callable[[], None]) -> AsyncIterator[str]:
    connection, last, rung = await asyncpg.connect(url), 0, asyncio.Event()
    try:
        await connection.add_listener(KEY, lambda *_: rung.set())
        go()
        while True:
            await rung.wait()
            rung.clear()
            for row in await connection.fetch(f"SELECT id, body FROM {KEY} WHERE id > $1 ORDER BY id", last):
                last = row["id"]
                yield row["body"]
    finally:
        await connection.close()


async def _write(kind: str, url: str) -> None:
    put, close = await (_redis_writer if kind == "redis" else _postgres_writer)(url)
    sys.stdout.write(READY)
    sys.stdout.flush()
    pace = json.loads(await asyncio.to_thread(sys.stdin.readline))
    start = time.monotonic()
    for index in range(pace["events"]):
        await asyncio.sleep(max(0.0, start + index / pace["rate"] - time.monotonic()))
        await put(payload(index + 1, pace["size"]))
    await close()


async def _redis_writer(url: str) -> tuple[Callable[[bytes], Any], Callable[[], Any]]:
    client = redis.asyncio.Redis.from_url(url)
    await client.ping()
    return lambda body: client.xadd(KEY, {"body": body}), client.aclose


async def _postgres_writer(url: str) -> tuple[Callable[[bytes], Any], Callable[[], Any]]:
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP TABLE IF EXISTS {KEY}; CREATE TABLE {KEY} (id bigserial PRIMARY KEY, body text)")
    told = f"WITH e AS (INSERT INTO {KEY} (body) VALUES ($1) RETURNING id) SELECT pg_notify('{KEY}', id::text) FROM e"
    return lambda body: connection.execute(told, body.decode()), connection.close


if __name__ == "__main__":
    asyncio.run(_write(*sys.argv[1:]))
