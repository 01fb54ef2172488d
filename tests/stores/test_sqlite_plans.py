"""How SQLite goes about each statement: never through a whole table, and few of them per append."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from headway.stores.base import Checkpoint, Write
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


def plan(connection: sqlite3.Connection, name: str) -> list[str]:
    """How SQLite would go about a statement."""
    sql = queries("sqlite")[name]
    numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    arguments = [None] * (max(numbered) if numbered else sql.count("?"))
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", arguments)]


@pytest.mark.parametrize("name", NAMES)
def test_no_statement_scans_a_table(connection: sqlite3.Connection, name: str) -> None:
    """Each finds its rows by an index; only the lists a caller hands in (``json_each``) are gone through."""
    scans = [step for step in plan(connection, name) if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
    assert [step for step in scans if step != "SCAN CONSTANT ROW"] == []


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("row_for_write", "SEARCH e USING INDEX events_by_key (run=? AND key=?)"),
        ("row_for_write", "SEARCH c USING INDEX runs_claimed_by_job (job=?)"),
        ("read", "SEARCH e USING INDEX sqlite_autoindex_events_1 (run=? AND seq>?)"),
        ("queued", "SEARCH c USING INDEX runs_queued (job=?)"),
        ("list_all", "SEARCH c USING INDEX runs_by_status (status=? AND id<?)"),
        ("list_of_owner", "SEARCH c USING INDEX runs_by_owner (owner=? AND status=? AND id<?)"),
        ("list_of_group", "SEARCH c USING INDEX runs_by_group (group=? AND status=? AND id<?)"),
        ("list_of_job", "SEARCH c USING INDEX runs_by_job (job=? AND status=? AND id<?)"),
        ("claimed", "SEARCH r USING INDEX runs_claimed (worker>?)"),
        ("lapsed", "SEARCH r USING INDEX runs_lapsing (lapses_ms<?)"),
        ("asked_to_stop", "SEARCH r USING INDEX runs_asked_to_stop (id>?)"),
        ("begun", "SEARCH begun USING PRIMARY KEY (job=?)"),
        ("leader", "SEARCH l USING PRIMARY KEY (role=?)"),
        ("ended", "SEARCH r USING INDEX runs_ended ((finished_at,id)>(?,?))"),
        ("positions", "SEARCH p USING PRIMARY KEY (run=? AND listener=?)"),
        ("durations", "SEARCH runs USING INDEX runs_succeeded (job=?)"),
        ("expired_log", "SEARCH runs USING INDEX runs_to_trim (job=? AND finished_at>? AND finished_at<?)"),
        ("expired_text", "SEARCH runs USING INDEX runs_to_trim_text (job=? AND finished_at>? AND finished_at<?)"),
        ("expired_lines", "SEARCH runs USING INDEX runs_to_trim_lines (job=? AND finished_at>? AND finished_at<?)"),
        ("next_prunable_job", "SEARCH runs USING INDEX runs_to_trim (job>?)"),
        ("unfolded", "SEARCH r USING INDEX runs_unfolded ((finished_at,id)>(?,?) AND finished_at<?)"),
        ("count_events", "SEARCH events USING INDEX sqlite_autoindex_events_1 (run=? AND seq>? AND seq<?)"),
        ("count_types", "SEARCH events USING INDEX sqlite_autoindex_events_1 (run=? AND seq>? AND seq<?)"),
        ("count_buried", "SEARCH r USING INDEX runs_by_status (status=?)"),
    ],
)
def test_the_index_meant_for_it_is_used(connection: sqlite3.Connection, name: str, step: str) -> None:
    """All of it: a search by the run alone would go through everything the run has."""
    # how it is said differs between versions of SQLite
    steps = [found.replace("COVERING ", "").removesuffix(" LEFT-JOIN") for found in plan(connection, name)]
    assert step in steps


@pytest.mark.parametrize("name", ["read", "durations", "expired_log", "expired_text", "unfolded", "count_events"])
def test_what_may_be_long_is_not_sorted(connection: sqlite3.Connection, name: str) -> None:
    """It comes in order from its index, so a page costs no more in a long log than in a short one."""
    assert not [step for step in plan(connection, name) if "TEMP B-TREE" in step]


def test_a_scan_would_be_noticed(connection: sqlite3.Connection) -> None:
    """The check above is able to fail."""
    steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN SELECT * FROM events WHERE tag = ''")]
    assert steps == ["SCAN events"]


@contextmanager
def traced(store: SqliteStore) -> Iterator[list[str]]:
    """Collect the statements the store's writer runs."""
    seen: list[str] = []
    connection = store._writer._connection  # type: ignore[union-attr]
    connection.set_trace_callback(lambda sql: None if sql.startswith("--") else seen.append(sql))
    yield seen
    connection.set_trace_callback(None)


def kinds(statements: list[str]) -> list[str]:
    """The verbs inside one transaction, those of one ``executemany`` taken together."""
    begin, *inside, commit = statements
    assert (begin, commit) == ("BEGIN IMMEDIATE", "COMMIT")
    verbs: list[str] = []
    for statement in inside:
        verb = statement.split()[0]
        if verb != "INSERT" or verbs[-1:] != ["INSERT"]:
            verbs.append(verb)
    return verbs


async def test_an_append_is_three_statements(sqlite: SqliteStore) -> None:
    """In one transaction; with keys, with a claim: one SELECT, one INSERT, one UPDATE.

    A checkpoint is one INSERT more, the end of a run one UPDATE of its checkpoints.
    """
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
        assert kinds(seen) == ["SELECT", "INSERT", "UPDATE", "UPDATE"]


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
