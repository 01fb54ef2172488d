"""Databases and brokers go away under each engine, and come back: what runs goes on, what waits is delivered."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.engines.plant import EVERY, Plant, Setting
from tests.stores.conftest import fresh_prefix, fresh_url
from tests.stores.postgres_server import PostgresServer
from tests.stores.redis_server import RedisServer

pytestmark = pytest.mark.slow
BROKERS = [setting for setting in EVERY if setting.engine != "embedded"]


@pytest.fixture(params=EVERY, ids=str)
async def lone(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Plant, PostgresServer | RedisServer]]:
    """A plant on a server of its own."""
    setting: Setting = request.param
    folder = tmp_path / "server"
    folder.mkdir()
    server = PostgresServer(folder) if setting.store == "postgres" else RedisServer(folder)
    server.start()
    plant = Plant(tmp_path, setting, server.url() if isinstance(server, PostgresServer) else server.url, lease_s=10)
    yield plant, server
    await plant.close()
    server.kill()


async def test_a_restart_under_a_running_job(lone: tuple[Plant, PostgresServer | RedisServer]) -> None:
    """It is not begun again, and what is started afterwards finds its way."""
    plant, server = lone
    await plant.open(1)
    run_id = await plant.start("once", 2.0)
    await plant.executing(run_id)
    server.stop()
    await asyncio.sleep(0.5)
    server.start()
    assert await plant.ended(run_id) == ["succeeded"]
    later = [await plant.start("once", 0) for _ in range(3)]
    assert set(await plant.ended(*later)) == {"succeeded"}
    assert sorted(run for _, run in plant.executions()) == sorted([run_id, *later])


@pytest.mark.parametrize("setting", BROKERS[:2], ids=str)
async def test_a_queue_that_forgot_everything_is_told_again(
    setting: Setting, postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    """By the leader, as the runs are still queued in the store."""
    url = fresh_url(postgres_server) if setting.store == "postgres" else fresh_prefix(redis_server)
    plant = Plant(tmp_path, setting, url)
    await plant.open(0)
    try:
        runs = [await plant.start("once", 0) for _ in range(5)]
        await wipe(plant)
        plant.work()
        assert set(await plant.ended(*runs)) == {"succeeded"}
    finally:
        await plant.close()


async def wipe(plant: Plant) -> None:
    """Empty the queue, once it holds all that was started."""
    if plant.setting.engine == "celery":
        url, prefix = plant.url.split("?prefix=")
        async with Redis.from_url(url) as redis, asyncio.timeout(30):
            key = f"{prefix}queue:default\x06\x169"  # of the lowest priority
            while await redis.llen(key) < 5:
                await asyncio.sleep(0.02)
            await redis.delete(key)
        return
    engine: Any = plant.hw.engine
    async with asyncio.timeout(30):
        found: list[dict[str, int]] = []
        while len(found) < 5:
            await asyncio.sleep(0.02)
            if engine._is_open:
                found = await engine._app.connector.execute_query_all_async("SELECT id FROM procrastinate_jobs")
    await engine._app.connector.execute_query_async("DELETE FROM procrastinate_jobs")


async def test_a_broker_that_is_away_delays_nobody(tmp_path: Path) -> None:
    """Starting answers at once, readiness tells of the trouble, and the run begins when the broker is back."""
    folder = tmp_path / "server"
    folder.mkdir()
    broker = RedisServer(folder)
    plant = Plant(tmp_path, BROKERS[1], f"sqlite:///{tmp_path / 'runs.db'}", broker=broker.url)
    await plant.open(0)
    try:
        run_id = await plant.start("once", 0)
        async with asyncio.timeout(30):
            while (trouble := plant.hw.services.engine_trouble()) is None:
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(plant.hw.asgi), base_url="http://test") as client:
            ready = await client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["engine"] == {"name": "celery", "ok": False, "trouble": trouble, "processes": 1}
        broker.start()
        plant.work()
        assert await plant.ended(run_id) == ["succeeded"]
        assert plant.hw.services.engine_trouble() is None
    finally:
        await plant.close()
        broker.kill()
