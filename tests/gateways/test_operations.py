"""Health, readiness, metrics, and the browser client as a file."""

import sys
from pathlib import Path

import httpx
import pytest

from headway.gateways import operations
from tests.gateways.serving import (
    World,
    as_user,
    client_at,
    listening,
    make_world,
    open_run,
    problem_of,
    serving,
    start,
    until,
)


async def test_alive_means_alive(client: httpx.AsyncClient) -> None:
    """No more than that."""
    assert (await client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("direct", [True, False])
async def test_ready_says_of_each_part_how_it_is(direct: bool) -> None:
    """The store answers, streams are handed over or not and why, who delivers runs."""
    world = make_world(direct=direct)
    async with serving(world) as client:
        report = (await client.get("/readyz")).json()
    assert report["status"] == "ready"
    assert report["store"] == {"name": "memory", "ok": True, "trouble": None}
    assert report["engine"]["name"] == "embedded"
    assert report["direct"]["on"] is direct
    assert (report["direct"]["reason"] is None) is direct


async def test_a_server_that_exits_is_not_ready(world: World, client: httpx.AsyncClient) -> None:
    """So that nobody is sent there any more, while streams are being ended."""
    world.hw.hub.begin_drain()
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")


async def test_requests_are_counted_by_route(client: httpx.AsyncClient) -> None:
    """By its template, never by what was asked for; streams in the counter only."""
    run_id = (await open_run(client))["id"]
    await client.get(f"/v1/runs/{run_id}")
    await client.head("/v1/runs")
    await client.get("/v1/nothing/secret")
    async with client.stream("GET", f"/v1/runs/{run_id}/stream") as stream:
        await until(stream, "snapshot")
    text = (await client.get("/metrics")).text
    assert 'headway_http_requests_total{method="GET",route="/v1/runs/{run_id}",status="200"} 1.0' in text
    assert 'headway_http_requests_total{method="GET",route="/v1/runs/{run_id}/stream",status="200"} 1.0' in text
    assert 'headway_http_requests_total{method="HEAD",route="/v1/runs",status="200"} 1.0' in text
    assert 'headway_http_requests_total{method="GET",route="other",status="404"} 1.0' in text
    assert 'headway_http_request_seconds_count{route="/v1/runs/{run_id}"} 1.0' in text
    assert 'headway_http_request_seconds_count{route="/v1/runs/{run_id}/stream"}' not in text
    assert "secret" not in text
    assert run_id not in text


async def test_buffers_are_shown(client: httpx.AsyncClient) -> None:
    """Of store, hub and waiting requests."""
    await start(client)
    text = (await client.get("/metrics")).text
    for name in ("headway_hub_open", "headway_hub_feeds", "headway_waits_waiting", "headway_projections_kept"):
        assert f"\n{name} " in text


async def test_metrics_are_for_administrators(users: httpx.AsyncClient) -> None:
    """They tell of everybody."""
    problem_of(await users.get("/metrics", headers=as_user("ada")), 403, "forbidden")
    assert (await users.get("/metrics", headers=as_user("admin"))).status_code == 200


async def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else works without it."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    async with serving(make_world()) as client:
        assert "headway[server]" in problem_of(await client.get("/metrics"), 404, "not_found")["hint"]


async def test_the_client_is_one_file(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module a page can import, kept for a while, then asked for by its tag."""
    built = tmp_path / "client.js"
    built.write_text("export const answer = 42;\n")
    monkeypatch.setattr(operations, "CLIENT", built)
    answer = await client.get("/client.js")
    assert answer.text == "export const answer = 42;\n"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=300"
    tag = answer.headers["etag"]
    again = await client.get("/client.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    built.write_text("export const answer = 43;\n")
    assert (await client.get("/client.js", headers={"If-None-Match": tag})).status_code == 200


async def test_a_client_that_was_not_built_is_said(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what builds it."""
    monkeypatch.setattr(operations, "CLIENT", tmp_path / "client.js")
    assert "make web" in problem_of(await client.get("/client.js"), 404, "not_found")["hint"]


async def test_a_listed_page_may_import_the_client() -> None:
    """Modules of another origin are fetched with CORS."""
    world = make_world(cors_origins=frozenset({"https://app.example"}))
    async with serving(world) as client:
        answer = await client.get("/client.js", headers={"Origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "https://app.example"


async def test_probes_work_before_the_start() -> None:
    """An application that was forgotten to be started is alive, and not ready."""
    world = make_world()
    async with listening(world.hw.asgi) as address, client_at(address) as client:
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["started"]) == (503, False)
