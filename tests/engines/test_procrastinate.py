"""What is peculiar to Procrastinate: batches, a schema of its own, LISTEN after a restart, and what the dead leave."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from headway import Headway, Run
from headway.config import Settings
from headway.engines.base import Delivery
from headway.engines.procrastinate import ProcrastinateEngine
from tests.stores.conftest import fresh_url
from tests.stores.postgres_server import PostgresServer


def application(url: str) -> Headway:
    """In this very process."""
    hw = Headway(settings=Settings(store=url, engine="procrastinate", worker="inline", drain_s=0.1))

    @hw.job
    async def work(run: Run, seconds: float) -> float:
        await run.progress(1, 2)
        await asyncio.sleep(seconds)
        return seconds

    return hw


def engine_of(hw: Headway) -> ProcrastinateEngine:
    """Its engine."""
    assert isinstance(hw.engine, ProcrastinateEngine)
    return hw.engine


async def waiting(hw: Headway) -> list[dict[str, object]]:
    """Rows of the queue."""
    return await engine_of(hw)._app.connector.execute_query_all_async(
        "SELECT args, status, queueing_lock FROM procrastinate_jobs WHERE task_name = 'headway.execute' ORDER BY id"
    )


@pytest.fixture
async def hw(postgres_server: PostgresServer) -> AsyncIterator[Headway]:
    """On a server that stays."""
    async with application(fresh_url(postgres_server)) as hw:
        yield hw


async def test_runs_are_executed_and_leave_no_row(hw: Headway) -> None:
    """Many at once, in one statement."""
    handles = [await hw.start("work", 0.0) for _ in range(30)]
    assert [await handle.result() for handle in handles] == [0.0] * 30
    async with asyncio.timeout(30):
        while await waiting(hw):
            await asyncio.sleep(0.02)


async def test_what_waits_already_does_not_wait_twice(postgres_server: PostgresServer) -> None:
    """One of a batch that is there does not keep the others out."""
    async with Headway(
        settings=Settings(store=fresh_url(postgres_server), engine="procrastinate", worker="none")
    ) as hw:
        await hw.engine.deliver([Delivery("run_a", 1)])
        await hw.engine.deliver([Delivery("run_a", 1), Delivery("run_b", 1), Delivery("run_a", 2)])
        locks = [row["queueing_lock"] for row in await waiting(hw)]
        await hw.engine.close()
    assert locks == ["run_a:1", "run_b:1", "run_a:2"]


async def test_what_the_dead_were_at_is_cleared_away(hw: Headway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of a killed process is taken for work by nobody."""
    engine = engine_of(hw)
    handle = await hw.start("work", 0.0)
    await handle.result()
    async with asyncio.timeout(30):
        while await waiting(hw):
            await asyncio.sleep(0.02)
    monkeypatch.setattr("headway.engines.procrastinate.DEAD_AFTER_S", 0)
    await engine._app.connector.execute_query_async(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) "
        "VALUES ('default', 'headway.execute', '{\"run_id\": \"run_dead\", \"attempt\": 1}', 'doing')"
    )
    assert [row["status"] for row in await waiting(hw)] == ["doing"]
    await engine._keep(0)
    assert await waiting(hw) == []


async def test_it_listens_again_after_a_restart(tmp_path: Path) -> None:
    """A worker of Procrastinate's that went deaf would look once a second, without anybody noticing."""
    server = PostgresServer(tmp_path)
    server.start()
    async with application(server.url()) as hw:
        assert await (await hw.start("work", 0.0)).result() == 0.0
        server.stop()
        server.start()
        async with asyncio.timeout(60):
            while not await listeners(server):
                await asyncio.sleep(0.1)
        assert await (await hw.start("work", 0.0)).result() == 0.0
    server.kill()


class Told:
    """What is logged."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "headway")
        self._caplog = caplog

    def __call__(self, words: str) -> list[str]:
        """Return the lines with these words."""
        return [line for record in self._caplog.records if words in (line := record.getMessage())]

    async def until(self, *all_of: str) -> None:
        """Wait for a line of each."""
        async with asyncio.timeout(60):
            while not all(map(self, all_of)):
                await asyncio.sleep(0.05)


async def test_an_outage_is_told_once_with_its_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And once more when it is over, by each of those who notice."""
    told = Told(caplog)
    server = PostgresServer(tmp_path)
    server.start()
    async with application(server.url()) as hw:
        assert await (await hw.start("work", 0.0)).result() == 0.0
        server.stop()
        await told.until("the queue is away", "cannot sweep", "cannot look for queued runs")
        server.start()
        await told.until("the queue is back", "sweeping again", "looking for queued runs again")
        assert await (await hw.start("work", 0.0)).result() == 0.0
    server.kill()
    [away] = told("the queue is away")
    assert re.search("refused|shutting down", away), away
    assert "\n" not in away
    assert [len(told(words)) for words in ("the queue is back", "cannot sweep", "cannot look for")] == [1, 1, 1]


async def test_the_queue_is_back_when_its_pool_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is later than the server, as it waits between two attempts to connect."""
    monkeypatch.setattr("headway.engines.procrastinate.PATIENCE_S", 0.5)
    told = Told(caplog)
    server = PostgresServer(tmp_path)
    server.start()
    async with application(server.url()) as hw:
        assert await (await hw.start("work", 0.0)).result() == 0.0
        pool = engine_of(hw)._app.connector.pool  # type: ignore[attr-defined]  # of the connector for psycopg
        async with AsyncExitStack() as held:
            for _ in range(pool.max_size):
                await held.enter_async_context(pool.connection())
            server.stop()
            await told.until("the queue is away")
            server.start()
            async with asyncio.timeout(60):
                errors = pool.get_stats()["requests_errors"]
                while pool.get_stats()["requests_errors"] < errors + 3:
                    await asyncio.sleep(0.05)
            assert told("the queue is back") == []
        await told.until("the queue is back")
        assert await (await hw.start("work", 0.0)).result() == 0.0
    server.kill()
    assert len(told("the queue is away")) == len(told("the queue is back")) == 1


async def listeners(server: PostgresServer) -> int:
    """How many connections listen for news of the queue."""
    try:
        found = await server.run("SELECT 1 FROM pg_stat_activity WHERE query ILIKE 'LISTEN %procrastinate_queue%'")
    except OSError:
        return 0
    return len(found)
