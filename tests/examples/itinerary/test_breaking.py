"""``/demo``: what it offers, who may use it, and ten viewers that agree."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.examples.itinerary.serving import Site, running_site

KILL = ("POST", "/demo/kill", {"what": "worker"})
VIEW = ("POST", "/demo/viewers", {"run_id": "run_x", "count": 1})
LEAVE = ("DELETE", "/demo/viewers?run_id=run_x", None)


@pytest.fixture(scope="module")
def site(provider_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One that nobody would bring back."""
    with running_site(tmp_path_factory.mktemp("site"), provider_url, HEADWAY_PING_S="2") as site:
        yield site


def test_it_says_what_there_is(site: Site) -> None:
    """Both dials, and whether anything may be killed."""
    found = site.http.get("/demo").json()
    assert (found["kill"], found["viewers_max"], found["search_s"], found["ping_s"]) == (False, 50, 0.1, 2)
    assert found["provider"]["latency_max_s"] == 0.01


def test_nothing_is_killed_that_nobody_brings_back(site: Site) -> None:
    """Outside ``headway demo``."""
    answer = site.http.post("/demo/kill", json={"what": "server"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_brought_back")
    assert "headway demo" in answer.json()["hint"]
    assert site.http.get("/demo").status_code == 200


HEADERS: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "{own}"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"X-Forwarded-For": "10.0.0.1", "Origin": "{own}"},
    {"Forwarded": "for=10.0.0.1", "Origin": "{own}"},
]


@pytest.mark.parametrize(("method", "path", "body"), [KILL, VIEW, LEAVE], ids=["kill", "view", "leave"])
@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_only_our_own_page_breaks_things(
    site: Site, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    """Not a page of another site, by whatever name it calls this server; not without a browser's word for it."""
    sent = {name: value.format(own=site.server.url) for name, value in headers.items()}
    answer = httpx.request(method, site.server.url + path, json=body, headers=sent, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_from_here")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "{own}"}], ids=str)
def test_our_own_page_does(site: Site, headers: dict[str, str]) -> None:
    """Browsers old and new say that it is ours."""
    sent = {name: value.format(own=site.server.url) for name, value in headers.items()}
    answer = httpx.delete(f"{site.server.url}/demo/viewers?run_id=run_x", headers=sent, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"viewers": [], "agree": True})


def test_ten_viewers_watch_and_agree(site: Site) -> None:
    """All come to the end, in the same state; then they can be sent away."""
    site.turn(latency_min_s=0.05, latency_max_s=0.1)
    run_id = site.create(rome=1, lisbon=1)["id"]
    opened = site.http.post("/demo/viewers", json={"run_id": run_id, "count": 10})
    assert opened.status_code == 201
    assert [viewer["n"] for viewer in opened.json()["viewers"]] == list(range(1, 11))

    def seen() -> dict[str, Any]:
        found: dict[str, Any] = site.http.get("/demo/viewers", params={"run_id": run_id}).json()
        assert found["agree"]
        return found

    def each(status: str) -> bool:
        return {viewer["status"] for viewer in seen()["viewers"]} == {status}

    site.until(lambda: each("live"))
    head = site.end(run_id)["seq"]
    site.until(lambda: each("ended"))
    assert {viewer["seq"] for viewer in seen()["viewers"]} == {head}
    assert site.http.delete("/demo/viewers", params={"run_id": run_id}).json() == {"viewers": [], "agree": True}


def test_viewers_are_bounded(site: Site) -> None:
    """Fifty together, whoever asks for more; a run that is not there has none."""
    run_id = site.create(lisbon=1)["id"]
    too_many = site.http.post("/demo/viewers", json={"run_id": run_id, "count": 51})
    assert too_many.status_code == 422
    counts = [site.http.post("/demo/viewers", json={"run_id": run_id, "count": 30}).json()["viewers"] for _ in "ab"]
    assert [len(viewers) for viewers in counts] == [30, 50]
    site.http.delete("/demo/viewers", params={"run_id": run_id})
    missing = site.http.post("/demo/viewers", json={"run_id": "run_nowhere", "count": 1})
    assert (missing.status_code, missing.json()["code"]) == (404, "run_not_found")
    site.end(run_id)
