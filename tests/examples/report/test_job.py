"""A report from its order to its end, captured from real sites over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

from examples.report.status import StatusView
from headway import RunHandle
from tests.examples.report.conftest import turn
from tests.examples.report.requirement import EXAMPLE, PHASES, alike, mistakes
from tests.examples.report.world import world


async def test_a_report_is_made(tmp_path: Path, sites: dict[str, str]) -> None:
    """Every update fits the requirement's schema; the answer in the end has all of its example; the report is there."""
    async with world(tmp_path, sites) as here:
        project = await here.project()
        before = await here.wire(project)
        assert (before["status"], before["reportExists"], mistakes(before, closed=False)) == ("not_started", False, [])
        handle = await here.reporting.start(project, "corr-1")
        updates = [update async for update in updates_of(handle, project.id)]
        answer = await here.wire(project)
        html, pdf = await here.tables.html(answer["reportId"]), await here.tables.pdf(answer["reportId"])
    assert [mistakes(update) for update in updates] == [[]] * len(updates)
    assert all("estimatedCompletionTime" in update for update in updates if update["status"] == "generating")
    assert updates[-1]["dataCompletenessScore"] == answer["dataCompletenessScore"] == 100
    assert alike(answer, EXAMPLE)
    assert answer["degraded"] is False
    assert html is not None
    assert "Monitoring as code with Terraform" in html
    assert pdf is not None
    assert pdf.startswith(b"%PDF")


async def test_phases_end_at_the_percent_the_requirement_gives_them(tmp_path: Path, sites: dict[str, str]) -> None:
    """And percent never falls; captures are counted, and the one under way is named."""
    async with world(tmp_path, sites) as here:
        project = await here.project()
        handle = await here.reporting.start(project, None)
        updates = [update async for update in updates_of(handle, project.id)]
    reach = {phase: [update["progress"] for update in updates if update["phase"] == phase] for phase in PHASES}
    assert 5 in reach.pop("validation")
    assert {phase: progress[-1] for phase, progress in reach.items()} == {phase: PHASES[phase][1] for phase in reach}
    assert reach["snapshot_capture"][0] == 10
    assert [update["progress"] for update in updates] == sorted(update["progress"] for update in updates)
    capturing = [it["competitorSnapshotsStatus"] for it in updates if it["phase"] == "snapshot_capture"]
    assert [it["captured"] for it in capturing if not it.get("current")][-1] == 3
    assert {it.get("current") for it in capturing} >= {"Heronping"}
    assert {it["total"] for it in capturing} == {3}


async def updates_of(handle: RunHandle, project_id: str) -> AsyncIterator[dict[str, Any]]:
    """What a stream would send, after each event."""
    view = StatusView(project_id)
    async for state, event in handle.watch():
        update = view(state.snapshot(), None if event is None else event["time"])
        assert update is not None
        yield update


async def test_updates_can_be_filtered_by_phase(tmp_path: Path, sites: dict[str, str]) -> None:
    """The end always comes: whoever filters must not wait for ever."""
    async with world(tmp_path, sites) as here:
        project = await here.project("uptide")
        handle = await here.reporting.start(project, None)
        view = StatusView(project.id, frozenset({"snapshot_capture"}))
        seen = [view(state.snapshot(), "t") async for state, _ in handle.watch()]
    phases = [update["phase"] for update in seen if update is not None]
    assert None in seen
    assert set(phases) == {"snapshot_capture", "completed"}
    assert phases[-1] == "completed"


async def test_a_page_that_fails_fails_its_competitor_and_the_rest_is_reported(
    tmp_path: Path, sites: dict[str, str]
) -> None:
    """The report is partial and says so; tried again, only what failed is captured again, and the report is whole."""
    turn(sites, broken=["heronping/plans"])
    async with world(tmp_path, sites) as here:
        project = await here.project()
        handle = await here.reporting.start(project, None)
        snapshot = await here.ended(handle.id)
        assert snapshot["status"] == "partial"
        failed = [item for item in snapshot["items"].values() if item["status"] == "failed"]
        assert [(item["title"], item["error"]["code"]) for item in failed] == [("Heronping", "page_down")]
        partial = await here.wire(project)
        assert (partial["status"], partial["partial"]) == ("completed", True)
        assert partial["competitorSnapshotsStatus"]["captured"] == 2
        assert "1 of its competitors could not be captured wholly" in partial["message"]
        assert partial["dataCompletenessScore"] < 100
        html = await here.tables.html(partial["reportId"])
        assert html is not None
        assert "/plans answered 503" in html
        assert "OpenTelemetry traces" in html, "its other pages are reported on"
        pages = {(key, page.url): page.captured_at for key, page, _ in await here.tables.pages(partial["reportId"])}
        turn(sites, broken=[])
        assert await here.reporting.retry(await here.reporting.project(project.id)) is not None
        assert (await here.ended(handle.id))["status"] == "succeeded"
        whole = await here.wire(project)
        assert (whole["partial"], whole["dataCompletenessScore"], whole["reportId"]) == (
            False,
            100,
            partial["reportId"],
        )
        later = {(key, page.url): page.captured_at for key, page, _ in await here.tables.pages(whole["reportId"])}
        assert {page: time for page, time in later.items() if page in pages} == pages, "nothing was captured twice"
        assert len(later) == len(pages) + 1
        assert await here.reporting.retry(await here.reporting.project(project.id)) is None


async def test_a_competitor_whose_site_does_not_answer_is_missing(tmp_path: Path, sites: dict[str, str]) -> None:
    """Whether it is down or must not be asked."""
    async with world(tmp_path, sites) as here:
        project = await here.project("uptide", "http://127.0.0.1:9/", "http://169.254.169.254/latest/")
        snapshot = await here.ended((await here.reporting.start(project, None)).id)
        codes = {item["title"]: (item["error"] or {}).get("code") for item in snapshot["items"].values()}
        assert snapshot["status"] == "partial"
        assert sorted(code for code in codes.values() if code) == ["address_refused", "address_refused"]
        answer = await here.wire(project)
        assert answer["competitorSnapshotsStatus"] | {"capturedAt": ""} == {"captured": 1, "total": 3, "capturedAt": ""}


async def test_without_any_competitor_or_product_the_report_fails(tmp_path: Path, sites: dict[str, str]) -> None:
    """In words that say why, and what may be done; it may be tried again."""
    turn(sites, broken=["uptide/index"])
    async with world(tmp_path, sites) as here:
        nobody = await here.project("uptide")
        await here.ended((await here.reporting.start(nobody, None)).id)
        answer = await here.wire(nobody)
        assert mistakes(answer, closed=False) == []
        assert (answer["status"], answer["phase"]) == ("failed", "snapshot_capture")
        assert "not one page of any competitor" in answer["error"]
        turn(sites, broken=["lanternwatch/index"])
        own = await here.project("uptide")
        await here.ended((await here.reporting.start(own, None)).id)
        failed = await here.wire(own)
        assert (failed["status"], failed["phase"], failed["progress"]) == ("failed", "validation", 5)
        assert "answered 503" in failed["error"]
        turn(sites, broken=[])
        assert await here.reporting.retry(await here.reporting.project(own.id)) is not None
        assert (await here.ended(failed["runId"]))["status"] == "succeeded"


async def test_a_report_that_waits_has_a_place_in_the_queue(tmp_path: Path, sites: dict[str, str]) -> None:
    """And is expected within 45 seconds, as long as there is no history."""
    async with world(tmp_path, sites, worker="none") as here:
        first, second = await here.project("uptide"), await here.project("uptide")
        await here.reporting.start(first, None)
        handle = await here.reporting.start(second, None)
        assert (await here.reporting.start(second, None)).id == handle.id
        answer = await here.wire(second)
        assert (answer["status"], answer["queuePosition"], answer["runId"]) == ("generating", 2, handle.id)
        assert mistakes(answer, closed=False) == []
        created = (await handle.snapshot())["created_at"]
        assert seconds(answer["estimatedCompletionTime"]) - seconds(created) == 45
        await handle.cancel()
        cancelled = await here.wire(second)
        assert (cancelled["status"], cancelled["error"]) == ("failed", "it was cancelled")


def seconds(time: str) -> float:
    """A moment as a number."""
    return datetime.fromisoformat(time).timestamp()
