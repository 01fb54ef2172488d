"""The worker is killed in mid-run, as the page does it: the run goes on behind the last step that was finished."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.itinerary.agents.asking import CALLS_AT_ONCE, DAYS_AT_ONCE
from tests.examples.itinerary.serving import Site, running_site

pytestmark = pytest.mark.slow

IN_FLIGHT = DAYS_AT_ONCE * CALLS_AT_ONCE


@pytest.fixture
def site(provider_url: str, tmp_path: Path) -> Iterator[Site]:
    """A server of this test alone, whose worker and itself may be killed."""
    with running_site(tmp_path, provider_url, HEADWAY_DEMO_KILL="1") as site:
        yield site


def kill(site: Site, what: str) -> None:
    """As the page does."""
    answer = site.http.post("/demo/kill", json={"what": what})
    assert (answer.status_code, answer.json()) == (202, {"what": what})


@pytest.mark.parametrize("phase", ["plan", "enhance", "write"])
def test_a_killed_worker_is_taken_over(site: Site, phase: str) -> None:
    """Whatever was finished is not asked for again: only what was under way is."""
    site.turn(latency_min_s=0.2, latency_max_s=0.3)  # so that it is met at work, however busy the machine is
    created = site.create(rome=2, lisbon=2)

    def running(id: str) -> bool:
        return any(it["id"] == id and it["status"] == "running" for it in site.snapshot(created["id"])["phases"])

    def half_way() -> bool:
        items = site.snapshot(created["id"])["items"].values()
        return running(phase) and any(item["phase"] == phase and item["status"] == "finished" for item in items)

    if phase == "write":  # it has few calls: slow ones, so that it is met at work
        site.until(lambda: running("enhance"))
        site.turn(latency_min_s=1, latency_max_s=1)
        site.until(lambda: running("write"))
    else:
        site.until(half_way)
    before = site.snapshot(created["id"])
    kill(site, "worker")
    snapshot = site.end(created["id"])
    assert snapshot["status"] == "succeeded"
    assert [execution["outcome"] for execution in snapshot["executions"]] == ["lost", "succeeded"]
    finished = {key for key, item in before["items"].items() if item["status"] == "finished"}
    assert {key: snapshot["items"][key]["attempt"] for key in finished} == dict.fromkeys(finished, 1)
    again = {address: times for address, times in site.calls().items() if times > 1}
    assert len(again) <= IN_FLIGHT, again
    assert set(again.values()) <= {2}
    read = site.http.get(f"/itineraries/{created['id']}").json()
    assert [day["status"] for day in read["days"]] == ["planned"] * 4


def test_a_killed_server_comes_back_and_goes_on(site: Site) -> None:
    """It dies of SIGKILL after it has answered; started again it has lost nothing."""
    site.turn(latency_min_s=0.05, latency_max_s=0.1)
    created = site.create(rome=1, lisbon=1)
    site.until(lambda: site.snapshot(created["id"])["status"] == "running")
    kill(site, "server")
    process = site.server.process
    assert process is not None
    assert process.wait(20) == -9
    site.start()
    snapshot = site.end(created["id"])
    assert snapshot["status"] == "succeeded"
    assert max(site.calls().values()) <= 2
