"""The status of a report in words of the requirement, for every state a run and a row can be in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from examples.report.models import Site
from examples.report.status import StatusAnswer, answer_of, update_of
from examples.report.tables.reports import Project, Report
from tests.examples.report.requirement import EXAMPLE, PHASES, alike, mistakes

NOW = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
REPORT = Report(
    id="rep_1", project_id="proj_1", run_id="run_1", is_initial=True, status="COMPLETED", created_at=NOW,
    completed_at=NOW, error=None, completeness=85, freshness="new", captured=3, total=3, context={},
)  # fmt: skip
PROJECT = Project("proj_1", "Lantern", Site(key="product", name="Lantern", url="http://l.test/"), [], NOW, REPORT)


def item(status: str, title: str = "Heron", kind: str = "competitor") -> dict[str, Any]:
    """An item of a run."""
    return {"kind": kind, "title": title, "status": status}


def a_run(status: str, **fields: Any) -> dict[str, Any]:
    """A run's snapshot, as far as a status is made of it."""
    return {
        "status": status,
        "phases": [{"id": phase, "status": "planned"} for phase in PHASES],
        "items": {},
        "progress": {"percent": 0, "eta": None, "message": None},
        "metadata": {"expected_s": 45.0},
        "created_at": "2026-11-20T09:30:00.000Z",
        "started_at": None,
        "result": None,
        "error": None,
        "attempt": 1,
        **fields,
    }


def answer(run: dict[str, Any] | None, report: Report | None = REPORT, **live: Any) -> dict[str, Any]:
    """What the endpoint answers."""
    told: StatusAnswer = answer_of(replace(PROJECT, report=report), run, live or None, NOW)
    assert mistakes(told.wire(), closed=False) == []
    return told.wire()


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("queued", "generating"), ("running", "generating"), ("waiting", "generating"), ("succeeded", "completed"),
        ("partial", "completed"), ("failed", "failed"), ("cancelled", "failed"),
    ],
)  # fmt: skip
def test_every_status_of_a_run_has_one_of_the_requirement(status: str, meaning: str) -> None:
    """And the answer has an error where there is one, and only there."""
    told = answer(a_run(status, error={"message": "it broke", "hint": "mend it"}))
    assert told["status"] == meaning
    assert told.get("error") == ("it broke (mend it)" if meaning == "failed" else None)
    assert ("generatedAt" in told, "dataFreshness" in told) == ((meaning == "completed",) * 2)


def test_nothing_was_asked_for() -> None:
    """There is no report, and nothing is claimed of one."""
    told = answer(None, None)
    assert (told["status"], told["reportExists"], told["progress"]) == ("not_started", False, 0)
    assert "reportId" not in told


@pytest.mark.parametrize(
    ("row", "meaning"),
    [("PENDING", "generating"), ("IN_PROGRESS", "generating"), ("COMPLETED", "completed"), ("FAILED", "failed")],
)
def test_when_the_log_is_gone_the_row_still_tells(row: str, meaning: str) -> None:
    """Runs are forgotten after a while, reports are not."""
    told = answer(None, replace(REPORT, status=row, error="it broke" if row == "FAILED" else None))
    assert told["status"] == meaning
    if meaning == "completed":
        assert alike(told, EXAMPLE)
        assert (told["partial"], told["progress"], told["phase"]) == (False, 100, "completed")
    assert told.get("error") == ("it broke" if meaning == "failed" else None)


def test_the_phase_is_the_one_that_runs_else_the_last_that_has_ended() -> None:
    """Before any has begun it is the first."""

    def phase(**states: str) -> str:
        phases = [{"id": name, "status": states.get(name, "planned")} for name in PHASES]
        return update_of("p", a_run("running", phases=phases), None).phase

    assert phase() == "validation"
    assert phase(validation="finished") == "validation"
    assert phase(validation="finished", snapshot_capture="running") == "snapshot_capture"
    assert phase(validation="finished", snapshot_capture="failed") == "snapshot_capture"


def test_captures_are_counted_by_competitors_and_the_first_at_work_is_named() -> None:
    """Pages of theirs are items, too, and do not count."""
    items = {
        "1": item("finished"),
        "2": item("running", "Uptide"),
        "3": item("planned"),
        "4": item("finished", kind="page"),
    }
    phases = [{"id": "snapshot_capture", "status": "running"}]
    update = update_of("p", a_run("running", items=items, phases=phases), "2026-11-20T09:30:01.000Z").wire()
    assert update["competitorSnapshotsStatus"] == {"captured": 1, "total": 3, "current": "Uptide"}
    assert update["message"] == "Capturing Uptide, 1 of 3 are done"
    assert update["timestamp"] == "2026-11-20T09:30:01.000Z"


def test_the_end_is_expected_as_it_goes_else_as_long_as_it_usually_takes() -> None:
    """From when it began, or was asked for."""
    assert answer(a_run("queued"))["estimatedCompletionTime"] == "2026-11-20T09:30:45.000Z"
    begun = a_run("running", started_at="2026-11-20T09:31:00.000Z")
    assert answer(begun)["estimatedCompletionTime"] == "2026-11-20T09:31:45.000Z"
    going = a_run("running", progress={"percent": 60, "eta": "2026-11-20T09:40:00.000Z", "message": None})
    assert answer(going)["estimatedCompletionTime"] == "2026-11-20T09:40:00.000Z"
    assert "estimatedCompletionTime" not in answer(a_run("queued", metadata={}))


def test_the_queue_is_told_while_it_waits() -> None:
    """Its place, and whether anybody is there."""
    told = answer(a_run("queued"), queue_position=3, estimated_start=None, degraded=True)
    assert (told["queuePosition"], told["noWorker"], told["message"]) == (3, True, "Waiting for a worker")
    assert "noWorker" not in answer(a_run("running"), queue_position=None, estimated_start=None, degraded=False)
