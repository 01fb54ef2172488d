"""How SQLite goes about each statement: never through a whole table, and few of them per append."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from headway.stores.base import Checkpoint, RunFilter, Write
from headway.stores.queries import queries
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_files import SqliteFile
from headway.stores.sqlite_rows import read_page
from tests.stores.builders import SUCCEEDED, claim, new_run, note, report, requeue, running

NAMES = sorted(queries("sqlite"))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """An empty database: the plans are those for tables of unknown size."""
    file = SqliteFile(tmp_path_factory.mktemp("plans") / "headway.db")
    file.open().close()
    with closing(file.connect()) as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_no_statement_scans_a_table(connection: sqlite3.Connection, name: str) -> None:
    """Each finds its rows by an index; only the lists a caller hands in (``json_each``) are gone through."""
    sql = queries("sqlite")[name]
    numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    arguments = [None] * (max(numbered) if numbered else sql.count("?"))
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", arguments)]
    scans = [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
    assert [step for step in scans if step != "SCAN CONSTANT ROW"] == []


def test_a_scan_would_be_noticed(connection: sqlite3.Connection) -> None:
    """The check above is able to fail."""
    steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN SELECT * FROM events WHERE tag = ''")]
    assert steps == ["SCAN events"]


@contextmanager
def traced(store: SqliteStore) -> Iterator[list[str]]:
    """Collect the statements the store's connections run, transactions left out."""
    seen: list[str] = []
    inside = ("BEGIN IMMEDIATE", "COMMIT")
    connection = store._writer._connection  # type: ignore[union-attr]
    connection.set_trace_callback(lambda sql: None if sql in inside or sql.startswith("--") else seen.append(sql))
    yield seen
    connection.set_trace_callback(None)


def kinds(statements: list[str]) -> list[str]:
    """The verbs, those of one ``executemany`` taken together."""
    verbs: list[str] = []
    for statement in statements:
        verb = statement.split()[0]
        if verb != "INSERT" or verbs[-1:] != ["INSERT"]:
            verbs.append(verb)
    return verbs


async def test_an_append_is_three_statements(sqlite: SqliteStore) -> None:
    """With keys, with a claim, with an end: one SELECT, one INSERT, one UPDATE. A checkpoint is one INSERT more."""
    run, _ = await sqlite.create(new_run())
    with traced(sqlite) as seen:
        await claim(sqlite, run, concurrency=5)
        assert kinds(seen) == ["SELECT", "INSERT", "UPDATE"]
        seen.clear()
        await report(sqlite, run, *(note(str(number), key=str(number)) for number in range(20)))
        assert kinds(seen) == ["SELECT", "INSERT", "UPDATE"]
        seen.clear()
        await report(sqlite, run, note(key="3"), note(key="new"))
        assert kinds(seen) == ["SELECT", "INSERT", "UPDATE"]
        seen.clear()
        await sqlite.append(run.id, requeue(run))
        assert kinds(seen) == ["SELECT", "INSERT", "UPDATE"]
        seen.clear()
        await sqlite.append(run.id, Write(events=[note()], checkpoint=Checkpoint("k", b"1")))
        assert sorted(kinds(seen)) == ["INSERT", "INSERT", "SELECT", "UPDATE"]
        seen.clear()
        row = await sqlite.get(run.id)
        assert row is not None
        await sqlite.append(run.id, Write(execution_id=row.execution_id))
        assert kinds(seen) == ["SELECT", "UPDATE"]
        seen.clear()
        row = await claim(sqlite, row)
        seen.clear()
        await sqlite.append(run.id, Write(events=[SUCCEEDED], execution_id=row.execution_id))
        assert kinds(seen) == ["SELECT", "INSERT", "UPDATE"]


async def test_a_resume_is_one_statement(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Row, cursor check and events come from one SELECT, so from one state of the database."""
    run = await running(sqlite)
    await report(sqlite, run, *(note(str(number)) for number in range(20)))
    with closing(SqliteFile(tmp_path / "headway.db").connect(read_only=True)) as connection:
        seen: list[str] = []
        connection.set_trace_callback(seen.append)
        page = read_page(connection, run.id, run.cursor, limit=5, max_bytes=10_000, partial=False)
    assert len(page.events) == 5
    assert len(seen) == 1


async def test_a_filter_chooses_its_index(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Each list query walks the index that is named after it."""
    plans = {"list_all": "runs_by_status", "list_of_owner": "runs_by_owner"}
    plans |= {"list_of_group": "runs_by_group", "list_of_job": "runs_by_job"}
    with closing(SqliteFile(tmp_path / "headway.db").connect()) as connection:
        for name, index in plans.items():
            arguments = [None] * max(int(number) for number in re.findall(r"\?(\d+)", queries("sqlite")[name]))
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {queries('sqlite')[name]}", arguments)]
            assert any(index in step for step in steps), (name, steps)
    assert await sqlite.list_runs(RunFilter()) == []
