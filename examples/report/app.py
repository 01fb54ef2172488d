"""The report: an API process with Headway mounted in it. Its jobs run elsewhere, in ``headway worker`` processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from examples.itinerary.problems import Problem, answer_problems
from examples.report.beginnings import Beginnings
from examples.report.business import listen
from examples.report.demo.routes import demo
from examples.report.job import register
from examples.report.patience import Away, Patience
from examples.report.reporting import Reporting, UnknownProject
from examples.report.routes import projects
from examples.report.settings import ReportSettings
from examples.report.status_routes import statuses
from examples.report.tables.database import database_for
from examples.report.tables.events import EventTable
from examples.report.tables.migrations import migrate
from examples.report.tables.reports import Tables
from headway import Headway, Settings

PREFIX = "/headway"
PAGE = Path(__file__).parent / "page"
WORKERS_WAIT_S = 60.0
"""Seconds a worker tries to reach the tables again: it has time, a request has not."""

SAFE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"
"""A report quotes pages of others: it may neither run anything nor load anything."""

hw = Headway(worker="none", settings=Settings(**{"ping_s": 30.0} | Settings().model_dump(exclude_unset=True)))
settings = ReportSettings()
tables = Tables(database_for(hw.settings.store))
reporting = Reporting(hw, tables, Patience())


async def _runs_of(project_ids: Any) -> Any:
    return await reporting.patience(lambda: tables.run_ids(project_ids))


beginnings = Beginnings(_runs_of)


@asynccontextmanager
async def with_tables(_app: FastAPI) -> AsyncIterator[None]:
    """Bring the tables up to date; close them in the end."""
    await migrate(tables.database)
    try:
        yield
    finally:
        await beginnings.close()
        await tables.database.close()


app = FastAPI(title="Report", lifespan=hw.lifespan(with_tables))
if hw.settings.cors_origins:
    app.add_middleware(CORSMiddleware, allow_origins=sorted(hw.settings.cors_origins), allow_methods=["GET"])

workers_database = database_for(hw.settings.store, patience_s=WORKERS_WAIT_S)
register(hw, Tables(workers_database), settings)
listen(hw, EventTable(workers_database))
hw.mount(app, PREFIX)
answer_problems(app)
app.include_router(projects(reporting, tables, EventTable(tables.database)))
app.include_router(statuses(hw, reporting, beginnings))
app.include_router(demo(hw, reporting, settings))


@app.exception_handler(UnknownProject)
async def unknown(_: Request, error: UnknownProject) -> JSONResponse:
    """There is no such project: said before a stream begins, too."""
    return _problem(404, "project_not_found", f"there is no project {str(error)[:64]!r}")


@app.exception_handler(Away)
async def away(_: Request, error: Away) -> JSONResponse:
    """Queue or database are away, and nothing is known that could be told instead."""
    answer = _problem(503, "store_unavailable", f"queue or database are away: {error}")
    answer.headers["Retry-After"] = "2"
    return answer


@app.get("/api/reports/{report_id}/page")
async def page(report_id: str) -> Response:
    """A report, as a page."""
    html = await reporting.patience(lambda: tables.html(report_id))
    if html is None:
        raise _no_report(report_id)
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": SAFE})


@app.get("/api/reports/{report_id}/pdf")
async def pdf(report_id: str) -> Response:
    """A report, as a PDF."""
    found = await reporting.patience(lambda: tables.pdf(report_id))
    if found is None:
        raise _no_report(report_id)
    name = f'inline; filename="{report_id}.pdf"'
    return Response(found, media_type="application/pdf", headers={"Content-Disposition": name})


def _no_report(report_id: str) -> Problem:
    return Problem(404, "report_not_found", f"there is no finished report {report_id[:64]!r}")


def _problem(status: int, code: str, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, "hint": None}
    return JSONResponse(body, status, media_type="application/problem+json")


app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
