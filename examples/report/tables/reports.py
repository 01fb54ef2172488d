# ruff: noqa: S608 - statements are put together of our own columns, never of values
"""Projects, reports and captured pages, as rows.

Every write is one statement and may be repeated. What a worker writes is fenced by its attempt: one that was taken over
cannot undo what its successor wrote.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from examples.report.models import Captured, PageFacts, PageKind, Scores, Site
from examples.report.tables.database import Database, Row, as_json

LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it stands in its row.

    Attributes:
        status: ``PENDING``, ``IN_PROGRESS``, ``COMPLETED`` or ``FAILED``, as the last attempt that could write left it.
        context: How it came about: attempt, worker, pages, scores by site.
    """

    id: str
    project_id: str
    run_id: str | None
    is_initial: bool
    status: str
    created_at: dt.datetime
    completed_at: dt.datetime | None
    error: str | None
    completeness: int | None
    freshness: str | None
    captured: int
    total: int
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """A product and its competitors.

    Attributes:
        report: The initial report; None before one was asked for.
    """

    id: str
    name: str
    product: Site
    competitors: Sequence[Site]
    created_at: dt.datetime
    report: Report | None


class Tables:
    """All of them.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    # -- projects

    async def add_project(self, name: str, product_url: str, competitors: Sequence[tuple[str, str]]) -> str:
        """Note a project; return its id.

        Args:
            name: Of the product.
            product_url: Where its site begins.
            competitors: Names and addresses.
        """
        project_id = f"proj_{uuid4().hex[:16]}"
        await self.database.rows(_ADD_PROJECT, project_id, name, product_url, _now())
        for place, (rival, url) in enumerate(competitors, 1):
            await self.database.rows(_ADD_COMPETITOR, project_id, place, rival, url)
        return project_id

    async def project(self, project_id: str) -> Project | None:
        """Return a project, or None."""
        rows = await self.database.rows(_PROJECT, project_id)
        return _project(rows[0], rows) if rows else None

    async def projects(self) -> list[Project]:
        """Return the newest projects."""
        grouped: dict[str, list[Row]] = {}
        for row in await self.database.rows(_PROJECTS, LISTED):
            grouped.setdefault(row["id"], []).append(row)
        return [_project(rows[0], rows) for rows in grouped.values()]

    # -- reports

    async def add_report(self, project_id: str, expected_s: float) -> Report:
        """Note that the initial report of a project is wanted; the one there is when it was noted before."""
        await self.database.rows(
            _ADD_REPORT, f"rep_{uuid4().hex[:16]}", project_id, _now(), as_json({"expected_s": expected_s})
        )
        row = await self.database.row(_INITIAL_REPORT, project_id)
        assert row is not None  # noqa: S101 - it was just written
        return _report(row)

    async def add_run(self, report_id: str, run_id: str) -> None:
        """Note which run makes a report."""
        await self.database.rows(_ADD_RUN, report_id, run_id)

    async def run_ids(self, project_ids: Sequence[str]) -> dict[str, str]:
        """Return the runs of the initial reports of these projects, as far as there are any."""
        if not project_ids:
            return {}
        places = ", ".join(f"${place}" for place in range(1, len(project_ids) + 1))
        rows = await self.database.rows(f"{_RUN_IDS} ({places})", *project_ids)
        return {row["project_id"]: row["run_id"] for row in rows}

    async def begin(self, report_id: str, run_id: str, attempt: int, total: int, context: Mapping[str, Any]) -> None:
        """Note that an attempt at a report begins."""
        await self.database.rows(_BEGIN, report_id, attempt, total, as_json(context), _now(), run_id)

    async def complete(
        self,
        report_id: str,
        attempt: int,
        *,
        html: str,
        pdf: bytes,
        scores: Scores,
        captured: int,
        context: Mapping[str, Any],
    ) -> None:
        """Write a report that is done."""
        written = as_json(context)
        fresh = scores.data_freshness
        await self.database.rows(
            _COMPLETE, report_id, attempt, html, pdf, scores.completeness, fresh, captured, written, _now()
        )

    async def fail(self, report_id: str, attempt: int, error: str) -> None:
        """Write why an attempt at a report has failed; one that was completed stays."""
        await self.database.rows(_FAIL, report_id, attempt, error[:2000])

    async def html(self, report_id: str) -> str | None:
        """Return a report's page; None where there is none (yet)."""
        row = await self.database.row("SELECT html FROM app.report WHERE id = $1", report_id)
        return row["html"] if row else None

    async def pdf(self, report_id: str) -> bytes | None:
        """Return a report's PDF; None where there is none (yet)."""
        row = await self.database.row("SELECT pdf FROM app.report WHERE id = $1", report_id)
        return bytes(row["pdf"]) if row and row["pdf"] is not None else None

    async def durations_s(self) -> list[float]:
        """Return how long the last twenty reports took."""
        rows = await self.database.rows(_DURATIONS)
        return [_seconds(row) for row in rows]

    # -- captured pages

    async def keep_page(self, report_id: str, site: Site, page: Captured, html: str) -> None:
        """Keep a page as it was captured; captured again it replaces itself."""
        await self.database.rows(
            _KEEP_PAGE, report_id, site.key, page.url, str(page.kind), html, page.size, page.digest, page.captured_at
        )

    async def page_html(self, report_id: str, site_key: str, url: str) -> str | None:
        """Return a page as it was captured."""
        row = await self.database.row(_PAGE_HTML, report_id, site_key, url)
        return row["html"] if row else None

    async def keep_facts(self, report_id: str, site_key: str, facts: PageFacts) -> None:
        """Keep what was read from a page."""
        await self.database.rows(_KEEP_FACTS, report_id, site_key, facts.url, facts.model_dump_json())

    async def pages(self, report_id: str) -> list[tuple[str, Captured, PageFacts | None]]:
        """Return the pages of a report: site, page, and what was read from it."""
        return [_page(row) for row in await self.database.rows(_PAGES, report_id)]

    async def captured(self, report_id: str) -> tuple[int, dt.datetime | None]:
        """Return how many competitors have a page, and when the last page came."""
        row = await self.database.row(_CAPTURED, report_id)
        return (row["sites"], _time(row["last"])) if row else (0, None)


# ------------------------------------------------------------------------------------------------ statements

_ADD_PROJECT: Final = "INSERT INTO app.project (id, name, product_url, created_at) VALUES ($1, $2, $3, $4)"
_ADD_COMPETITOR: Final = """
INSERT INTO app.competitor (project_id, place, name, url) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_REPORT_COLUMNS: Final = """
r.id AS report_id, r.project_id, r.run_id, r.is_initial_report, r.status, r.created_at AS reported_at, r.completed_at,
r.error, r.data_completeness_score, r.data_freshness, r.competitor_snapshots_captured, r.competitor_snapshots_total,
r.generation_context
"""
_PROJECT_COLUMNS: Final = f"""
p.id, p.name, p.product_url, p.created_at, c.place, c.name AS rival, c.url, {_REPORT_COLUMNS}
"""
_JOINED: Final = """
LEFT JOIN app.competitor c ON c.project_id = p.id
LEFT JOIN app.report r ON r.project_id = p.id AND r.is_initial_report IS TRUE
"""
_PROJECT: Final = f"SELECT {_PROJECT_COLUMNS} FROM app.project p {_JOINED} WHERE p.id = $1 ORDER BY c.place"
_PROJECTS: Final = f"""
SELECT {_PROJECT_COLUMNS} FROM (SELECT * FROM app.project ORDER BY created_at DESC LIMIT $1) p {_JOINED}
ORDER BY p.created_at DESC, p.id, c.place
"""
_ADD_REPORT: Final = """
INSERT INTO app.report (id, project_id, is_initial_report, status, created_at, generation_context)
VALUES ($1, $2, TRUE, 'PENDING', $3, $4)
ON CONFLICT DO NOTHING
"""
_INITIAL_REPORT: Final = f"""
SELECT {_REPORT_COLUMNS} FROM app.report r WHERE r.project_id = $1 AND r.is_initial_report IS TRUE
"""
_RUN_IDS: Final = """
SELECT project_id, run_id FROM app.report WHERE is_initial_report IS TRUE AND run_id IS NOT NULL AND project_id IN
"""
_ADD_RUN: Final = "UPDATE app.report SET run_id = $2 WHERE id = $1"
_BEGIN: Final = """
UPDATE app.report SET attempt = $2, status = 'IN_PROGRESS', error = NULL, competitor_snapshots_total = $3,
    generation_context = $4, started_at = $5, run_id = $6
WHERE id = $1 AND attempt <= $2
"""
_COMPLETE: Final = """
UPDATE app.report SET attempt = $2, status = 'COMPLETED', html = $3, pdf = $4, data_completeness_score = $5,
    data_freshness = $6, competitor_snapshots_captured = $7, generation_context = $8, completed_at = $9, error = NULL
WHERE id = $1 AND attempt <= $2
"""
_FAIL: Final = "UPDATE app.report SET status = 'FAILED', error = $3 WHERE id = $1 AND attempt <= $2"
_DURATIONS: Final = """
SELECT started_at, completed_at FROM app.report WHERE status = 'COMPLETED' ORDER BY completed_at DESC LIMIT 20
"""
_KEEP_PAGE: Final = """
INSERT INTO app.competitor_snapshot (report_id, site_key, url, kind, html, size, digest, captured_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (report_id, site_key, url) DO UPDATE SET
    kind = excluded.kind, html = excluded.html, size = excluded.size, digest = excluded.digest,
    captured_at = excluded.captured_at, facts = NULL
"""
_PAGE_HTML: Final = "SELECT html FROM app.competitor_snapshot WHERE report_id = $1 AND site_key = $2 AND url = $3"
_KEEP_FACTS: Final = "UPDATE app.competitor_snapshot SET facts = $4 WHERE report_id = $1 AND site_key = $2 AND url = $3"
_PAGES: Final = """
SELECT site_key, url, kind, size, digest, captured_at, facts FROM app.competitor_snapshot WHERE report_id = $1
ORDER BY captured_at, url
"""
_CAPTURED: Final = """
SELECT count(DISTINCT site_key) AS sites, max(captured_at) AS last FROM app.competitor_snapshot
WHERE report_id = $1 AND site_key LIKE 'competitor:%'
"""


def _project(row: Row, rows: Sequence[Row]) -> Project:
    rivals = [Site(key=f"competitor:{it['place']}", name=it["rival"], url=it["url"]) for it in rows if it["place"]]
    product = Site(key="product", name=row["name"], url=row["product_url"])
    report = _report(row) if row["report_id"] is not None else None
    return Project(row["id"], row["name"], product, rivals, _moment(row["created_at"]), report)


def _report(row: Row) -> Report:
    return Report(
        id=row["report_id"],
        project_id=row["project_id"],
        run_id=row["run_id"],
        is_initial=bool(row["is_initial_report"]),
        status=row["status"],
        created_at=_moment(row["reported_at"]),
        completed_at=_time(row["completed_at"]),
        error=row["error"],
        completeness=row["data_completeness_score"],
        freshness=row["data_freshness"],
        captured=row["competitor_snapshots_captured"],
        total=row["competitor_snapshots_total"],
        context=json.loads(row["generation_context"]),
    )


def _page(row: Row) -> tuple[str, Captured, PageFacts | None]:
    captured = Captured(
        url=row["url"],
        kind=PageKind(row["kind"]),
        size=row["size"],
        digest=row["digest"],
        captured_at=_moment(row["captured_at"]),
    )
    return row["site_key"], captured, PageFacts.model_validate_json(row["facts"]) if row["facts"] else None


def _seconds(row: Row) -> float:
    return (_moment(row["completed_at"]) - _moment(row["started_at"])).total_seconds()


def _moment(value: dt.datetime | str) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


def _time(value: dt.datetime | str | None) -> dt.datetime | None:
    return None if value is None else _moment(value)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
