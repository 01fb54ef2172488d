"""The status of a project's initial report, in the words of the requirement.

The run is what Headway knows of the work, the row what stays of it: while the run is there it decides, and when its log
is gone the row still tells how it ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from examples.report.tables.reports import Project, Report

Status = Literal["not_started", "generating", "completed", "failed"]
Phase = Literal["validation", "snapshot_capture", "data_collection", "analysis", "report_generation", "completed"]
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)

_OF_RUN: Final[Mapping[str, Status]] = {
    "queued": "generating",
    "running": "generating",
    "waiting": "generating",
    "succeeded": "completed",
    "partial": "completed",
    "failed": "failed",
    "cancelled": "failed",
}
_OF_ROW: Final[Mapping[str, Status]] = {
    "PENDING": "generating",
    "IN_PROGRESS": "generating",
    "COMPLETED": "completed",
    "FAILED": "failed",
}
_NOT_STARTED: Final = "No report was asked for yet"


class _Camel(BaseModel):
    """Written as the requirement writes it: ``projectId``, and without what is not known."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    def wire(self) -> dict[str, Any]:
        """Return it as it is sent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class SnapshotsStatus(_Camel):
    """How far the capture is.

    Attributes:
        captured: Competitors that are captured wholly.
        total: Competitors.
        current: Which is being captured.
        captured_at: When the last page came; only in the answer of the endpoint.
    """

    captured: int
    total: int
    current: str | None = None
    captured_at: str | None = None


class StatusUpdate(_Camel):
    """``InitialReportStatusUpdate``: what the stream sends whenever something happened."""

    project_id: str
    status: Status
    phase: Phase
    progress: float
    message: str
    timestamp: str
    estimated_completion_time: str | None = None
    competitor_snapshots_status: SnapshotsStatus | None = None
    data_completeness_score: int | None = None
    error: str | None = None


class StatusAnswer(StatusUpdate):
    """What the status endpoint answers.

    Attributes:
        report_exists: A report was asked for.
        generated_at: When the report was made; only of a completed one.
        data_freshness: ``new``, ``mixed``, ``old`` or ``unknown``; only of a completed one.
        partial: It is completed, and a competitor is missing or not captured wholly.
        queue_position: 1 is next; only while it waits for a worker.
        no_worker: It waits, and nobody is there who would take it.
        attempt: Which try at it this is.
        run_id: Of the run that makes it.
        degraded: Queue or database do not answer: this is what was known last, at `timestamp`.
    """

    report_exists: bool
    report_id: str | None = None
    generated_at: str | None = None
    data_freshness: str | None = None
    partial: bool | None = None
    queue_position: int | None = None
    no_worker: bool | None = None
    attempt: int | None = None
    run_id: str | None = None
    degraded: bool = False


@dataclass(frozen=True)
class StatusView:
    """Makes the messages of a stream of a snapshot; equal ones share their bytes.

    Attributes:
        project_id: Whose.
        phases: Only updates of these, and the end; None: all.
    """

    project_id: str
    phases: frozenset[str] | None = None

    def __call__(self, snapshot: Mapping[str, Any], time: str | None) -> dict[str, Any] | None:
        """Return the message, or None when it was not asked for."""
        update = update_of(self.project_id, snapshot, time)
        over = update.status in ("completed", "failed")
        wanted = self.phases is None or update.phase in self.phases or over
        return update.wire() if wanted else None


def update_of(project_id: str, snapshot: Mapping[str, Any], time: str | None) -> StatusUpdate:
    """Return what a run's snapshot means for its project."""
    status = _OF_RUN[snapshot["status"]]
    result, error = snapshot["result"] or {}, snapshot["error"]
    return StatusUpdate(
        project_id=project_id,
        status=status,
        phase=_phase(snapshot),
        progress=round(snapshot["progress"]["percent"] or 0.0, 1),
        message=_message(snapshot, status),
        timestamp=time or _now(),
        estimated_completion_time=_expected(snapshot) if status == "generating" else None,
        competitor_snapshots_status=_snapshots(snapshot),
        data_completeness_score=result.get("completeness"),
        error=_error(error) if status == "failed" else None,
    )


def answer_of(
    project: Project,
    snapshot: Mapping[str, Any] | None,
    live: Mapping[str, Any] | None,
    captured_at: dt.datetime | None,
) -> StatusAnswer:
    """Return the endpoint's answer.

    Args:
        project: With its report, as the rows tell.
        snapshot: Of the report's run; None when there is none, or it is gone.
        live: What is true of the run now.
        captured_at: When the last page of a competitor came.
    """
    report = project.report
    if report is None:
        return not_started(project.id, len(project.competitors))
    update = _update_of_row(project, report) if snapshot is None else update_of(project.id, snapshot, None)
    completed = update.status == "completed"
    snapshots = update.competitor_snapshots_status
    if snapshots is not None:
        snapshots = snapshots.model_copy(update={"captured_at": _iso(captured_at)})
    missing = report.captured < report.total if snapshot is None else snapshot["status"] == "partial"
    return StatusAnswer(
        **update.model_dump(exclude={"competitor_snapshots_status", "data_completeness_score"}),
        competitor_snapshots_status=snapshots,
        data_completeness_score=report.completeness if completed else None,
        report_exists=True,
        report_id=report.id,
        generated_at=_iso(report.completed_at) if completed else None,
        data_freshness=report.freshness if completed else None,
        partial=missing if completed else None,
        queue_position=(live or {}).get("queue_position"),
        no_worker=(live or {}).get("degraded") or None,
        attempt=None if snapshot is None else snapshot["attempt"],
        run_id=report.run_id,
    )


def not_started(project_id: str, competitors: int) -> StatusAnswer:
    """Return the answer of a project nobody has asked a report of."""
    return StatusAnswer(
        project_id=project_id,
        status="not_started",
        phase="validation",
        progress=0,
        message=_NOT_STARTED,
        timestamp=_now(),
        competitor_snapshots_status=SnapshotsStatus(captured=0, total=competitors),
        report_exists=False,
    )


# ------------------------------------------------------------------------------------------------ parts


def _update_of_row(project: Project, report: Report) -> StatusUpdate:
    status = _OF_ROW[report.status]
    return StatusUpdate(
        project_id=project.id,
        status=status,
        phase="completed" if status == "completed" else "validation",
        progress=100 if status == "completed" else 0,
        message={"completed": "The report is ready", "failed": "The report failed"}.get(status, "Waiting for a worker"),
        timestamp=_now(),
        competitor_snapshots_status=SnapshotsStatus(captured=report.captured, total=report.total),
        data_completeness_score=report.completeness,
        error=report.error if status == "failed" else None,
    )


def _phase(snapshot: Mapping[str, Any]) -> Phase:
    """Return the phase that runs, else the last one that has ended, else the first."""
    if _OF_RUN[snapshot["status"]] == "completed":
        return "completed"
    known = {phase["id"]: phase["status"] for phase in snapshot["phases"]}
    begun = [phase for phase in PHASES if known.get(phase, "planned") != "planned"]
    running = [phase for phase in begun if known[phase] == "running"]
    return (running or begun[-1:] or [PHASES[0]])[0]


def _message(snapshot: Mapping[str, Any], status: Status) -> str:
    if snapshot["status"] == "queued":
        return "Waiting for a worker"
    if status == "completed":
        failed = sum(item["status"] == "failed" for item in _competitors(snapshot))
        return (
            f"The report is ready; {failed} of its competitors could not be captured wholly"
            if failed
            else ("The report is ready")
        )
    if status == "failed":
        return "The report was cancelled" if snapshot["status"] == "cancelled" else "The report failed"
    if _phase(snapshot) == "snapshot_capture":
        snapshots = _snapshots(snapshot)
        what = f"Capturing {snapshots.current}" if snapshots.current else "Capturing competitors"
        return f"{what}, {snapshots.captured} of {snapshots.total} are done"
    return snapshot["progress"]["message"] or "A worker has begun"


def _error(error: Mapping[str, Any] | None) -> str:
    if error is None:
        return "it was cancelled"
    hint = f" ({error['hint']})" if error.get("hint") else ""
    return f"{error['message']}{hint}"


def _snapshots(snapshot: Mapping[str, Any]) -> SnapshotsStatus:
    items = _competitors(snapshot)
    current = next((item["title"] for item in items if item["status"] == "running"), None)
    captured = sum(item["status"] == "finished" for item in items)
    return SnapshotsStatus(captured=captured, total=len(items), current=current)


def _competitors(snapshot: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in snapshot["items"].values() if item["kind"] == "competitor"]


def _expected(snapshot: Mapping[str, Any]) -> str | None:
    """Return when it may be done: as it goes, else as long as it usually takes from when it began or was asked for."""
    if snapshot["progress"]["eta"]:
        return str(snapshot["progress"]["eta"])
    usual_s = (snapshot["metadata"] or {}).get("expected_s")
    since = snapshot["started_at"] or snapshot["created_at"]
    if usual_s is None:
        return None
    return _iso(dt.datetime.fromisoformat(since) + dt.timedelta(seconds=usual_s))


def _iso(time: dt.datetime | None) -> str | None:
    if time is None:
        return None
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _now() -> str:
    return _iso(dt.datetime.now(dt.UTC)) or ""
