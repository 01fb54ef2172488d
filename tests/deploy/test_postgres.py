"""`postgres/roles.sql` and `postgres/grants.sql` on a real Postgres: one role makes tables, one works with them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from headway import Headway, Run
from headway.cli.migrating import migrate
from headway.config import Settings
from headway.errors import StoreInvalid
from headway.stores.postgres import PostgresStore
from headway.stores.retention import Retention
from tests.stores.builders import end, running
from tests.stores.postgres_server import PostgresServer

ROOT = Path(__file__).parents[2]
ROLES = ROOT / "deploy" / "postgres" / "roles.sql"
GRANTS = ROOT / "deploy" / "postgres" / "grants.sql"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of our own: roles belong to a whole server."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"), fsync="off")
    server.start()
    asyncio.run(psql(server, ROLES))
    yield server
    server.kill()


async def psql(server: PostgresServer, file: Path, *options: str) -> None:
    """Do what a file says, as its first lines tell."""
    process = await asyncio.create_subprocess_exec("psql", "-q", server.url(), *options, "-f", str(file))
    assert await process.wait() == 0


def url_of(server: PostgresServer, role: str) -> str:
    """The address of the store, for a role."""
    return server.url().replace("headway@", f"{role}@")


def application(url: str) -> Headway:
    """With a queue in tables of its own."""
    hw = Headway(settings=Settings(store=url, engine="procrastinate", worker="inline", drain_s=0.1))

    @hw.job(rate="100/s")
    async def work(run: Run, number: int) -> int:
        await run.note(f"{number}")
        return await run.step(double, number, key="double")

    hw.on("run.*", name="mail")(heard)
    return hw


async def double(run: Run, number: int) -> int:
    """A step."""
    return 2 * number


async def heard(event: Any, run: Any) -> None:
    """A listener."""


async def test_who_may_make_no_tables_works_with_those_of_the_owner(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the queue, too. Before they are there it is told who has to make them."""
    monkeypatch.setenv("HEADWAY_ENGINE", "procrastinate")
    url = url_of(server, "headway_app")
    with pytest.raises(StoreInvalid, match="permission denied") as refused:
        await PostgresStore(url).open()
    assert "headway migrate" in (refused.value.hint or "")
    await asyncio.to_thread(migrate, url_of(server, "headway_owner"), sql=False)
    async with application(url) as hw:
        handles = [await hw.start("work", number) for number in range(3)]
        assert [await handle.result() for handle in handles] == [0, 2, 4]
        await hw.notices.put("at noon", for_s=60)
        assert await hw.store.prune({"work": Retention(0.0)}) >= 0
        await hw.store.delete(handles[0].id)
    connection = await asyncpg.connect(url)
    for wrong in ("CREATE TABLE headway.mine ()", "CREATE SCHEMA mine", "ALTER TABLE headway.runs ADD COLUMN mine int"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(wrong)
    await connection.close()


async def test_what_is_there_already_is_granted_by_hand(server: PostgresServer) -> None:
    """Tables made by somebody else before there were two roles."""
    made = PostgresStore(server.url(schema="older"))
    await made.open()
    await made.close()
    await psql(server, GRANTS, "-v", "schema=older")
    store = PostgresStore(url_of(server, "headway_app") + "?schema=older")
    await store.open()
    run = await running(store)
    assert (await end(store, run)).status == "succeeded"
    await store.close()
