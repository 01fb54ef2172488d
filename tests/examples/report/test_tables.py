"""The tables, on both databases: made and changed by migrations, fenced, gone and back."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from examples.report.errors import DatabaseAway
from examples.report.models import Captured, PageKind, Scores, Site
from examples.report.tables.database import Database, PostgresDatabase, SqliteDatabase, database_for, statements
from examples.report.tables.events import LISTED, EventRow, EventTable
from examples.report.tables.migrations import SQL, migrate
from examples.report.tables.reports import Tables
from tests.stores.conftest import fresh_url, postgres_server  # a fixture, used by its name

__all__ = ["postgres_server"]

NOW = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
SCORES = Scores(completeness=85, freshness=90, data_freshness="new", by_site={"competitor:1": 85})


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty one."""
    if request.param == "sqlite":
        made: Database = SqliteDatabase(tmp_path / "reports.db")
    else:
        made = PostgresDatabase(fresh_url(request.getfixturevalue("postgres_server")))
    yield made
    await made.close()


@pytest.fixture
async def tables(database: Database) -> Tables:
    """The same, up to date."""
    await migrate(database)
    return Tables(database)


async def a_project(tables: Tables) -> str:
    """One with two competitors."""
    return await tables.add_project(
        "Lantern", "http://lantern.test/", [("Heron", "http://h.test/"), ("Up", "http://u.test/")]
    )


def a_page(url: str, digest: str = "d1") -> Captured:
    """A page as it was captured."""
    return Captured(url=url, kind=PageKind.HOME, size=5, digest=digest, captured_at=NOW)


async def test_migrations_are_done_once_however_many_processes_start(database: Database) -> None:
    """Each by one of them; all find the tables up to date."""
    done = await asyncio.gather(*(migrate(database) for _ in range(3)))
    names = [path.stem for path in sorted((SQL / database.kind).glob("*.sql"))]
    assert sorted(name for each in done for name in each) == names
    assert await migrate(database) == []


def test_both_databases_have_the_same_migrations() -> None:
    """By their names."""
    assert (
        len({tuple(sorted(path.name for path in (SQL / kind).glob("*.sql"))) for kind in ("sqlite", "postgres")}) == 1
    )


async def test_the_second_migration_moves_what_the_first_version_wrote(database: Database) -> None:
    """`report_type` and `content.metadata` become columns; nothing that was known is lost."""
    assert await migrate(database, upto="0001") == ["0001_reports"]
    old = Tables(database)
    project_id = await a_project(old)
    metadata = {"dataCompletenessScore": 85, "dataFreshness": "new", "captured": 1, "total": 2}
    await database.rows(
        "INSERT INTO app.report (id, project_id, report_type, status, created_at, content) "
        "VALUES ('rep_old', $1, 'INITIAL', 'COMPLETED', $2, $3)",
        project_id,
        NOW,
        json.dumps({"metadata": metadata}),
    )
    await database.rows(
        "INSERT INTO app.report (id, project_id, report_type, status, created_at) "
        "VALUES ('rep_later', $1, 'COMPARATIVE', 'PENDING', $2)",
        project_id,
        NOW,
    )
    assert await migrate(database) == ["0002_initial_reports", "0003_business_events"]
    project = await old.project(project_id)
    assert project is not None
    report = project.report
    assert report is not None
    assert (report.id, report.is_initial, report.completeness, report.freshness) == ("rep_old", True, 85, "new")
    assert (report.captured, report.total, report.context) == (1, 2, metadata)


async def test_a_project_has_one_initial_report_whoever_asks_at_once(tables: Tables) -> None:
    """The first who asks makes it, and says how long it is expected to take."""
    project_id = await a_project(tables)
    reports = await asyncio.gather(*(tables.add_report(project_id, 45.0 + place) for place in range(5)))
    assert len({report.id for report in reports}) == 1
    assert len({report.context["expected_s"] for report in reports}) == 1
    found = await tables.project(project_id)
    assert found is not None
    assert found.report == reports[0]
    assert [(site.key, site.name) for site in found.competitors] == [("competitor:1", "Heron"), ("competitor:2", "Up")]


async def test_unknown_projects_are_none(tables: Tables) -> None:
    """No error, and none of another's."""
    await a_project(tables)
    assert await tables.project("proj_unknown") is None
    assert await tables.html("rep_unknown") is None
    assert await tables.pdf("rep_unknown") is None


async def test_a_worker_that_was_taken_over_cannot_undo_what_its_successor_wrote(tables: Tables) -> None:
    """Every write of a report carries the attempt."""
    report = await tables.add_report(await a_project(tables), 45)
    await tables.begin(report.id, "run_1", 1, 2, {})
    await tables.begin(report.id, "run_1", 2, 2, {})
    await tables.complete(report.id, 2, html="<p>two", pdf=b"%PDF", scores=SCORES, captured=2, context={"attempt": 2})
    await tables.complete(report.id, 1, html="<p>one", pdf=b"", scores=SCORES, captured=0, context={"attempt": 1})
    await tables.fail(report.id, 1, "too late")
    assert await tables.html(report.id) == "<p>two"
    assert await tables.pdf(report.id) == b"%PDF"
    (project,) = await tables.projects()
    assert project.report is not None
    assert (project.report.status, project.report.captured, project.report.context) == ("COMPLETED", 2, {"attempt": 2})
    assert [took >= 0 for took in await tables.durations_s()] == [True]


async def test_pages_are_kept_once_and_replaced_when_captured_again(tables: Tables) -> None:
    """What was read of the page before is forgotten with it."""
    report = await tables.add_report(await a_project(tables), 45)
    rival = Site(key="competitor:1", name="Heron", url="http://h.test/")
    own = Site(key="product", name="Lantern", url="http://lantern.test/")
    await tables.keep_page(report.id, rival, a_page("http://h.test/"), "old")
    await tables.keep_page(report.id, own, a_page("http://lantern.test/"), "own")
    await tables.keep_page(report.id, rival, a_page("http://h.test/", "d2"), "new")
    pages = {key: page.digest for key, page, _ in await tables.pages(report.id)}
    assert pages == {"competitor:1": "d2", "product": "d1"}
    assert await tables.page_html(report.id, "competitor:1", "http://h.test/") == "new"
    assert await tables.captured(report.id) == (1, NOW)


async def test_runs_of_projects_are_found_together(tables: Tables) -> None:
    """Of those that have one."""
    first, second = await a_project(tables), await a_project(tables)
    report = await tables.add_report(first, 45)
    await tables.add_run(report.id, "run_1")
    await tables.add_report(second, 45)
    assert await tables.run_ids([first, second, "proj_unknown"]) == {first: "run_1"}
    assert await tables.run_ids([]) == {}


def an_event(seq: int, kind: str = "report_started", project_id: str = "proj_1") -> EventRow:
    """Something that happened to a report."""
    return EventRow("run_1", seq, project_id, "rep_1", kind, NOW, None, {"attempt": 1, "word": "für"})


async def test_a_business_event_is_written_once_however_often_it_is_told(database: Database) -> None:
    """The first one stays; others of its project and of its run are kept beside it, in order."""
    await migrate(database)
    events = EventTable(database)
    await events.add(an_event(2))
    await events.add(an_event(1))
    await asyncio.gather(*(events.add(an_event(2, "something_else")) for _ in range(3)))
    await events.add(an_event(3, project_id="proj_2"))
    assert await events.of_project("proj_1") == [an_event(1), an_event(2)]
    for seq in range(10, 10 + LISTED):
        await events.add(an_event(seq))
    assert [row.seq for row in await events.of_project("proj_1")] == list(range(10, 10 + LISTED)), "the last ones"


async def test_a_database_that_is_not_there_is_told_in_time() -> None:
    """Nothing listens there; nobody waits for longer than a call may take."""
    database = PostgresDatabase("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(DatabaseAway):
        await database.rows("SELECT 1")
    await database.close()


async def test_who_has_patience_gets_through_when_the_database_is_back(tmp_path: Path) -> None:
    """A worker waits, and its call is done once the table is there."""
    path = tmp_path / "later" / "reports.db"
    waiting = asyncio.create_task(Tables(SqliteDatabase(path, patience_s=60)).database.rows("SELECT 1 AS one"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    path.parent.mkdir()
    assert await waiting == [{"one": 1}]


@pytest.mark.parametrize(
    ("url", "kind", "place"),
    [
        ("sqlite:///headway.db", "sqlite", "headway-reports.db"),
        ("sqlite:////var/lib/runs.db", "sqlite", "/var/lib/runs-reports.db"),
        ("memory://", "sqlite", "headway-reports.db"),
        ("redis://localhost:6379/0", "sqlite", "headway-reports.db"),
        ("postgresql://u:p@h:5/db", "postgres", "report"),
        ("postgresql://u@h/db?schema=mine&pool=4", "postgres", "mine_report"),
    ],
)
def test_the_tables_stand_beside_headways(url: str, kind: str, place: str) -> None:
    """In the same Postgres, in a schema of their own; else in a file beside its file."""
    database = database_for(url)
    assert database.kind == kind
    assert (database.schema if isinstance(database, PostgresDatabase) else str(database._path)) == place  # type: ignore[attr-defined]


def test_a_script_is_taken_apart_at_its_statements() -> None:
    """Not at semicolons in texts."""
    assert len(statements("SELECT ';';\n-- a; b\nSELECT 2;\n")) == 2
