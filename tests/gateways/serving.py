"""A whole Headway over real TCP, in the test's own event loop, so that a test may also reach inside."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from headway.app import Headway
from headway.config import Settings
from headway.core.sse import Frame, Parser
from headway.errors import HeadwayError
from headway.hub.direct import http_protocol
from headway.publish.run import Run
from headway.security.principal import ALL_SCOPES, Principal
from headway.stores.base import Store
from headway.stores.memory import MemoryStore

PREFIX = "/headway"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and a context with the machine's certificates takes longer to make than most tests."""


class Trip(BaseModel):
    """What the test's job takes."""

    days: int
    wait: bool = False


def settings(**fields: Any) -> Settings:
    """Settings that do not look at the machine's environment."""
    return Settings(**{"store": "memory://", "worker": "inline", **fields})


@dataclass
class World:
    """A Headway with one job, which a test may hold up."""

    hw: Headway
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Register the job."""
        gate = self.gate

        @self.hw.job(phases={"plan": 1}, retries=0)
        async def trip(run: Run, body: Trip) -> int:
            """Plan a trip."""
            async with run.phase("plan", total=body.days) as phase:
                for day in range(body.days):
                    await phase.advance(message=f"day {day + 1}")
                if body.wait:
                    await gate.wait()
            return body.days

        @self.hw.job(http=False)
        async def hidden(run: Run) -> None:
            """Not to be started over HTTP."""

        @self.hw.job
        async def failing(run: Run) -> None:
            """Fail."""
            raise RuntimeError("it broke")


async def by_header(connection: HTTPConnection) -> Principal | None:
    """Recognise people by what they claim; good enough for a test."""
    user = connection.headers.get("x-user")
    if user is None:
        return None
    if user == "admin":
        return Principal("admin", scopes=ALL_SCOPES)
    scopes = connection.headers.get("x-scopes")
    return Principal(user) if scopes is None else Principal(user, scopes=scopes.split(","))  # type: ignore[arg-type]


def make_world(
    store: Store | None = None,
    authenticate: Callable[[HTTPConnection], Awaitable[Principal | None]] | None = None,
    **fields: Any,
) -> World:
    """Return a Headway that was not started yet."""
    return World(Headway(store or MemoryStore(), authenticate=authenticate, settings=settings(**fields)))


class Prompt(uvicorn.Server):
    """uvicorn without its pauses: it stops when it is told, and at once. How it really stops is tested elsewhere."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until told."""
        await self.on_tick(0)
        await self.told.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        """End connections, wait for their requests, end the lifespan."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        await self._wait_tasks_to_complete()
        await self.lifespan.shutdown()


@asynccontextmanager
async def listening(app: Any, *, direct: bool = True) -> AsyncIterator[str]:
    """Serve an application on a free port; gives its address."""
    protocol = http_protocol() if direct else "httptools"
    server = Prompt(uvicorn.Config(app, port=0, http=protocol, log_level="critical", access_log=False, lifespan="on"))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not task.done(), "the server did not start"
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.told.set()
        await task


def client_at(address: str, **options: Any) -> httpx.AsyncClient:
    """Return a client that stands at an address."""
    return httpx.AsyncClient(base_url=address, timeout=60, verify=PLAIN, **options)


@asynccontextmanager
async def serving(world: World, *, direct: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """Mount a world in an application of its own and serve it; gives a client that stands at the prefix."""
    app = FastAPI(lifespan=world.hw.lifespan)
    world.hw.mount(app, PREFIX)
    async with (
        listening(app, direct=direct) as address,
        client_at(address + PREFIX) as client,
    ):
        yield client


def from_afar(app: Any, *, client: str = "203.0.113.9", base_url: str = "http://127.0.0.1") -> httpx.AsyncClient:
    """Return a client whose requests seem to come from elsewhere; for answers that do not stream."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(client, 40_000)), base_url=base_url)


def as_user(name: str, **headers: str) -> dict[str, str]:
    """Headers of a request by this user."""
    return {"x-user": name, **headers}


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Insist that an answer is this problem, whole, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == f"urn:headway:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["retryable"], bool)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return body


async def start(client: httpx.AsyncClient, days: int = 2, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
    """Start the test's job; return the handle."""
    wait = body.pop("wait", False)
    body = {"input": {"days": days, "wait": wait}, **body}
    answer = await client.post("/v1/jobs/trip/runs", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def open_run(client: httpx.AsyncClient, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
    """Open a run whose work happens elsewhere; return the handle."""
    answer = await client.post("/v1/runs", json={"title": "elsewhere", **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def report(client: httpx.AsyncClient, run_id: str, *events: Any, **fields: Any) -> Any:
    """Report events; return the receipt."""
    answer = await client.post(f"/v1/runs/{run_id}/events", json={"events": events, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()


def note(body: str = "hello") -> dict[str, Any]:
    """An event to report."""
    return {"type": "note", "data": {"body": body}}


async def ended(client: httpx.AsyncClient, run_id: str, *, headers: dict[str, str] | None = None) -> Any:
    """Wait by long-poll until a run has ended; return its state."""
    etag = ""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get(f"/v1/runs/{run_id}?wait=5", headers={**(headers or {}), "If-None-Match": etag})
            assert answer.status_code in (200, 304), answer.text
            etag = answer.headers["etag"]
            if answer.status_code == 200 and answer.json()["finished_at"] is not None:
                return answer.json()


async def eventually(condition: Callable[[], Any], patience_s: float = 60) -> None:
    """Wait until something is so."""
    deadline = asyncio.get_running_loop().time() + patience_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never was so"
        await asyncio.sleep(0.005)


async def frames(answer: httpx.Response) -> list[Frame]:
    """Read a stream to its end."""
    parser = Parser()
    return [frame async for piece in answer.aiter_bytes() for frame in parser.feed(piece)]


async def until(answer: httpx.Response, event: str) -> list[Frame]:
    """Read a stream up to a frame of this name."""
    parser, found = Parser(), []
    async for piece in answer.aiter_bytes():
        for frame in parser.feed(piece):
            found.append(frame)
            if frame.event == event:
                return found
    raise AssertionError(f"no {event!r} in {[frame.event for frame in found]}")


def data(frame: Frame) -> Any:
    """Data of a frame."""
    return json.loads(frame.data)


class Broken(MemoryStore):
    """A store that fails as told: every call raises the error that is set."""

    error: HeadwayError | None = None

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    async def get(self, run_id: str) -> Any:
        """Fail, or return the row."""
        self._fail()
        return await super().get(run_id)

    async def setting(self, name: str) -> Any:
        """Fail, or return the setting."""
        self._fail()
        return await super().setting(name)
