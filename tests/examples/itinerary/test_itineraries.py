"""``/itineraries``: answered at once, watched by the address it names, and there when the log is not any more."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headway.stores.retention import Retention
from tests.examples.itinerary.serving import Site, running_site
from tests.examples.itinerary.trips import open_office


@pytest.fixture(scope="module")
def site(provider_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests here."""
    with running_site(tmp_path_factory.mktemp("site"), provider_url) as site:
        yield site


def test_a_trip_is_answered_at_once_with_all_its_days(site: Site) -> None:
    """Before a worker has looked at it: ids, status, placeholders, where to watch, and when it may be done."""
    created = site.create(rome=2, lisbon=1)
    assert created["id"].startswith("run_")
    assert created["execution_id"] == created["snapshot"]["executions"][0]["execution_id"]
    assert created["status"] in {"queued", "running"}
    assert created["title"] == "Rome · Lisbon"
    assert [(day["key"], day["title"], day["status"]) for day in created["days"]] == [
        ("day:1", "Rome, Sat 5 Dec", "placeholder"),
        ("day:2", "Rome, Sun 6 Dec", "placeholder"),
        ("day:3", "Lisbon, Mon 7 Dec", "placeholder"),
    ]
    assert [key for key, item in created["snapshot"]["items"].items() if item["kind"] == "day"] == [
        day["key"] for day in created["days"]
    ]
    begun, due = (dt.datetime.fromisoformat(created[name]) for name in ("created_at", "estimated_completion_at"))
    assert dt.timedelta(seconds=5) < due - begun < dt.timedelta(minutes=5)
    read = site.http.get(f"/itineraries/{created['id']}").json()
    assert [day["title"] for day in read["days"]] == [day["title"] for day in created["days"]]
    snapshot = site.end(created["id"])
    assert snapshot["executions"][0]["expected_s"] == pytest.approx((due - begun).total_seconds(), abs=0.01)


def test_its_stream_tells_the_connection_and_the_end(site: Site) -> None:
    """The address in the answer is that of the stream; ``execution_id`` is taken there."""
    created = site.create(lisbon=1)
    frames: list[str] = []
    opened: dict[str, str] = {}
    with site.http.stream("GET", created["stream"], params={"execution_id": created["execution_id"]}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event:"):
                frames.append(line.removeprefix("event:").strip())
            if line.startswith("data:") and frames[-1] == "open":
                opened = json.loads(line.removeprefix("data:"))
    assert frames[:2] == ["open", "snapshot"]
    assert opened["connection_id"]
    assert opened["execution_id"] == created["execution_id"]
    assert frames[-1] == "end"


def test_the_same_key_gives_the_same_trip(site: Site) -> None:
    """Sent twice because the answer was lost, it is planned once; for another trip it is refused."""
    body = {"stays": [{"city": "lisbon", "days": 1}], "start": "2026-12-05"}
    headers = {"Idempotency-Key": "once"}
    first, second = (site.http.post("/itineraries", json=body, headers=headers).json() for _ in range(2))
    assert first["id"] == second["id"]
    other = site.http.post("/itineraries", json={**body, "start": "2026-12-06"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert other.headers["content-type"] == "application/problem+json"
    site.end(first["id"])


def test_a_trip_that_cannot_be_is_refused_with_the_place(site: Site) -> None:
    """The field is named."""
    answer = site.http.post("/itineraries", json={"stays": [{"city": "rome", "days": 9}], "start": "2026-12-05"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "stays", 0, "days"]


def test_an_unknown_itinerary_is_a_problem(site: Site) -> None:
    """With a stable code."""
    answer = site.http.get("/itineraries/run_nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "itinerary_not_found"


def test_it_outlives_its_run(site: Site) -> None:
    """The run is deleted, its log, snapshot and all; the itinerary reads as before."""
    created = site.create(rome=1, lisbon=1)
    snapshot = site.end(created["id"])
    before = site.http.get(f"/itineraries/{created['id']}").json()
    assert site.http.delete(f"/headway/v1/runs/{created['id']}").status_code == 204
    assert site.http.get(f"/headway/v1/runs/{created['id']}").status_code == 404
    after = site.http.get(f"/itineraries/{created['id']}").json()
    assert after == before
    assert after["status"] == "succeeded"
    assert after["summary"] == snapshot["outputs"]["summary"]["text"]
    assert [day["plan"] for day in after["days"]] == [
        item["data"] for item in snapshot["items"].values() if item["kind"] == "day"
    ]
    assert [place for day in after["days"] for place in day["places"]] == [
        snapshot["items"][f"{day['key']}/{visit['place']['id']}"]["data"]
        for day in after["days"]
        for visit in day["plan"]["tour"]["visits"]
    ]


async def test_it_outlives_its_log(provider_url: str, tmp_path: Path) -> None:
    """The log is pruned to nothing; the book has not lost a day."""
    async with open_office(tmp_path, provider_url) as office:
        handle, snapshot = await office.plan(lisbon=1)
        async with asyncio.timeout(60):  # until its last snapshot is stored there is nothing to be pruned
            while (await office.hw.store.read(handle.id)).events:
                await office.hw.store.prune(dict.fromkeys(await office.hw.store.prunable_jobs(), Retention(0, 0)))
                await asyncio.sleep(0.05)
        kept = await office.book.read(handle.id)
    assert kept is not None
    assert kept["days"][0]["plan"] == snapshot["items"]["day:1"]["data"]
    assert kept["summary"] == snapshot["outputs"]["summary"]["text"]


def test_a_provider_that_is_down_is_said_to_be(site: Site) -> None:
    """The list of cities is the provider's, and so is the fault."""
    site.turn(down=True)
    try:
        answer = site.http.get("/api/cities")
    finally:
        site.turn(down=False)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_down")


def test_log_lines_name_the_agent(site: Site) -> None:
    """A step that fails is logged by the worker with run, execution, step and agent."""
    site.turn(down_city="rome")
    try:
        run_id = site.create(lisbon=1, rome=1)["id"]
        snapshot = site.end(run_id)
    finally:
        site.turn(down_city=None)
    lines = [json.loads(line) for line in site.log().splitlines() if line.startswith("{")]
    failed = [line for line in lines if line.get("run_id") == run_id and "day:2" in (line.get("step") or "")]
    assert failed
    assert {line["agent"] for line in failed} == {"planner"}
    assert {line["execution_id"] for line in failed} == {snapshot["execution_id"]}
