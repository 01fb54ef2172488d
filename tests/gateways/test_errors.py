"""Every code that may stand in a problem answer is produced here, over HTTP, or it is said why it cannot be."""

import dataclasses
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import yaml
from fastapi import FastAPI

from headway import errors
from headway.gateways.titles import TITLES
from headway.stores.memory import MemoryStore
from tests.gateways.serving import (
    PREFIX,
    Broken,
    World,
    as_user,
    by_header,
    client_at,
    data,
    ended,
    from_afar,
    listening,
    make_world,
    note,
    open_run,
    problem_of,
    report,
    serving,
    until,
)

ROWS = yaml.safe_load((Path(__file__).parents[2] / "conformance/errors.yaml").read_text(encoding="utf-8"))
HTTP = {row["code"]: row for row in ROWS if row["kind"] == "http"}

NOT_OVER_HTTP = {
    "cancel_requested": "raised in the process that reports; over HTTP every receipt says `cancel_requested`",
    "run_unsuccessful": "raised by `handle.result()` in the caller's own process; over HTTP the run's state says it",
}

Scenario = Callable[[], Awaitable[httpx.Response]]
SCENARIOS: dict[str, Scenario] = {}


def produces(code: str) -> Callable[[Scenario], Scenario]:
    """Mark what leads to a code."""

    def mark(scenario: Scenario) -> Scenario:
        SCENARIOS[code] = scenario
        return scenario

    return mark


def simple(code: str, method: str, path: str, content: str | None = None) -> None:
    """Mark one request to an empty Headway as what leads to a code."""

    @produces(code)
    async def ask() -> httpx.Response:
        async with serving(make_world()) as client:
            return await client.request(method, path, content=content)


def on_a_run(code: str, method: str, path: str, content: str | None = None) -> None:
    """Mark one request about a run that is worked on elsewhere as what leads to a code."""

    @produces(code)
    async def ask() -> httpx.Response:
        async with serving(make_world()) as client:
            run_id = (await open_run(client))["id"]
            return await client.request(method, f"/v1/runs/{run_id}{path}", content=content)


def event(type: str, data: str = "{}") -> str:
    """A batch of one."""
    return f'{{"events": [{{"type": "{type}", "data": {data}}}]}}'


simple("bad_request", "POST", "/v1/runs", "{}")
simple("bad_json", "POST", "/v1/runs", "{")
simple("invalid_query", "GET", "/v1/runs?limit=0")
simple("invalid_input", "POST", "/v1/jobs/trip/runs", '{"input": {"days": "many"}}')
simple("too_deep", "POST", "/v1/runs", "[" * 40 + "]" * 40)
simple("body_too_large", "POST", "/v1/runs", " " * 5_000_000)
simple("not_found", "GET", "/nothing")
simple("method_not_allowed", "PUT", "/v1/runs")
simple("connection_not_found", "DELETE", "/v1/connections/con_1")
simple("notice_not_found", "DELETE", "/v1/notices/ntc_1")
simple("job_not_found", "POST", "/v1/jobs/nothing/runs", "{}")
simple("run_not_found", "GET", "/v1/runs/run_nothing")
on_a_run("invalid_cursor", "GET", "/events?after=x")
on_a_run("trimmed", "GET", "/events?after=999.a")
on_a_run("invalid_event", "POST", "/events", event("note"))
on_a_run("unknown_event_type", "POST", "/events", event("mine"))
on_a_run("event_not_allowed", "POST", "/events", event("run.started"))
on_a_run("event_too_large", "POST", "/events", event("custom", '{"name": "n", "data": "%s"}' % ("x" * 300_000)))
on_a_run("stream_with_body", "GET", "/stream", "x")
on_a_run("run_active", "DELETE", "")
on_a_run("conflict", "POST", "/retry")
on_a_run("execution_superseded", "POST", "/cancel?execution_id=exe_old")
on_a_run("owned", "POST", "/executions")


@produces("run_closed")
async def an_ended_run() -> httpx.Response:
    """What has ended takes no events."""
    async with serving(make_world()) as client:
        run_id = (await open_run(client))["id"]
        await report(client, run_id, {"type": "run.succeeded", "data": {}})
        return await client.post(f"/v1/runs/{run_id}/events", json={"events": [note()]})


@produces("key_reused")
async def a_key_used_twice() -> httpx.Response:
    """For another kind of run."""
    async with serving(make_world()) as client:
        headers = {"Idempotency-Key": "k"}
        await open_run(client, kind="one", headers=headers)
        return await client.post("/v1/runs", json={"title": "t", "kind": "two"}, headers=headers)


@produces("not_started")
async def a_forgotten_lifespan() -> httpx.Response:
    """Mounted, never started."""
    app = FastAPI()
    make_world().hw.mount(app, PREFIX)
    async with listening(app) as address, client_at(address) as client:
        return await client.get(f"{PREFIX}/v1/runs")


@produces("unauthenticated")
async def nobody() -> httpx.Response:
    """Without a name."""
    async with serving(make_world(authenticate=by_header)) as client:
        return await client.get("/v1/runs")


@produces("forbidden")
async def a_reader_who_writes() -> httpx.Response:
    """With too few scopes."""
    async with serving(make_world(authenticate=by_header)) as client:
        headers = as_user("ada", **{"x-scopes": "runs:read"})
        return await client.post("/v1/runs", json={"title": "t"}, headers=headers)


@produces("auth_not_configured")
async def somebody_from_afar() -> httpx.Response:
    """Not this machine, no authenticator."""
    world = make_world()
    async with world.hw, from_afar(world.hw.asgi) as client:
        return await client.get("/v1/runs")


@produces("origin_not_allowed")
async def a_page_of_another_site() -> httpx.Response:
    """It sends a command."""
    async with serving(make_world()) as client:
        return await client.post("/v1/runs", json={"title": "t"}, headers={"Origin": "https://evil.example"})


@produces("too_many_connections")
async def one_tab_too_many() -> httpx.Response:
    """Of one user."""
    world = make_world(authenticate=by_header)
    world.hw.hub.settings = dataclasses.replace(world.hw.hub.settings, viewer_max=1)
    return await second_stream(world)


@produces("overloaded")
async def one_stream_too_many() -> httpx.Response:
    """In one process."""
    world = make_world(authenticate=by_header, max_connections=1)
    return await second_stream(world)


async def second_stream(world: World) -> httpx.Response:
    """Open a stream where only one may be open, and then another, as a client that understands refusals."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(serving(world))
        headers = as_user("ada")
        run_id = (await open_run(client, headers=headers))["id"]
        path = f"/v1/runs/{run_id}/stream?client=1"
        first = await stack.enter_async_context(client.stream("GET", path, headers=headers))
        await until(first, "snapshot")
        return await client.get(path, headers=headers)


@produces("transport_off")
async def a_face_that_is_off() -> httpx.Response:
    """Asked for all the same."""
    async with serving(make_world(transports=frozenset({"sse"}))) as client:
        run_id = (await open_run(client))["id"]
        return await client.get(f"/v1/runs/{run_id}?wait=1")


@produces("processes_silent")
async def a_process_that_does_not_answer() -> httpx.Response:
    """Another one has joined the store, and says nothing."""
    store = Forked()
    async with serving(make_world(store)) as client:
        await store.join()
        return await client.get("/v1/connections/con_1")


class Forked(MemoryStore):
    """A store in memory that other processes might share."""

    caps = dataclasses.replace(MemoryStore.caps, processes=True)


def stored(error: errors.StoreError) -> None:
    """Mark a store that fails like this as what leads to its code."""

    @produces(error.code)
    async def ask() -> httpx.Response:
        store = Broken()
        async with serving(make_world(store)) as client:
            run_id = (await open_run(client))["id"]
            store.error = error
            answer = await client.get(f"/v1/runs/{run_id}")
            store.error = None
            return answer


stored(errors.StoreUnavailable("it does not answer"))
stored(errors.StoreLocked("another program holds it"))
stored(errors.StoreFull("no space left"))
stored(errors.StoreInvalid("not a database"))
stored(errors.SchemaNewer("version 99"))


@produces("internal")
async def a_bug() -> httpx.Response:
    """Ours."""
    world = make_world()
    world.hw.services.live.of = None  # type: ignore[method-assign,assignment]
    async with serving(world) as client:
        run_id = (await open_run(client))["id"]
        return await client.get(f"/v1/runs/{run_id}")


@produces("usage")
async def an_authenticator_that_does_not_know_our_scopes() -> httpx.Response:
    """The application's."""
    async with serving(make_world(authenticate=by_header)) as client:
        return await client.get("/v1/runs", headers=as_user("ada", **{"x-scopes": "everything"}))


@pytest.mark.parametrize("code", sorted(HTTP.keys() - NOT_OVER_HTTP.keys()))
async def test_it_reaches_the_client(code: str) -> None:
    """With the status and all else the list promises."""
    row = HTTP[code]
    problem = problem_of(await SCENARIOS[code](), row["status"], code)
    assert (problem["title"], problem["retryable"]) == (row["title"], row["retryable"])


def test_nothing_is_listed_twice_or_for_nothing() -> None:
    """Each code is produced, or there is a reason; no scenario is left over."""
    assert SCENARIOS.keys() | NOT_OVER_HTTP.keys() == HTTP.keys()
    assert not SCENARIOS.keys() & NOT_OVER_HTTP.keys()


def test_titles_are_those_of_the_list() -> None:
    """The package carries them itself, because it does not carry the list."""
    assert {code: row["title"] for code, row in HTTP.items()} == TITLES


async def test_a_run_that_fails_says_so_in_its_state() -> None:
    """What ``run_unsuccessful`` says in Python is over HTTP a run's state, read with 200."""
    async with serving(make_world()) as client:
        run_id = (await client.post("/v1/jobs/failing/runs")).json()["id"]
        state = await ended(client, run_id)
        assert (state["status"], state["error"]["code"]) == ("failed", "job_error")
        async with client.stream("GET", f"/v1/runs/{run_id}/stream") as stream:
            frames = await until(stream, "end")
        assert data(frames[-1])["status"] == "failed"
