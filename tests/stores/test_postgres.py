"""What only Postgres does: connections are cut, the server goes and comes back, a pooler stands between."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from headway.core.cursor import Cursor
from headway.errors import Conflict, HeadwayError, SchemaNewer, StoreInvalid, StoreUnavailable, UsageError
from headway.stores.base import RunRow, Standing, Write
from headway.stores.postgres import PostgresStore
from headway.stores.postgres_address import Address
from headway.stores.postgres_schema import script
from headway.stores.queries import migrations
from tests.stores.builders import assert_true, claim, data, end, listening, log, new_run, note, report, running
from tests.stores.conftest import fresh_url
from tests.stores.postgres_server import Pooler, PostgresServer

KILL_ALL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND usename = 'headway' AND query NOT LIKE '%pg_stat_activity%'"""


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[PostgresStore]:
    """Another store on an address."""
    store = PostgresStore(url, **options)
    await store.open()
    yield store
    await store.close()


@contextmanager
def cutting(store: PostgresStore, when: str) -> Iterator[list[str]]:
    """Cut the connection ``before`` or ``after`` the next append's statement."""
    database = store._database
    cut: list[str] = []
    do = database.fetchval_once

    async def cut_once(name: str, *arguments: Any) -> Any:
        if name == "write" and not cut:
            cut.append(when)
            if when == "after":
                await do(name, *arguments)
            raise ConnectionResetError("cut")
        return await do(name, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "fetchval_once", cut_once)
        yield cut


# -- one statement an append


async def test_a_steady_writer_needs_one_statement_an_append(postgres: PostgresStore) -> None:
    """The row is remembered; only what has to see it waits for its lock."""
    run = await running(postgres)
    for number in range(20):
        await report(postgres, run, note(str(number), key=str(number)))
    assert postgres.statistics()["appends_locked"] == 1
    await report(postgres, run, note("known", key="3"), note("new", key="20"))  # a key that is in the log
    assert postgres.statistics()["appends_locked"] == 2
    row = await end(postgres, run)
    assert_true(await log(postgres, run.id), row)
    assert [data(event)["body"] for event in (await log(postgres, run.id))[2:-1]] == [*map(str, range(20)), "new"]


async def test_no_index_holds_what_every_append_changes(postgres: PostgresStore) -> None:
    """Not in its condition either: Postgres would have to write all indexes of the row anew."""
    found = await postgres._database.pool.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'runs'")
    indexes = [re.sub(r".* ON \S+ ", "", row["indexdef"]) for row in found]
    assert any(re.search(r"\bsnapshot_seq\b", index) for index in indexes)
    changing = re.compile(r"\b(seq|tag|total|updated_at|revision)\b")
    assert [index for index in indexes if changing.search(index)] == []


async def test_nothing_is_asked_after_an_answer(postgres: PostgresStore, postgres_server: PostgresServer) -> None:
    """A connection goes back to the pool without a word: what the server was told last is the append itself."""
    run = await running(postgres)
    for key in ("first", "last"):  # the first one waits for the lock
        await report(postgres, run, note(key, key=key))
    write = postgres._database.sql("write")
    asked = await postgres_server.run("SELECT query FROM pg_stat_activity WHERE usename = 'headway'")
    assert any(row["query"] and write.startswith(row["query"]) for row in asked)  # Postgres shows how it begins


async def test_two_machines_take_turns(postgres: PostgresStore) -> None:
    """What one remembers is never what the other is refused for."""
    run = await running(postgres)
    async with opened(str(postgres.address.dsn) + f"?schema={postgres.address.schema}") as other:
        for number in range(10):
            await report((postgres, other)[number % 2], run, note(str(number)))
        await end(other, run)
        with pytest.raises(HeadwayError, match="has ended"):
            await report(postgres, run, note("late"))
    row = await postgres.get(run.id)
    assert row is not None
    assert_true(await log(postgres, run.id), row)


async def test_as_many_claims_as_may_be(postgres: PostgresStore) -> None:
    """Two machines claim runs of one job at the same moment; both count what the other has."""
    runs = [(await postgres.create(new_run()))[0] for _ in range(12)]
    async with opened(f"{postgres.address.dsn}?schema={postgres.address.schema}") as other:
        tried = await asyncio.gather(
            *(claim((postgres, other)[at % 2], run, f"wrk_{at}", concurrency=3) for at, run in enumerate(runs)),
            return_exceptions=True,
        )
    assert sum(isinstance(each, Conflict) for each in tried) == len(runs) - 3
    assert len(await postgres.claimed()) == 3


# -- under fire


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_is_lost_is_found_out(postgres: PostgresStore, when: str) -> None:
    """Whether the statement was done before the connection broke or not: the event is in the log once."""
    run = await running(postgres)
    await report(postgres, run, note("first"))
    with cutting(postgres, when) as cut:
        stored = await report(postgres, run, note("second"))
    assert cut == [when]
    assert [event.seq for event in stored] == [4]
    await report(postgres, run, note("third"))
    row = await postgres.get(run.id)
    assert row is not None
    events = await log(postgres, run.id)
    assert_true(events, row)
    assert [data(event)["body"] for event in events[2:]] == ["first", "second", "third"]


async def test_a_write_in_doubt_is_answered_when_it_is_tried_again(
    postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database stayed away for longer than one call waits: whoever tries the same again doubles nothing."""
    run = await running(postgres)
    await report(postgres, run, note("first"))
    write = Write([note("second")], run.execution_id)
    look, away = postgres._appender._look_for, True

    async def look_for(*arguments: Any) -> bool:
        if away:
            raise ConnectionRefusedError("away")
        return await look(*arguments)

    monkeypatch.setattr(postgres._appender, "_look_for", look_for)
    with cutting(postgres, "after"), pytest.raises(StoreUnavailable):
        await postgres.append(run.id, write)
    with pytest.raises(StoreUnavailable):
        await postgres.append(run.id, write)
    away = False
    assert [event.seq for event in (await postgres.append(run.id, write)).events] == [4]
    await report(postgres, run, note("second"))
    assert [data(event)["body"] for event in (await log(postgres, run.id))[2:]] == ["first", "second", "second"]


async def test_what_others_write_settles_nothing(postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one writer is in doubt another writes the same words: each of them is in the log once."""
    run = await running(postgres)
    await report(postgres, run, note("first"))
    mine, theirs = (Write([note("same")], run.execution_id) for _ in range(2))
    look, away = postgres._appender._look_for, True

    async def look_for(*arguments: Any) -> bool:
        if away:
            raise ConnectionRefusedError("away")
        return await look(*arguments)

    monkeypatch.setattr(postgres._appender, "_look_for", look_for)
    with cutting(postgres, "after"), pytest.raises(StoreUnavailable):
        await postgres.append(run.id, mine)
    away = False
    assert [event.seq for event in (await postgres.append(run.id, theirs)).events] == [5]
    assert [event.seq for event in (await postgres.append(run.id, mine)).events] == [4]
    assert [data(event)["body"] for event in (await log(postgres, run.id))[2:]] == ["first", "same", "same"]


async def tried(store: PostgresStore, run_id: str, batch: Write) -> bool:
    """Whether an append is known to be done."""
    try:
        await store.append(run_id, batch)
    except StoreUnavailable:
        return False
    return True


async def test_connections_are_killed_again_and_again(postgres: PostgresStore, postgres_server: PostgresServer) -> None:
    """Eight writers of eight runs that try again, as a publisher does: nothing is lost or doubled."""
    runs = [await running(postgres) for _ in range(8)]
    written = asyncio.Semaphore(0)

    async def write(run: RunRow) -> None:
        for number in range(60):
            batch = Write([note(str(number))], run.execution_id)
            while not await tried(postgres, run.id, batch):
                pass
            written.release()

    async def kill() -> None:
        for _ in range(20):  # each when some came through: a busy machine would else do nothing but connect
            for _ in range(20):
                await written.acquire()
            await asyncio.sleep(random.uniform(0, 0.05))
            await postgres_server.run(KILL_ALL)

    await asyncio.gather(kill(), *(write(run) for run in runs))
    for run in runs:
        row = await postgres.get(run.id)
        assert row is not None
        events = await log(postgres, run.id)
        assert_true(events, row)
        assert [data(event)["body"] for event in events[2:]] == [str(number) for number in range(60)]


@pytest.mark.slow
@pytest.mark.parametrize("end_it", ["stop", "kill"])
async def test_the_server_goes_and_comes_back(tmp_path_factory: pytest.TempPathFactory, end_it: str) -> None:
    """Meanwhile every call says so; then all goes on: what was answered is there, and news are heard again."""
    server = PostgresServer(tmp_path_factory.mktemp("own"))
    server.start()
    try:
        async with opened(server.url()) as store, opened(server.url()) as other, listening(store) as bell:
            run = await running(store)
            answered = [await report(store, run, note(str(number))) for number in range(20)]
            getattr(server, end_it)()
            for call in (store.get(run.id), report(store, run, note("x")), store.claimed()):
                with pytest.raises(StoreUnavailable, match="goes on by itself"):
                    await call
            server.start()
            for [event] in answered:
                page = await store.read(run.id, after=Cursor(event.seq, event.tag), limit=1)
                assert page.standing is Standing.GOOD
            await report(store, run, note("back"))
            while not (store.statistics()["listening"] and other.statistics()["listening"]):
                await asyncio.sleep(0.02)
            bell.anything = 0
            await report(other, run, note("news"))
            await bell.until_told(run.id)
            row = await store.get(run.id)
            assert row is not None
            events = await log(store, run.id)
            assert_true(events, row)
            assert [data(event)["body"] for event in events[2:]] == [*map(str, range(20)), "back", "news"]
    finally:
        server.kill()


# -- a pooler


@pytest.fixture
def pooler(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Pooler]:
    """PgBouncer before the server."""
    with Pooler(tmp_path, postgres_server) as pooler:
        yield pooler


async def test_behind_pgbouncer(postgres_server: PostgresServer, pooler: Pooler) -> None:
    """Servers change from transaction to transaction: nothing is prepared, and listening goes past it."""
    url = fresh_url(postgres_server, pgbouncer="1", listen=postgres_server.url())
    url = url.replace(f":{postgres_server.port}", f":{pooler.port}", 1)
    async with opened(url) as store, opened(url) as other, listening(other) as bell:
        runs = await asyncio.gather(*(running(store) for _ in range(10)))

        async def write(run: RunRow) -> None:
            for number in range(20):
                await report(store, run, note(str(number)))

        await asyncio.gather(*(write(run) for run in runs))
        for run in runs:
            row = await other.get(run.id)
            assert row is not None
            assert_true(await log(other, run.id), row)
        await bell.until_told(runs[0].id)
        while not store.statistics()["listening"]:
            await asyncio.sleep(0.02)


async def test_without_an_address_past_the_pooler(postgres: PostgresStore, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody can listen; that is said, and how to mend it."""
    async with opened(f"{postgres.address.dsn}?schema={postgres.address.schema}&pgbouncer=1") as store:
        assert "add listen=" in caplog.text
        assert not store.statistics()["listening"]
        await report(store, await running(store), note("all the same"))


# -- the schema


async def test_many_processes_make_the_schema_at_once(postgres_server: PostgresServer) -> None:
    """One does it, the others wait."""
    url = fresh_url(postgres_server)
    stores = [PostgresStore(url) for _ in range(6)]
    await asyncio.gather(*(store.open() for store in stores))
    run = await running(stores[0])
    assert await stores[-1].get(run.id) is not None
    await asyncio.gather(*(store.close() for store in stores))


async def test_the_script_makes_the_same_schema(postgres_server: PostgresServer) -> None:
    """For those who let nobody create tables but themselves."""
    await postgres_server.run("SELECT 1")
    schema = Address.parse(fresh_url(postgres_server)).schema
    process = await asyncio.create_subprocess_exec(
        *("psql", "-q", "-v", "ON_ERROR_STOP=1", "-1", postgres_server.url()), stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(script(schema).encode())
    assert process.returncode == 0
    async with opened(postgres_server.url(schema=schema), read_only=True) as store:
        assert await store.claimed() == []
        with pytest.raises(UsageError, match="to be looked at"):
            await running(store)


async def test_a_schema_that_is_not_ready(postgres_server: PostgresServer) -> None:
    """Looking makes nothing; a newer Headway's schema is left alone."""
    url = fresh_url(postgres_server)
    with pytest.raises(StoreUnavailable, match="schema none"):
        await PostgresStore(url, read_only=True).open()
    async with opened(url) as store:
        newer = migrations("postgres")[-1].number + 1
        await postgres_server.run(f"INSERT INTO {store.address.schema}.schema_versions (version) VALUES ({newer})")
    with pytest.raises(SchemaNewer, match="this Headway knows"):
        await PostgresStore(url).open()


async def test_what_is_over_on_the_board_is_found_by_its_index(postgres: PostgresStore) -> None:
    """Whoever posts drops it, and goes through nothing else for that."""
    async with postgres._database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")  # the table is empty: only what it could do counts
        steps = await connection.fetch(f"EXPLAIN {postgres._database.sql('post')}", "questions", "k", b"1", None, 0)
    assert any("board_until" in step[0] for step in steps), [step[0] for step in steps]


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("postgresql://headway@127.0.0.1:{port}/nowhere", StoreInvalid, 'database "nowhere" does not exist'),
        ("postgresql://nobody@127.0.0.1:{port}/postgres", StoreInvalid, 'role "nobody" does not exist'),
        ("postgresql://headway@127.0.0.1:1/postgres", StoreUnavailable, "refused|Connect call failed"),
    ],
)
async def test_what_cannot_be_reached(
    postgres_server: PostgresServer, url: str, error: type[HeadwayError], said: str
) -> None:
    """Says what it is and how to mend it; never a password."""
    with pytest.raises(error, match=said) as caught:
        await PostgresStore(url.format(port=postgres_server.port).replace("@", ":secret@")).open()
    assert caught.value.hint
    assert "secret" not in str(caught.value)


async def test_a_server_without_a_connection_left(tmp_path: Path) -> None:
    """Says what mends it: fewer for each process, fewer processes, or more for all."""
    server = PostgresServer(tmp_path, max_connections="4", superuser_reserved_connections="1")
    server.start()
    taken: list[asyncpg.Connection[Any]] = []
    try:
        async with asyncio.timeout(60):
            while len(taken) < 4:  # the last by a superuser's right
                with suppress(asyncpg.TooManyConnectionsError):  # that of whoever asked whether it is there
                    taken.append(await asyncpg.connect(server.url()))
        with pytest.raises(StoreUnavailable, match="too many clients already") as caught:
            await PostgresStore(server.url()).open()
    finally:
        for connection in taken:
            connection.terminate()
        server.kill()
    for word in ("pool=", "HEADWAY_CONCURRENCY", "max_connections"):
        assert word in str(caught.value.hint)


async def test_text_it_cannot_keep(postgres: PostgresStore) -> None:
    """NUL is no text to Postgres; nothing is written, and the run goes on."""
    with pytest.raises(UsageError, match="NUL"):
        await postgres.create(new_run(title="a\0b"))
    run = await running(postgres)
    await report(postgres, run, note("fine"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://h/db?schema=Run's", "no name for a schema"),
        ("postgresql://h/db?pool=1", "at least 2"),
        ("postgresql://h/db?pool=many", "at least 2"),
    ],
)
def test_addresses_that_cannot_be(url: str, said: str) -> None:
    """Before anything is opened."""
    with pytest.raises(UsageError, match=said):
        PostgresStore(url)


def test_addresses() -> None:
    """What is ours is taken out of the query, what is the driver's stays."""
    address = Address.parse("postgresql://me:secret@h:1/db?schema=runs&pool=3&sslmode=require&listen=postgresql://x/db")
    assert address.dsn == "postgresql://me:secret@h:1/db?sslmode=require"
    assert (address.schema, address.pool, address.listening) == ("runs", 3, "postgresql://x/db")
    assert str(address) == "postgresql://me@h:1/db?sslmode=require"
    assert Address.parse("postgresql://h/db").listening == "postgresql://h/db"
    assert Address.parse("postgresql://h/db?pgbouncer=1").listening is None
