"""What the tests of questions have in common: a job that asks, on any store, held or unwound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, Field, SecretStr

from headway.core.run import RunStatus
from headway.publish.run import Run
from headway.stores.base import Store
from headway.stores.memory import MemoryStore
from headway.stores.postgres import PostgresStore
from headway.stores.redis import RedisStore
from headway.stores.sqlite import SqliteStore
from headway.testing import Clock
from tests.engines.world import World
from tests.stores.conftest import fresh_prefix, fresh_url

KINDS: Final = ("memory", "sqlite", "postgres", "redis")


class Approval(BaseModel):
    """Whether a costly step may be taken."""

    go: bool
    limit: int = Field(default=10, ge=1)


class Login(BaseModel):
    """Half of it is secret."""

    user: str
    password: str
    token: SecretStr | None = None


def store_of(kind: str, folder: Path, clock: Clock, request: pytest.FixtureRequest) -> Store:
    """A store on the test's own clock."""
    if kind == "memory":
        return MemoryStore(now_ms=clock.now_ms)
    if kind == "sqlite":
        return SqliteStore(folder / "runs.db", now_ms=clock.now_ms)
    if kind == "redis":
        return RedisStore(fresh_prefix(request.getfixturevalue("redis_server")), now_ms=clock.now_ms)
    return PostgresStore(fresh_url(request.getfixturevalue("postgres_server")), now_ms=clock.now_ms)


async def waiting(here: World, run_id: str) -> dict[str, Any]:
    """Wait for a question that is open; return all of them."""
    await here.until(run_id, lambda row: row.status is RunStatus.WAITING)
    asks: dict[str, Any] = (await here.state(run_id))["asks"]
    return asks


async def unwound(here: World, run_id: str) -> None:
    """Deliver the attempt; it makes room."""
    assert await here.deliver(run_id)
    row = await here.row(run_id)
    assert (row.status, row.worker) == (RunStatus.WAITING, None)


@asynccontextmanager
async def delivered(here: World, run_id: str) -> AsyncIterator[asyncio.Task[bool]]:
    """An attempt at work; it must have ended by itself in the end."""
    task = asyncio.create_task(here.deliver(run_id))
    try:
        yield task
        async with asyncio.timeout(60):
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ends(here: World, run_id: str) -> list[str]:
    """How the questions of a run ended, in order."""
    return [event["data"]["outcome"] for event in await here.events(run_id, "run.resumed")]


async def approve(run: Run) -> dict[str, Any]:
    """The usual job: it asks once."""
    approval = await run.ask(Approval, "May it cost 100?", key="approve")
    return {"go": approval.go, "limit": approval.limit, "attempt": run.context.attempt}


async def die(here: World, delivery: asyncio.Task[bool]) -> None:
    """Let this process's worker die: what it was about to write is never written."""
    await here.store.leave(here.runtime.worker)
    here.away["append"] = 10**9
    delivery.cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(delivery, return_exceptions=True)
    here.away.clear()


async def rejoin(here: World) -> None:
    """Another worker."""
    here.runtime.worker = await here.store.join()
