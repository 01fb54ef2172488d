"""What is peculiar to Celery: which end of a priority goes first, one number of slots, nothing shared by engines."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from headway import Headway
from headway.config import Settings
from headway.engines.base import Delivery
from headway.engines.celery import CeleryEngine, _Ending
from headway.engines.lanes import Lane
from headway.engines.portal import Portal
from headway.errors import UsageError
from tests.engines.plant import SLOTS, Plant, Setting
from tests.stores.conftest import fresh_prefix, fresh_url
from tests.stores.postgres_server import PostgresServer
from tests.stores.redis_server import RedisServer


async def test_the_highest_priority_is_in_the_list_that_is_looked_at_first(
    redis_server: RedisServer, redis_prefix: str
) -> None:
    """Redis has four lists for a queue; the one without a number comes first."""
    engine = CeleryEngine(redis_server.url, redis_prefix)
    await engine.deliver([Delivery(f"run_{priority}", 1, "mail", priority) for priority in (0, 5, 9)])
    assert "answers" in await engine.look()
    await engine.close()
    with redis_server.client() as redis:
        found: Any = redis.keys(f"{redis_prefix}mail*")
        heads: Any = [redis.lindex(key, 0) for key in found]
    lists = {key: json.loads(head) for key, head in zip(found, heads, strict=True)}
    first = [lists[name]["headers"]["argsrepr"] for name in sorted(lists)]
    assert first == ["('run_9', 1)", "('run_5', 1)", "('run_0', 1)"]


async def test_an_engine_that_closes_takes_no_connection_from_others(
    redis_server: RedisServer, redis_prefix: str
) -> None:
    """Another application of Celery's at the same broker goes on, also one of the application's own."""
    one, other = (CeleryEngine(redis_server.url, redis_prefix) for _ in range(2))
    own = Celery(broker=redis_server.url, set_as_current=False)
    own.conf.broker_transport_options = one.app.conf.broker_transport_options
    for engine in (one, other):
        await engine.deliver([Delivery("run_1", 1)])
    own.send_task("theirs", queue="default")
    await one.close()
    own.send_task("theirs", queue="default")
    await other.deliver([Delivery("run_2", 1)])
    await one.deliver([Delivery("run_3", 1)])  # it may be opened again
    await one.close()
    await other.close()
    own.close()
    with redis_server.client() as redis:
        assert sum(redis.llen(key) for key in redis.keys(f"{redis_prefix}default*")) == 6


def test_two_engines_in_a_process_keep_their_tasks_apart() -> None:
    """Celery shares tasks between applications, unless it is told not to."""
    one, other = (CeleryEngine("redis://127.0.0.1:1", f"{name}:") for name in ("one", "other"))
    assert one.app.tasks["headway.execute"].run == one._execute
    assert other.app.tasks["headway.execute"].run == other._execute


def test_a_worker_has_one_number_of_slots() -> None:
    """Told before anything begins."""
    engine = CeleryEngine("redis://127.0.0.1:1")
    lanes = [Lane(frozenset(["mail"]), 2), Lane(frozenset(["default"]), 20)]
    with pytest.raises(UsageError, match="one number of slots"):
        engine.run(Headway("memory://").attempts, lanes, processes=False)


def test_a_second_signal_closes_nothing_else() -> None:
    """The number of the pipe that was closed may belong to another file by then."""
    ending = _Ending(Portal(Headway("memory://").attempts))
    ending.begin()
    reading, writing = os.pipe()
    ending.begin()
    os.write(writing, b"x")
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    os.close(writing)
    os.close(ending._reading)


async def test_a_forked_process_holds_few_connections(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    """It executes one attempt at a time: two to work with, one that listens, one that says that it lives."""
    setting = Setting("celery", "postgres", "prefork")
    plant = Plant(tmp_path, setting, fresh_url(postgres_server), broker=fresh_prefix(redis_server))
    plant.environment["HEADWAY_STORE"] += "&application_name=forked"
    await plant.open(1)
    try:
        runs = [await plant.start("once", 0) for _ in range(4 * SLOTS)]
        assert set(await plant.ended(*runs)) == {"succeeded"}
        found = await postgres_server.run("SELECT 1 FROM pg_stat_activity WHERE application_name = 'forked'")
    finally:
        await plant.close()
    assert 2 * SLOTS <= len(found) <= 4 * SLOTS


async def test_jobs_do_not_run_inside_an_application() -> None:
    """Celery's workers are processes of their own; the application says so when it starts."""
    hw = Headway(settings=Settings(store="memory://", engine="celery", broker="redis://127.0.0.1:1", worker="inline"))

    @hw.job
    async def work(run: object) -> None: ...

    with pytest.raises(UsageError, match="worker processes of its own"):
        async with hw:
            pass
