"""The demo's processes together: a worker is killed, the database stands still, viewers come from elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from headway.core.sse import Frame, Parser
from tests.examples.report.requirement import EXAMPLE, alike, mistakes
from tests.examples.report.running import Demo, running_demo
from tests.examples.report.tellings import counted_tellings, happened, in_the_log

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("report demo")]

ELSEWHERE = "https://dashboard.example"
UNKNOWN = "/api/projects/proj_unknown/initial-report-status"


@pytest.fixture(scope="module")
def lasting_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all tests that leave it running."""
    with running_demo(tmp_path_factory.mktemp("demo"), HEADWAY_CORS_ORIGINS=ELSEWHERE) as demo:
        yield demo


@pytest.fixture
def demo(lasting_demo: Demo) -> Demo:
    """Its sites quick and well."""
    lasting_demo.turn(latency_s=0.05, broken=[])
    return lasting_demo


def frames(demo: Demo, path: str, **headers: str) -> Iterator[Frame]:
    """The frames of a stream, as they come."""
    parser = Parser()
    with demo.http.stream("GET", path, headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_bytes():
            yield from parser.feed(piece)


def updates(demo: Demo, project_id: str, query: str = "") -> list[dict[str, Any]]:
    """What ``onmessage`` is given until the stream ends."""
    path = f"/api/projects/{project_id}/initial-report-status/stream{query}"
    return [json.loads(frame.data) for frame in frames(demo, path) if frame.event == "message"]


def test_a_killed_worker_is_taken_over_and_nothing_is_captured_twice(demo: Demo) -> None:
    """As the page kills it: the other worker goes on behind the last page, the dead one's place is filled."""
    demo.turn(latency_s=0.7)
    project = demo.create()
    run_id = project["report"]["runId"]

    def captured() -> dict[str, str]:
        items = demo.snapshot(run_id)["items"].values()
        return {item["title"]: item["data"]["captured_at"] for item in items if _came(item)}

    demo.until(lambda: len(captured()) >= 8)  # all of the product's, and some
    before, workers = captured(), demo.http.get("/api/demo").json()["workers"]
    killed = demo.http.post("/api/demo/kill", json={"runId": run_id}).json()["killed"]
    assert killed in workers
    status = demo.ended(project["id"])
    snapshot = demo.snapshot(run_id)
    assert [execution["outcome"] for execution in snapshot["executions"]] == ["lost", "succeeded"]
    assert snapshot["custom"]["worker"][""]["pid"] != killed
    assert before.items() <= captured().items()
    assert (status["attempt"], status["dataCompletenessScore"]) == (2, 100)
    assert alike(status, EXAMPLE)
    demo.until(lambda: set(demo.http.get("/api/demo").json()["workers"]) - set(workers))


def _came(item: dict[str, Any]) -> bool:
    return bool(item["kind"] == "page" and item["status"] == "finished")


async def test_a_listener_that_is_killed_before_it_noted_what_it_wrote_doubles_nothing(demo: Demo) -> None:
    """`kill -9` between the row and the position, while the report goes on; the next one writes it again, in vain."""
    async with counted_tellings(demo) as tellings:
        async with tellings.unnoted():
            project = await asyncio.to_thread(demo.create)
            run_id = project["report"]["runId"]
            killed, backend = await tellings.stuck()
            assert await tellings.rows(run_id) == [1]
            await asyncio.to_thread(demo.until, lambda: demo.status(project["id"])["progress"] >= 50)  # nobody waits
            assert killed in demo.http.get("/api/demo").json()["workers"]
            os.kill(killed, signal.SIGKILL)
            await tellings.end_backend(backend)
        status = await asyncio.to_thread(demo.ended, project["id"])
        assert status["dataCompletenessScore"] == 100
        await asyncio.to_thread(demo.until, lambda: happened(demo, project["id"])[-1]["kind"] == "report_completed")
        written = await tellings.written(run_id)
    seen = [(event["seq"], event["kind"], event["details"]) for event in happened(demo, project["id"])]
    assert seen == in_the_log(demo, run_id), "each once, in order"
    assert written[:2] == [1, 1], "the first one was written again: the key let it in once"
    assert list(dict.fromkeys(written)) == [seq for seq, *_ in seen]
    assert written == sorted(written), "in order, also behind the death"


def test_only_a_page_on_this_machine_may_kill(demo: Demo) -> None:
    """And only a worker that somebody brings back, of a run that is at work."""
    project = demo.create("uptide")
    demo.ended(project["id"])
    order = {"runId": project["report"]["runId"]}
    assert demo.http.post("/api/demo/kill", json=order).json()["code"] == "not_running"
    for headers in ({"Origin": ELSEWHERE}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
        refused = demo.http.post("/api/demo/kill", json=order, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_from_here")


def test_streams_fit_the_schema_and_show_their_own_project_only(demo: Demo) -> None:
    """Two reports at once; each stream has its own, from the first word to the last."""
    first, second = demo.create(), demo.create("uptide")
    for project, total in ((first, 3), (second, 1)):
        seen = updates(demo, project["id"])
        assert {update["projectId"] for update in seen} == {project["id"]}
        assert {update["competitorSnapshotsStatus"]["total"] for update in seen} == {total}
        assert [mistakes(update) for update in seen] == [[]] * len(seen)
        assert (seen[-1]["status"], seen[-1]["phase"], seen[-1]["progress"]) == ("completed", "completed", 100)
        assert {update["phase"] for update in updates(demo, project["id"], "?phases=analysis")} <= {
            "analysis",
            "completed",
        }


def test_a_stream_names_its_connection_and_heart_beat(demo: Demo) -> None:
    """Thirty seconds, as the requirement says; the connection counts as long as it is open."""
    project = demo.create("uptide")
    stream = frames(demo, f"/api/projects/{project['id']}/initial-report-status/stream")
    opened = json.loads(next(stream).data)
    assert opened["connection_id"]
    assert opened["ping_s"] == 30
    stream.close()  # type: ignore[attr-defined]
    demo.until(lambda: demo.http.get("/api/demo/statistics").json()["open"] == 0)


def test_a_stream_of_another_site_works_when_it_is_listed(demo: Demo) -> None:
    """Status and stream say so to a browser; to a site that is not listed they say nothing."""
    project = demo.create("uptide")
    demo.ended(project["id"])
    for path in ("", "/stream"):
        url = f"/api/projects/{project['id']}/initial-report-status{path}"
        for origin, answered in ((ELSEWHERE, ELSEWHERE), ("https://evil.example", None)):
            with demo.http.stream("GET", url, headers={"Origin": origin}) as answer:
                assert answer.headers.get("access-control-allow-origin") == answered


@pytest.mark.parametrize("path", [UNKNOWN, f"{UNKNOWN}/stream", "/api/projects/a%2Fb%00/initial-report-status"])
def test_unknown_projects_are_told_before_a_stream_opens(demo: Demo, path: str) -> None:
    """As a problem with a stable code."""
    answer = demo.http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] in ("application/problem+json", "application/json")


def test_wrong_phases_and_wrong_projects_are_told(demo: Demo) -> None:
    """With what would have been right."""
    project = demo.create("uptide")
    wrong = demo.http.get(f"/api/projects/{project['id']}/initial-report-status/stream?phases=thinking")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown_phase")
    assert "snapshot_capture" in wrong.json()["hint"]
    for url in ("file:///etc/passwd", "http://user@host/", "nonsense"):
        body = {"name": "N", "productUrl": url, "competitors": [{"name": "C", "url": demo.sites["uptide"]}]}
        assert demo.http.post("/api/projects", json=body).status_code == 422


def test_a_stream_may_be_opened_before_a_report_is_asked_for(demo: Demo) -> None:
    """It says so, and asks the browser to come back as soon as there is something to stream."""
    project = demo.create("uptide", start=False)
    stream = frames(demo, f"/api/projects/{project['id']}/initial-report-status/stream")
    assert next(stream).event == "open"
    told = json.loads(next(stream).data)
    assert mistakes({name: value for name, value in told.items() if name not in ("reportExists", "degraded")}) == []
    assert (told["status"], told["reportExists"]) == ("not_started", False)
    started = time.monotonic()
    assert demo.http.post(f"/api/projects/{project['id']}/initial-report").status_code == 202
    assert list(stream) == []
    assert time.monotonic() - started < 20, "it would have ended by itself only later"
    assert updates(demo, project["id"])[-1]["status"] == "completed"


def test_the_id_of_a_request_stands_on_every_line_it_causes(demo: Demo) -> None:
    """In the server's log and in the worker's, and in every event."""
    project = demo.create("uptide", request_id="find-me-4711")
    demo.ended(project["id"])
    run_id = project["report"]["runId"]

    def lines() -> list[dict[str, Any]]:
        return [line for line in demo.lines() if line.get("correlation_id") == "find-me-4711"]

    demo.until(lambda: {"examples.report.job", "headway.runtime"} <= {line["logger"] for line in lines()})
    assert {line["run_id"] for line in lines()} == {run_id}
    events = demo.http.get(f"/headway/v1/runs/{run_id}/events").json()["events"]
    assert {event["correlation_id"] for event in events} == {"find-me-4711"}


def test_reports_are_served_so_that_they_can_do_no_harm(demo: Demo) -> None:
    """A page of quotations runs nothing and loads nothing; the PDF is one; unknown ones are not found."""
    report = demo.ended(demo.create()["id"])["reportId"]
    page, pdf = demo.http.get(f"/api/reports/{report}/page"), demo.http.get(f"/api/reports/{report}/pdf")
    assert "Heronping" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert demo.http.get("/api/reports/rep_x/pdf").json()["code"] == "report_not_found"


def test_the_api_goes_on_while_the_database_stands_still(demo: Demo) -> None:
    """Two seconds, then what was known last, `degraded`; nothing is lost, and everything goes on afterwards."""
    demo.turn(latency_s=0.5)
    project, asleep = demo.create(), demo.create("uptide", start=False)
    path = f"/api/projects/{project['id']}/initial-report-status"
    demo.until(lambda: demo.status(project["id"])["progress"] >= 5)
    demo.status(asleep["id"])
    with demo.frozen_database():
        demo.until(lambda: demo.status(project["id"])["degraded"])
        told = demo.status(project["id"])
        assert (told["status"], mistakes(told, closed=False)) == ("generating", [])
        assert demo.status(asleep["id"])["status"] == "not_started"
        streamed = demo.http.get(f"{path}/stream")
        assert streamed.text.startswith("retry: ")
        assert '"degraded": true' in streamed.text
        for refused in (
            demo.http.get(UNKNOWN),
            demo.http.post(f"/api/projects/{asleep['id']}/initial-report"),
            demo.http.get("/api/projects"),
        ):
            assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
            assert refused.headers["retry-after"] == "2"
        assert demo.http.get("/api/demo/statistics").status_code == 200
    demo.until(lambda: not demo.status(project["id"])["degraded"])
    assert demo.ended(project["id"])["dataCompletenessScore"] == 100
    assert demo.http.post(f"/api/projects/{asleep['id']}/initial-report").status_code == 202
    assert demo.ended(asleep["id"])["status"] == "completed"
