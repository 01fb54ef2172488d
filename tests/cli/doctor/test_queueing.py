"""The engine, as `headway doctor` looks at it: on real servers, and where there are none."""

import asyncio
from typing import Any

import pytest

from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.queueing import queueing
from headway.cli.migrating import migrate
from headway.config import Settings
from headway.engines.base import Engine
from tests.cli.terminals import piped
from tests.engines.delivered import own_engine
from tests.stores.conftest import fresh_prefix, fresh_url
from tests.stores.postgres_server import PostgresServer
from tests.stores.redis_server import RedisServer


def looked(own: Engine | None = None, **settings: Any) -> Finding:
    """What is found."""

    async def look() -> list[Finding]:
        return [found async for found in queueing(Settings(**settings), own)]

    (found,) = asyncio.run(look())
    return found


def test_the_embedded_engine_has_nothing_that_could_be_away() -> None:
    """Its queue is the store."""
    found = looked()
    assert (found.level, "in the store" in found.text) == (Level.OK, True)


def test_a_broker_that_answers_and_one_that_does_not(redis_server: RedisServer) -> None:
    """Its password is not shown."""
    found = looked(engine="celery", store=fresh_prefix(redis_server))
    assert (found.level, f":{redis_server.port}" in found.text) == (Level.OK, True)
    found = looked(engine="celery", broker="redis://:secret@127.0.0.1:1/0")
    assert (found.level, "secret" in found.text, "HEADWAY_BROKER" in found.mend) == (Level.FAIL, False, True)


def test_a_queue_in_postgres(postgres_server: PostgresServer) -> None:
    """Before and after its tables are made; and where nobody listens."""
    url = fresh_url(postgres_server)
    found = looked(engine="procrastinate", store=url)
    assert (found.level, "makes its tables" in found.text) == (Level.OK, True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWAY_ENGINE", "procrastinate")
        migrate(url, sql=False)
    assert "its tables are in headway_" in looked(engine="procrastinate", store=url).text
    found = looked(engine="procrastinate", store="postgresql://me:secret@127.0.0.1:1/db")
    assert (found.level, "secret" in found.text) == (Level.FAIL, False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"engine": "procrastinate"}, "the store is elsewhere"),
        ({"engine": "procrastinate", "store": "postgresql://db/app?pgbouncer=1"}, "nobody can listen"),
        ({"engine": "celery"}, "needs a broker"),
        ({"engine": "celery", "broker": "sqs://x"}, "no broker of Celery's"),
    ],
)
def test_what_cannot_be(settings: dict[str, Any], said: str) -> None:
    """With what to do."""
    found = looked(**settings)
    assert (found.level, said in found.text, bool(found.mend)) == (Level.FAIL, True, True)


def test_an_engine_of_ones_own_is_left_alone() -> None:
    """It need not tell how it is."""
    assert "of the application's own" in looked(own_engine("redis://127.0.0.1:1")).text


async def test_the_tables_as_a_script() -> None:
    """Those of the runs, then those of the queue; nothing is opened."""
    store = ("--store", "postgresql://nowhere.invalid/db?schema=runs")
    async with piped("migrate", "--sql", *store, HEADWAY_ENGINE="procrastinate") as command:
        assert await command.ended() == 0
    assert 'CREATE TABLE "runs".runs (' in command.output
    assert "CREATE SCHEMA IF NOT EXISTS runs_queue_" in command.output
    assert "CREATE TABLE procrastinate_jobs" in command.output
