"""The application as a whole: who is answered, ids, origins, methods, being mounted in somebody else's application."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Mount

from headway.gateways.api import GATEWAYS, api, local_path
from headway.security.principal import Principal
from tests.gateways.serving import (
    PREFIX,
    Broken,
    World,
    as_user,
    client_at,
    ended,
    from_afar,
    listening,
    make_world,
    note,
    open_run,
    problem_of,
    report,
    serving,
    start,
    until,
)

READING = ("", "/events", "/outputs/text", "/stream")

# -- who is answered


@pytest.mark.parametrize("path", ["/v1/runs", "/v1/jobs", "/metrics", "/openapi.json", "/nothing", "/v1/runs/stream"])
async def test_without_an_authenticator_only_this_machine_is_answered(world: World, path: str) -> None:
    """Others are told what to do, whatever they ask for."""
    async with world.hw, from_afar(world.hw.asgi) as client:
        problem = problem_of(await client.get(path), 403, "auth_not_configured")
    assert "authenticate=" in problem["hint"]
    assert "container" in problem["hint"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
async def test_headers_do_not_make_anybody_local(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A proxy, or a page that re-binds its name, over a real loopback connection."""
    problem_of(await client.get("/v1/runs", headers=headers), 403, "auth_not_configured")


async def test_insecure_answers_everybody() -> None:
    """When the operator says so."""
    world = make_world(insecure=True)
    async with world.hw, from_afar(world.hw.asgi) as client:
        assert (await client.get("/v1/runs")).status_code == 200


async def test_probes_are_answered_from_anywhere(world: World) -> None:
    """They tell nothing of any run."""
    async with world.hw, from_afar(world.hw.asgi) as client:
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200


async def test_who_is_not_known_is_told_so(users: httpx.AsyncClient) -> None:
    """By every route but the probes."""
    for path in ("/v1/runs", "/v1/jobs", "/v1/runs/stream", "/v1/runs/run_x/stream", "/metrics"):
        answer = await users.get(path)
        problem_of(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_authenticator_is_asked_from_afar_too(shared: World) -> None:
    """With one, where the request comes from does not matter."""
    async with shared.hw, from_afar(shared.hw.asgi, base_url="https://headway.example") as client:
        assert (await client.get("/v1/runs", headers=as_user("ada"))).status_code == 200


@pytest.mark.parametrize("path", READING)
async def test_foreign_runs_do_not_exist(users: httpx.AsyncClient, path: str) -> None:
    """The answer is the one of a run that never was, but for its id."""
    run_id = (await open_run(users, headers=as_user("ada")))["id"]
    foreign = await users.get(f"/v1/runs/{run_id}{path}", headers=as_user("bob"))
    unknown = await users.get(f"/v1/runs/run_unknown{path}", headers=as_user("bob"))
    one, other = (problem_of(answer, 404, "run_not_found") for answer in (foreign, unknown))
    del one["request_id"], other["request_id"]
    assert one | {"detail": ""} == other | {"detail": ""}
    assert one["detail"].replace(run_id, "") == other["detail"].replace("run_unknown", "")


async def test_foreign_runs_are_gone_from_shared_connections(users: httpx.AsyncClient) -> None:
    """Of several runs on one stream only one's own are shown."""
    own = (await open_run(users, headers=as_user("bob")))["id"]
    foreign = (await open_run(users, headers=as_user("ada")))["id"]
    async with users.stream("GET", f"/v1/stream?run={own}&run={foreign}", headers=as_user("bob")) as stream:
        frames = await until(stream, "snapshot")
    assert any(frame.event == "reset" and "gone" in frame.data and foreign in frame.data for frame in frames)
    assert own in frames[-1].data
    answer = await users.get(f"/v1/stream?run={foreign}", headers=as_user("bob"))
    problem_of(answer, 404, "run_not_found")


async def test_the_live_list_shows_ones_own(users: httpx.AsyncClient) -> None:
    """Like the list."""
    own = (await open_run(users, headers=as_user("bob")))["id"]
    await open_run(users, headers=as_user("ada"))
    async with users.stream("GET", "/v1/runs/stream", headers=as_user("bob")) as stream:
        frames = await until(stream, "page")
    assert own in frames[-1].data
    assert frames[-1].data.count('"run_') == 1


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/runs", "runs:read"),
        ("GET", "/v1/jobs", "runs:read"),
        ("GET", "/v1/runs/stream", "runs:read"),
        ("GET", "/v1/runs/run_x", "runs:read"),
        ("GET", "/v1/runs/run_x/stream", "runs:read"),
        ("POST", "/v1/runs", "runs:start"),
        ("POST", "/v1/jobs/trip/runs", "runs:start"),
        ("POST", "/v1/runs/run_x/events", "runs:write"),
        ("POST", "/v1/runs/run_x/cancel", "runs:write"),
        ("DELETE", "/v1/runs/run_x", "runs:write"),
        ("GET", "/metrics", "admin"),
    ],
)
async def test_every_route_needs_its_scope(users: httpx.AsyncClient, method: str, path: str, scope: str) -> None:
    """And names it; all the others are not enough."""
    others = {"runs:start", "runs:read", "runs:write"} - {scope}
    headers = as_user("ada", **{"x-scopes": ",".join(sorted(others))})
    content = b'{"title": "t", "events": []}' if method == "POST" else None
    answer = await users.request(method, path, headers=headers, content=content)
    assert problem_of(answer, 403, "forbidden")["scope"] == scope


async def test_an_authenticator_that_breaks_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets an id, the log the rest."""

    async def broken(_connection: HTTPConnection) -> Principal | None:
        raise RuntimeError("the secret is 42")

    world = make_world(authenticate=broken)
    async with serving(world) as client:
        answer = await client.get("/v1/runs", headers={"X-Request-ID": "find-me"})
    problem_of(answer, 500, "internal")
    assert "42" not in answer.text
    assert "find-me" in caplog.text
    assert "the secret is 42" in caplog.text


# -- ids


async def test_every_answer_has_an_id(client: httpx.AsyncClient) -> None:
    """Made here when the client sent none; a new one each time."""
    ids = {
        (await client.get(path)).headers["x-request-id"] for path in ("/healthz", "/v1/runs", "/nothing", "/healthz")
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": "order-17"}, "order-17"),
        ({"X-Request-ID": "Root=1-67891233-abcdef012345678912345678"}, "Root=1-67891233-abcdef012345678912345678"),
        ({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, "a" * 32),
        ({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Request-ID": "mine"}, "mine"),
        ({"X-Request-ID": "x" * 129}, None),
        ({"X-Request-ID": "a b"}, None),
        ({"X-Request-ID": "<script>"}, None),
        ({"traceparent": "00-zz-b-01"}, None),
    ],
)
async def test_ids_are_taken_over_if_they_are_fit_for_a_log(
    client: httpx.AsyncClient, headers: dict[str, str], expected: str | None
) -> None:
    """Short, of harmless characters; else one is made."""
    given = (await client.get("/v1/runs", headers=headers)).headers["x-request-id"]
    if expected is None:
        assert given not in headers.values()
        assert len(given) == 16
    else:
        assert given == expected


# -- methods


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/runs", "GET, HEAD, POST"),
        ("/v1/runs/run_x", "DELETE, GET, HEAD"),
        ("/v1/runs/run_x/events", "GET, HEAD, POST"),
        ("/v1/runs/run_x/cancel", "POST"),
        ("/v1/runs/run_x/stream", "GET, HEAD"),
        ("/v1/stream", "GET, HEAD"),
    ],
)
async def test_methods_that_are_not_there(client: httpx.AsyncClient, path: str, allow: str) -> None:
    """The answer lists all that are."""
    answer = await client.put(path)
    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allow


async def test_heads_are_answered_without_bodies(client: httpx.AsyncClient) -> None:
    """By every route that is read, streams included."""
    run_id = (await open_run(client))["id"]
    for path in ("/healthz", "/v1/runs", f"/v1/runs/{run_id}", f"/v1/runs/{run_id}/stream", "/client.js"):
        answer = await client.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path
    etag = (await client.get(f"/v1/runs/{run_id}")).headers["etag"]
    assert (await client.head(f"/v1/runs/{run_id}")).headers["etag"] == etag


async def test_what_is_nowhere(client: httpx.AsyncClient) -> None:
    """Also with a slash too many: nothing is redirected."""
    for path in ("/nothing", "/v1", "/v1/runs/", "/v1/jobs/trip/runs/"):
        problem_of(await client.get(path), 404, "not_found")


async def test_a_stream_with_a_body_is_refused(client: httpx.AsyncClient) -> None:
    """It could not be handed over, and bodies of streams mean nothing."""
    run_id = (await open_run(client))["id"]
    answer = await client.request("GET", f"/v1/runs/{run_id}/stream", content=b"x" * 10)
    problem_of(answer, 413, "stream_with_body")


@pytest.mark.parametrize("who", ["", "&client=ts/0.1.0"])
async def test_the_live_list_refuses_to_look_for_runs(client: httpx.AsyncClient, who: str) -> None:
    """What it showed would be runs nobody looked for; it says what to ask in its place."""
    answer = await client.get(f"/v1/runs/stream?q=rome{who}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_query")
    assert "q:" in answer.json()["detail"]
    assert "GET /v1/runs?q=" in answer.json()["hint"]
    assert (await client.head("/v1/runs/stream?q=rome")).status_code == 400
    # as a form sends it in which nothing is looked for
    assert (await client.head("/v1/runs/stream?q=+")).status_code == 200


async def test_sockets_are_closed_politely(world: World) -> None:
    """There are none."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await world.hw.asgi({"type": "websocket", "path": "/", "headers": []}, receive, send)
    assert sent[0]["type"] == "websocket.close"


async def test_served_by_itself_it_has_a_lifespan(world: World) -> None:
    """One that does nothing: the application's own starts Headway."""
    async with world.hw, listening(world.hw.asgi) as address, client_at(address) as client:
        assert (await client.get("/v1/runs")).status_code == 200


# -- origins

EVIL, FRIEND = "https://evil.example", "https://app.example"


@pytest.fixture
def friendly() -> World:
    """A Headway that lists one origin."""
    return make_world(cors_origins=frozenset({FRIEND}))


async def test_pages_of_other_sites_cannot_command(client: httpx.AsyncClient) -> None:
    """A browser sends a simple POST without asking; it is refused before anything is done."""
    for path in ("/v1/runs", "/v1/jobs/trip/runs", "/v1/runs/run_x/cancel", "/v1/runs/run_x/events"):
        answer = await client.post(
            path, content=b'{"title": "t"}', headers={"Origin": EVIL, "Content-Type": "text/plain"}
        )
        problem_of(answer, 403, "origin_not_allowed")
        assert "access-control-allow-origin" not in answer.headers
    problem_of(await client.delete("/v1/runs/run_x", headers={"Origin": "null"}), 403, "origin_not_allowed")
    assert (await client.get("/v1/runs")).json()["runs"] == []


async def test_ones_own_pages_can(client: httpx.AsyncClient) -> None:
    """By the same host and port, or when the browser says that it is the same."""
    own = f"http://127.0.0.1:{client.base_url.port}"
    for headers in ({"Origin": own}, {"Origin": FRIEND, "Sec-Fetch-Site": "same-origin"}, {}):
        assert (await client.post("/v1/runs", json={"title": "t"}, headers=headers)).status_code == 201
    problem_of(
        await client.post("/v1/runs", json={"title": "t"}, headers={"Origin": "http://127.0.0.1:1"}),
        403,
        "origin_not_allowed",
    )


async def test_listed_pages_read_and_command(friendly: World) -> None:
    """With credentials, and with the headers they need."""
    async with serving(friendly) as client:
        run_id = (await open_run(client))["id"]
        for path in ("/v1/runs", f"/v1/runs/{run_id}", "/nothing"):
            answer = await client.get(path, headers={"Origin": FRIEND})
            assert answer.headers["access-control-allow-origin"] == FRIEND
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert "Origin" in answer.headers["vary"]
            for header in ("ETag", "Location", "Retry-After", "X-Request-ID"):
                assert header in answer.headers["access-control-expose-headers"]
        async with client.stream("GET", f"/v1/runs/{run_id}/stream", headers={"Origin": FRIEND}) as stream:
            assert stream.headers["access-control-allow-origin"] == FRIEND
        assert (await client.post("/v1/runs", json={"title": "t"}, headers={"Origin": FRIEND})).status_code == 201
        other = await client.get("/v1/runs", headers={"Origin": EVIL})
        assert "access-control-allow-origin" not in other.headers
        assert "Origin" in other.headers["vary"]


async def test_preflights_are_answered(friendly: World) -> None:
    """Before anybody is authenticated: a browser sends no credentials with them."""
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    async with serving(friendly) as client:
        answer = await client.options("/v1/runs", headers={"Origin": FRIEND, **ask})
        assert (answer.status_code, answer.content) == (204, b"")
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert answer.headers["vary"] == "Origin"
        for header in ("Last-Event-ID", "Idempotency-Key", "Authorization", "If-None-Match", "Content-Type"):
            assert header in answer.headers["access-control-allow-headers"]
        refused = await client.options("/v1/runs", headers={"Origin": EVIL, **ask})
        assert "access-control-allow-origin" not in refused.headers
        assert "access-control-allow-methods" not in refused.headers
        problem_of(await client.options("/v1/runs"), 405, "method_not_allowed")


async def test_everybody_may_read_but_not_with_cookies() -> None:
    """``*`` never comes with credentials, and allows no commands."""
    async with serving(make_world(cors_origins=frozenset({"*"}))) as client:
        answer = await client.get("/v1/runs", headers={"Origin": EVIL})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        problem_of(await client.post("/v1/runs", json={}, headers={"Origin": EVIL}), 403, "origin_not_allowed")


# -- mounted


async def test_forgotten_lifespan_is_named() -> None:
    """503 with the line that is missing; the process itself is alive."""
    world = make_world()
    app = FastAPI()
    world.hw.mount(app, PREFIX)
    async with listening(app) as address, client_at(address + PREFIX) as client:
        problem = problem_of(await client.get("/v1/runs"), 503, "not_started")
        assert "hw.lifespan" in problem["hint"]
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "send"])
@pytest.mark.parametrize("prefix", ["", "/headway", "/a/b"])
async def test_under_any_prefix_of_a_foreign_application(prefix: str, direct: bool) -> None:
    """With its own routes, middleware and CORS; links lead to the right place, streams stream."""
    world = make_world()
    app = FastAPI(lifespan=world.hw.lifespan)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    app.add_middleware(CORSMiddleware, allow_origins=[FRIEND])

    @app.middleware("http")
    async def stamp(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response

    @app.get("/mine")
    async def mine() -> dict[str, str]:
        return {"hello": "world"}

    world.hw.mount(app, prefix)
    async with listening(app, direct=direct) as address, client_at(address) as client:
        assert (await client.get("/mine")).json() == {"hello": "world"}
        answer = await client.post(f"{prefix}/v1/jobs/trip/runs", json={"input": {"days": 2}})
        links = answer.json()["links"]
        assert answer.headers["location"] == links["self"] == f"{prefix}/v1/runs/{answer.json()['id']}"
        assert answer.headers["x-stamp"] == "1"
        async with client.stream("GET", links["stream"]) as stream:
            frames = await until(stream, "end")
        assert '"status":"succeeded"' in frames[-1].data
        assert (await client.get(links["events"])).json()["status"] == "succeeded"
        problem_of(await client.get(f"{prefix}/v1/runs/run_x"), 404, "run_not_found")


async def test_mounted_in_a_mount(world: World) -> None:
    """Prefixes add up, and a proxy's root path comes before them."""
    inner = Starlette(routes=[Mount("/inner", world.hw.asgi)])
    app = Starlette(routes=[Mount("/outer", inner)], middleware=[Middleware(GZipMiddleware)])
    transport = httpx.ASGITransport(app, root_path="/proxied")
    async with world.hw, httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.post("/proxied/outer/inner/v1/runs", json={"title": "t"})
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"].startswith("/proxied/outer/inner/v1/runs/run_")
        assert (await client.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    ("path", "root", "local"),
    [
        ("/v1/runs", "", "/v1/runs"),
        ("/h/v1/runs", "/h", "/v1/runs"),
        ("/v1/runs", "/h", "/v1/runs"),
        ("/hv1", "/h", "/hv1"),
    ],
)
def test_paths_are_seen_below_the_prefix(path: str, root: str, local: str) -> None:
    """Whether the server leaves the prefix in the path or not."""
    assert local_path({"path": path, "root_path": root}) == local


async def test_two_in_one_application() -> None:
    """Each with its own runs."""
    one, two = make_world(), make_world()
    app = FastAPI(lifespan=one.hw.lifespan(two.hw.lifespan))
    one.hw.mount(app, "/one")
    two.hw.mount(app, "/two")
    async with listening(app) as address, client_at(address) as client:
        await client.post("/one/v1/runs", json={"title": "t"})
        assert len((await client.get("/one/v1/runs")).json()["runs"]) == 1
        assert (await client.get("/two/v1/runs")).json()["runs"] == []


# -- what goes wrong


async def test_a_job_that_cannot_plan_is_our_fault_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    """500 without a trace, logged with the request's id; the next request is served."""
    world = make_world()

    def plan(_days: int) -> list[Any]:
        raise ZeroDivisionError("division by zero")

    @world.hw.job(plan=plan)
    async def broken(run: object, days: int) -> None: ...

    async with serving(world) as client:
        answer = await client.post("/v1/jobs/broken/runs", json={"input": 1}, headers={"X-Request-ID": "find-me"})
        problem = problem_of(answer, 500, "internal")
        assert problem["request_id"] == "find-me"
        assert "division" not in answer.text
        assert (await client.get("/v1/runs")).status_code == 200
    lines = [line for line in caplog.records if line.name == "headway.gateways.api" and line.levelno == logging.ERROR]
    assert len(lines) == 1
    assert "find-me" in lines[0].getMessage()
    assert lines[0].exc_info is not None


async def test_transports_can_be_switched_off(world: World, client: httpx.AsyncClient) -> None:
    """At run time, by a stored setting; single reads go on, streams are told to poll."""
    handle = await open_run(client)
    run_id, cursor = handle["id"], handle["snapshot"]["cursor"]
    async with client.stream("GET", f"/v1/runs/{run_id}/stream") as stream:
        await world.hw.store.put_setting("transports", [])
        frames = await until(stream, "end")
    assert '"use":"poll"' in frames[-1].data
    for path in (f"/v1/runs/{run_id}?wait=1", f"/v1/runs/{run_id}/events?after={cursor}&wait=1"):
        answer = await client.get(path)
        assert problem_of(answer, 503, "transport_off")["off"] == "poll"
        assert int(answer.headers["retry-after"]) > 0
    answer = await client.post(f"/v1/runs/{run_id}/events", json={"events": [note()]})
    assert problem_of(answer, 503, "transport_off")["off"] == "ingest"
    assert (await client.get(f"/v1/runs/{run_id}")).status_code == 200
    assert (await client.get(f"/v1/runs/{run_id}/events")).status_code == 200
    await world.hw.store.put_setting("transports", None)
    async with asyncio.timeout(25):
        while (await client.post(f"/v1/runs/{run_id}/events", json={"events": []})).status_code == 503:
            await client.get("/healthz")
    await report(client, run_id, note())


async def test_a_client_that_leaves_is_no_error(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged, nobody is answered; metrics know."""
    async with serving(world) as client:
        handle = await open_run(client)
        path = f"/v1/runs/{handle['id']}/events?after={handle['snapshot']['cursor']}&wait=30"
        with pytest.raises(httpx.ReadTimeout):
            await client.get(path, timeout=0.1)
        async with asyncio.timeout(25):
            while 'status="499"' not in (await client.get("/metrics")).text:
                await client.get("/healthz")
        assert world.hw.services.waits.statistics()["waiting"] == 0
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_a_store_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """503, worth trying again, with how long to wait."""
    from headway.errors import StoreUnavailable

    store = Broken()
    async with serving(make_world(store)) as client:
        run_id = (await open_run(client))["id"]
        store.error = StoreUnavailable("the store does not answer")
        answer = await client.get(f"/v1/runs/{run_id}")
        assert problem_of(answer, 503, "store_unavailable")["retryable"]
        assert int(answer.headers["retry-after"]) > 0
        assert (await client.get(f"/v1/runs/{run_id}/stream?client=ts/0.1.0")).status_code == 503
        stream = await client.get(f"/v1/runs/{run_id}/stream")  # an EventSource would give up for good
        assert (stream.status_code, stream.text.startswith("retry: ")) == (200, True)
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert (await client.get("/readyz")).status_code == 503
        store.error = None
        assert (await client.get("/readyz")).status_code == 200


def test_every_gateway_is_served(world: World) -> None:
    """A router that nobody includes would be dead code."""
    served = {
        route["operationId"] for path in openapi_of(world).values() for route in path.values() if "operationId" in route
    }
    routes = [route for gateway in GATEWAYS for route in gateway.router.routes]
    declared = {route.endpoint.__name__ for route in routes if isinstance(route, APIRoute) and route.include_in_schema}
    assert all(any(identifier.startswith(name) for identifier in served) for name in declared)


def openapi_of(world: World) -> dict[str, Any]:
    """Paths of the OpenAPI document."""
    application: Any = api(world.hw.services)
    paths: dict[str, Any] = application._rest.openapi()["paths"]
    return paths


async def test_a_run_can_be_followed_by_polling_alone(client: httpx.AsyncClient) -> None:
    """Start, then tagged reads until it has ended: what an old client does."""
    run_id = (await start(client, 3))["id"]
    assert (await ended(client, run_id))["progress"]["percent"] == 100
