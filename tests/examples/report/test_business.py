"""Business events: which there are, and that each stands in the table once, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from examples.report.business import business_event_of
from examples.report.tables.events import EventRow
from tests.examples.report.conftest import turn
from tests.examples.report.world import World, world


def of(type: str, **data: Any) -> tuple[str, dict[str, Any]] | None:
    """What an event means."""
    return business_event_of({"type": type, "data": data})


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("created", "report_requested"),
        ("takeover", "worker_lost"),
        ("reopened", "report_retried"),
    ],
)
def test_a_run_is_queued_for_a_reason(reason: str, kind: str) -> None:
    """Asked for, taken over, asked for again."""
    assert of("run.queued", attempt=2, reason=reason) == (kind, {"attempt": 2})


def test_what_means_nothing_for_the_business_is_left_out() -> None:
    """Progress, pages, other reasons to be queued."""
    assert of("phase.progressed", id="analysis") is None
    assert of("run.queued", attempt=2, reason="retry") is None
    assert of("item.finished", key="competitor:1/page/0f", data={}) is None
    assert of("item.failed", key="competitor:1/page/0f", error={}) is None


def test_what_went_wrong_is_told_with_its_reason() -> None:
    """Code and message, as the run has them."""
    error = {"code": "page_down", "message": "/plans answered 503", "category": "site", "retryable": True}
    why = {"code": "page_down", "message": "/plans answered 503"}
    assert of("item.failed", key="competitor:2", error=error) == (
        "competitor_failed",
        {"competitor": "competitor:2", **why},
    )
    assert of("run.failed", error=error) == ("report_failed", why)
    assert of("run.cancelled", reason="by hand", forced=False) == ("report_cancelled", {"reason": "by hand"})


async def noted(here: World, project_id: str, last: str) -> Sequence[EventRow]:
    """What was written down, once that is there with which it ends."""
    async with asyncio.timeout(60):
        while True:
            rows = await here.events.of_project(project_id)
            if rows and rows[-1].kind == last:
                return rows
            await asyncio.sleep(0.02)


async def test_what_happens_to_a_report_is_written_down_in_order(tmp_path: Path, sites: dict[str, str]) -> None:
    """Asked for, captured, ready in part, asked for again, whole; with whom it is about, and who caused it."""
    turn(sites, broken=["heronping/plans"])
    async with world(tmp_path, sites) as here:
        project = await here.project()
        handle = await here.reporting.start(project, "corr-1")
        assert (await here.ended(handle.id))["status"] == "partial"
        await noted(here, project.id, "report_incomplete")
        turn(sites, broken=[])
        assert await here.reporting.retry(await here.reporting.project(project.id)) is not None
        rows = await noted(here, project.id, "report_completed")
        answer = await here.wire(project)
        other = await here.project("uptide")
        assert await here.events.of_project(other.id) == []
    kinds = [row.kind for row in rows]
    captured = {"competitor_captured", "competitor_failed"}
    assert [kind for kind in kinds if kind not in captured] == [
        "report_requested",
        "report_started",
        "report_incomplete",
        "report_retried",
        "report_started",
        "report_completed",
    ]
    about = {row.details["competitor"]: row.kind for row in rows if row.kind in captured}
    assert about == {f"competitor:{place}": "competitor_captured" for place in (1, 2, 3)}
    (failed,) = (row for row in rows if row.kind == "competitor_failed")
    assert (failed.details["competitor"], failed.details["code"]) == ("competitor:1", "page_down")
    scores = {name: answer[name] for name in ("dataCompletenessScore", "dataFreshness")}
    assert rows[-1].details == {**scores, "captured": 3, "total": 3}
    assert [row.seq for row in rows] == sorted({row.seq for row in rows})
    assert {(row.run_id, row.project_id, row.correlation_id) for row in rows} == {(handle.id, project.id, "corr-1")}
