"""``/api/projects``: projects, and asking for their initial report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, Field, field_validator

from examples.itinerary.problems import Problem
from examples.report.capture.guard import checked
from examples.report.errors import AddressRefused
from examples.report.models import COMPETITORS_MAX
from examples.report.reporting import Reporting
from examples.report.tables.events import EventRow, EventTable
from examples.report.tables.reports import Project, Tables


class Named(BaseModel):
    """A competitor, as the form gives it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: Annotated[str, Field(max_length=2_000)]

    @field_validator("url")
    @classmethod
    def _of_a_page(cls, value: str) -> str:
        return _page(value)


class NewProject(BaseModel):
    """A product and its competitors.

    Attributes:
        start: Ask for the initial report at once.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    product_url: Annotated[str, Field(alias="productUrl", max_length=2_000)]
    competitors: Annotated[list[Named], Field(min_length=1, max_length=COMPETITORS_MAX)]
    start: bool = True

    @field_validator("product_url")
    @classmethod
    def _of_a_page(cls, value: str) -> str:
        return _page(value)


def projects(reporting: Reporting, tables: Tables, events: EventTable) -> APIRouter:
    """Return the routes.

    Args:
        reporting: Asks for reports.
        tables: Projects.
        events: What happened to their reports.
    """
    router = APIRouter(prefix="/api/projects", tags=["projects"])
    patience = reporting.patience

    @router.post("", status_code=201)
    async def create(
        body: NewProject, response: Response, x_request_id: Annotated[str | None, Header()] = None
    ) -> dict[str, Any]:
        """Note a project, and ask for its report."""
        rivals = [(rival.name, rival.url) for rival in body.competitors]
        project_id = await patience(lambda: tables.add_project(body.name, body.product_url, rivals))
        response.headers["Location"] = f"/api/projects/{project_id}"
        project = await reporting.found(project_id)
        if body.start:
            await patience(lambda: reporting.start(project, x_request_id))
            project = await reporting.found(project_id)
        return shown(project)

    @router.get("")
    async def newest() -> dict[str, Any]:
        """The newest projects, and how their reports stand."""
        return {"projects": [shown(project) for project in await patience(tables.projects)]}

    @router.get("/{project_id}")
    async def one(project_id: str) -> dict[str, Any]:
        """One project."""
        return shown(await reporting.found(project_id))

    @router.post("/{project_id}/initial-report", status_code=202)
    async def start(project_id: str, x_request_id: Annotated[str | None, Header()] = None) -> dict[str, Any]:
        """Ask for the report; asked again, it is the same one."""
        project = await reporting.found(project_id)
        handle = await patience(lambda: reporting.start(project, x_request_id))
        return {"projectId": project_id, "runId": handle.id, "links": handle.model_dump()["links"]}

    @router.post("/{project_id}/initial-report/retry", status_code=202)
    async def retry(project_id: str) -> dict[str, Any]:
        """Try again what failed of it; pages that were captured are not asked for again."""
        project = await reporting.found(project_id)
        handle = await patience(lambda: reporting.retry(project))
        if handle is None:
            raise Problem(409, "nothing_to_retry", "its report has not failed, in whole or in part")
        return {"projectId": project_id, "runId": handle.id}

    @router.get("/{project_id}/business-events")
    async def happened(project_id: str) -> dict[str, Any]:
        """What happened to its report, the last 200 in order. They come a moment after they happened."""
        await reporting.found(project_id)
        rows = await patience(lambda: events.of_project(project_id))
        return {"events": [_happened(row) for row in rows]}

    return router


def shown(project: Project) -> dict[str, Any]:
    """Return a project as it is sent."""
    report = project.report
    return {
        "id": project.id,
        "name": project.name,
        "productUrl": project.product.url,
        "competitors": [{"key": it.key, "name": it.name, "url": it.url} for it in project.competitors],
        "createdAt": project.created_at.isoformat(),
        "report": None
        if report is None
        else {
            "id": report.id,
            "runId": report.run_id,
            "isInitialReport": report.is_initial,
            "status": report.status,
            "dataCompletenessScore": report.completeness,
            "dataFreshness": report.freshness,
            "captured": report.captured,
            "total": report.total,
        },
    }


def _happened(row: EventRow) -> dict[str, Any]:
    return {
        "runId": row.run_id,
        "seq": row.seq,
        "kind": row.kind,
        "happenedAt": row.happened_at.isoformat(),
        "reportId": row.report_id,
        "correlationId": row.correlation_id,
        "details": row.details,
    }


def _page(url: str) -> str:
    try:
        checked(url)
    except AddressRefused as error:
        raise ValueError(error.detail) from error
    return url
