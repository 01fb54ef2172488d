"""How a project's initial report stands: at once, and as a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from examples.itinerary.problems import Problem
from examples.report.beginnings import Beginnings
from examples.report.patience import Away
from examples.report.reporting import Reporting
from examples.report.status import PHASES, StatusAnswer, StatusView, not_started
from examples.report.tables.reports import Project
from headway import Headway

BEGIN_S: Final = 25.0
"""Seconds a stream waits for a report to be asked for, before the browser is asked to come back."""

RETRY_MS: Final = 2_000
_STREAM: Final = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


def statuses(hw: Headway, reporting: Reporting, beginnings: Beginnings) -> APIRouter:
    """Return the routes.

    Args:
        hw: Streams runs.
        reporting: Knows how reports stand.
        beginnings: Tells when a report was asked for.
    """
    router = APIRouter(prefix="/api/projects", tags=["status"])

    @router.get("/{project_id}/initial-report-status")
    async def status(project_id: str) -> JSONResponse:
        """How the report stands. While queue or database are away: what was known last, ``degraded``."""
        return JSONResponse((await _status(reporting, project_id)).wire(), headers={"Cache-Control": "no-store"})

    @router.get("/{project_id}/initial-report-status/stream")
    async def stream(
        project_id: str, request: Request, phases: Annotated[str | None, Query(max_length=200)] = None
    ) -> Response:
        """The same as it changes, as messages without a name: ``onmessage`` of an EventSource gets them.

        ``?phases=snapshot_capture,completed`` sends only updates of these phases, and the end.
        """
        view = StatusView(project_id, _phases(phases))
        try:
            project = await reporting.found(project_id)
        except Away:
            return _come_back(reporting.known(project_id))
        run_id = project.report.run_id if project.report else None
        if run_id is None:
            return _not_yet(project, beginnings)
        try:
            return await reporting.patience(lambda: hw.stream(request, run_id, viewer=project_id, view=view))
        except Away:
            return _come_back(reporting.known(project_id))

    return router


async def _status(reporting: Reporting, project_id: str) -> StatusAnswer:
    try:
        return await reporting.patience(lambda: reporting.status(project_id))
    except Away:
        known = reporting.known(project_id)
        if known is None:
            raise
        return known


def _not_yet(project: Project, beginnings: Beginnings) -> Response:
    """Say that nothing was begun, and wait for it; then the browser comes back, and is given the run's stream."""
    if beginnings.full:
        return _stream(f"retry: {5 * RETRY_MS}\n\n")

    async def frames() -> AsyncIterator[str]:
        yield "retry: 100\n\n"
        yield f"event: open\ndata: {json.dumps({'connection_id': f'conn_{uuid4().hex}', 'run_id': None})}\n\n"
        yield _message(not_started(project.id, len(project.competitors)))
        await beginnings.of(project.id, BEGIN_S)

    return StreamingResponse(frames(), media_type="text/event-stream", headers=_STREAM)


def _come_back(known: StatusAnswer | None) -> Response:
    """Say what was known last, and ask the browser to come back; on any other status it would give up for good."""
    return _stream(f"retry: {RETRY_MS}\n\n" + (_message(known) if known else ""))


def _stream(body: str) -> Response:
    return Response(body, media_type="text/event-stream", headers=_STREAM)


def _message(answer: StatusAnswer) -> str:
    return f"data: {json.dumps(answer.wire())}\n\n"


def _phases(text: str | None) -> frozenset[str] | None:
    if not text:
        return None
    named = frozenset(part.strip() for part in text.split(",") if part.strip())
    if unknown := named - set(PHASES):
        raise Problem(400, "unknown_phase", f"there is no phase {min(unknown)!r}", f"there are {', '.join(PHASES)}")
    return named
