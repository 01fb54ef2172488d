"""A run's stream as the answer of somebody else's route."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Header, Request
from starlette.responses import Response

from headway.core.fold import Fold
from headway.errors import StoreUnavailable
from tests.gateways.serving import World, client_at, data, eventually, frames, listening, make_world, until


class Foreign:
    """An application with its own users, and one route of ours in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sessions = 0
        self.after: list[str] = []
        app = self.app = FastAPI(lifespan=world.hw.lifespan)

        async def session() -> AsyncIterator[None]:
            self.sessions += 1
            yield
            self.sessions -= 1

        async def user(
            x_user: Annotated[str, Header()], _session: Annotated[None, Depends(session, scope="function")]
        ) -> str:
            return x_user

        @app.get("/reports/{run_id}/events")
        async def events(run_id: str, request: Request, user: Annotated[str, Depends(user)]) -> Response:
            return await world.hw.stream(request, run_id, viewer=user)

        @app.get("/public/{run_id}")
        async def public(run_id: str, request: Request, tasks: BackgroundTasks) -> Response:
            tasks.add_task(self.after.append, run_id)
            return await world.hw.stream(request, run_id)

    async def report(self, *, finish: bool = True) -> str:
        """A run of ada's; returns its id."""
        run = await self.world.hw.open("report", title="t", owner="ada", phases={"read": 1})
        await run.note("hello")
        await run.flush()
        if finish:
            await run.finish(42)
        return run.id


@asynccontextmanager
async def foreign(*, direct: bool = True) -> AsyncIterator[tuple[Foreign, httpx.AsyncClient]]:
    """Serve one."""
    application = Foreign(make_world())
    async with (
        listening(application.app, direct=direct) as address,
        client_at(address, headers={"x-user": "ada"}) as client,
    ):
        yield application, client


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "send"])
async def test_it_streams(direct: bool) -> None:
    """Snapshot, events, end - on the direct path, too."""
    async with foreign(direct=direct) as (application, client):
        run_id = await application.report()
        async with client.stream("GET", f"/reports/{run_id}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.headers["x-accel-buffering"] == "no"
            seen = await frames(stream)
        assert [frame.event for frame in seen] == ["open", "snapshot", "end"]
        assert data(seen[1])["result"] == 42
        assert application.world.hw.hub.statistics()["direct"] == (1 if direct else 0)


async def test_it_resumes() -> None:
    """From the cursor the browser sends back."""
    async with foreign() as (application, client):
        run_id = await application.report(finish=False)
        async with client.stream("GET", f"/reports/{run_id}/events") as stream:
            cursor = (await until(stream, "snapshot"))[-1].id
        await application.world.hw.commands.report(run_id, None, [])
        handle = await application.world.hw.get(run_id)
        await handle.cancel()
        async with client.stream("GET", f"/reports/{run_id}/events", headers={"Last-Event-ID": cursor}) as stream:
            seen = await until(stream, "run.cancel_requested")
        assert [frame.event for frame in seen] == ["open", "run.cancel_requested"]


async def test_a_session_is_closed_before_the_stream_begins() -> None:
    """A dependency of function scope is not held for as long as somebody watches."""
    async with foreign() as (application, client):
        run_id = await application.report(finish=False)
        async with client.stream("GET", f"/reports/{run_id}/events") as stream:
            await until(stream, "snapshot")
            assert application.sessions == 0


async def test_foreign_and_unknown_runs_are_answered_as_problems() -> None:
    """In our form of errors, whatever the application's is; decided before the answer begins."""
    async with foreign() as (application, client):
        run_id = await application.report()
        for path, user in ((run_id, "bob"), ("run_unknown", "ada")):
            answer = await client.get(f"/reports/{path}/events", headers={"x-user": user})
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "run_not_found"


async def test_without_a_viewer_the_application_has_decided() -> None:
    """Whoever it lets ask may watch; background tasks it added are done."""
    async with foreign() as (application, client):
        run_id = await application.report()
        answer = await client.get(f"/public/{run_id}")
        assert answer.status_code == 200
        await eventually(lambda: application.after == [run_id])


async def test_the_same_address_can_be_polled() -> None:
    """The state by ``Accept`` or ``wait``, with its tag; pages of the log by ``after``."""
    async with foreign() as (application, client):
        run_id = await application.report()
        path = f"/reports/{run_id}/events"
        state = await client.get(path, headers={"Accept": "application/json"})
        assert state.json()["status"] == "succeeded"
        assert "accept" in state.headers["vary"].lower()
        tag = {"If-None-Match": state.headers["etag"]}
        assert (await client.get(f"{path}?wait=0.01", headers=tag)).status_code == 304
        assert (await client.get(f"{path}?wait=0.01")).json()["seq"] == state.json()["seq"]
        page = (await client.get(f"{path}?after=0.0&limit=2")).json()
        rest = (await client.get(f"{path}?after={page['cursor']}&wait=1")).json()
        fold = Fold()
        for event in page["events"] + rest["events"]:
            fold.apply(event, rest["cursor"])
        assert fold.snapshot()["result"] == 42
        lines = await client.get(path, headers={"Accept": "application/x-ndjson"})
        assert len(lines.text.splitlines()) == state.json()["seq"]


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("*/*", True),
        ("text/event-stream", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/json", False),
        ("application/json, text/event-stream;q=0.5", False),
        ("application/json;q=0.5, text/event-stream", True),
    ],
)
async def test_who_wants_a_stream(accept: str, streams: bool) -> None:
    """Browsers and curl do; who asks for JSON does not."""
    async with foreign() as (application, client):
        run_id = await application.report()
        answer = await client.get(f"/public/{run_id}", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith("text/event-stream") == streams


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?from=nowhere", "invalid_query"),
        ("?wait=soon", "invalid_query"),
        ("?after=x", "invalid_cursor"),
        ("?type=x", "invalid_query"),
    ],
)
async def test_wrong_parameters_are_answered_as_problems(query: str, code: str) -> None:
    """Of the stream and of the polled form."""
    async with foreign() as (application, client):
        run_id = await application.report()
        answer = await client.get(f"/public/{run_id}{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_cursor_that_is_void_is_told() -> None:
    """410, and the same address has the state."""
    async with foreign() as (application, client):
        run_id = await application.report()
        answer = await client.get(f"/public/{run_id}?after=999.abc")
        assert (answer.status_code, answer.json()["reason"]) == (410, "ahead")


async def test_a_forgotten_lifespan_is_named() -> None:
    """Here, too."""
    world = make_world()
    app = FastAPI()

    @app.get("/{run_id}")
    async def events(run_id: str, request: Request) -> Response:
        return await world.hw.stream(request, run_id)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer: Any = await client.get("/run_x")
    assert answer.json()["code"] == "not_started"
    assert answer.status_code == 503
    assert "hw.lifespan" in answer.json()["hint"]


async def test_a_client_that_leaves_while_it_polls_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it any more, nothing is logged."""
    async with foreign() as (application, client):
        run_id = await application.report(finish=False)
        seq = (await application.world.hw.store.get(run_id)).cursor  # type: ignore[union-attr]
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"/public/{run_id}?after={seq}&wait=30", timeout=0.1)
        waits = application.world.hw.services.waits
        await eventually(lambda: waits.statistics()["waiting"] == 0)
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []


async def test_the_answer_names_its_request() -> None:
    """So that a refusal can be found in a log."""
    async with foreign() as (_application, client):
        answer = await client.get("/public/run_x", headers={"X-Request-ID": "find-me"})
        assert answer.json()["request_id"] == "find-me"


async def test_a_store_that_is_away_does_not_end_an_event_source() -> None:
    """It is asked to come back; who understands a status gets one, with the id of the request."""
    async with foreign() as (application, client):
        run_id = await application.report()

        async def away(_run_id: str) -> None:
            raise StoreUnavailable("the disk is away")

        application.world.hw.store.get = away  # type: ignore[method-assign, assignment]
        told = await client.get(f"/reports/{run_id}/events")
        assert (told.status_code, told.text.startswith("retry: ")) == (200, True)
        for path in ("?client=ts/0.1.0", "?wait=5"):
            refused = await client.get(f"/reports/{run_id}/events{path}", headers={"X-Request-ID": "r1"})
            assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
            assert refused.headers["x-request-id"] == refused.json()["request_id"] == "r1"
