"""Requests nobody would send: whatever comes, the answer is one of ours, and never that the server failed."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from headway.security.principal import Principal
from headway.stores.base import Store
from headway.stores.memory import MemoryStore
from headway.stores.sqlite import SqliteStore
from tests.gateways.serving import from_afar, make_world

ODD = st.text(max_size=30) | st.sampled_from(
    ["", "0", "-1", "nan", "1.a", "0.0", "\x00", "*", "null", "1e999", "run_x", "\U0001f388"]
)
HEADERS = (
    "accept",
    "if-none-match",
    "last-event-id",
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "origin",
    "range",
)
QUERY = (
    "after",
    "limit",
    "type",
    "wait",
    "page",
    "status",
    "job",
    "group",
    "execution_id",
    "run",
    "from",
    "types",
    "named",
)
PATHS = (
    "/v1/jobs",
    "/v1/jobs/{}/runs",
    "/v1/runs",
    "/v1/runs/{}",
    "/v1/runs/{}/events",
    "/v1/runs/{}/outputs/{}",
    "/v1/runs/{}/cancel",
    "/v1/runs/{}/retry",
    "/v1/runs/{}/input",
    "/v1/runs/{}/executions",
    "/{}",
)
BODIES = (
    st.none()
    | st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["title", "kind", "phases", "metadata", "input", "events", "seq", "items", "lease_s"]),
                inner,
            )
        ),
        max_leaves=8,
    ).map(orjson.dumps)
)


async def anybody(_connection: HTTPConnection) -> Principal:
    """Whoever asks may try everything."""
    return Principal("ada", scopes=["admin"])


class Target:
    """Which runs and jobs there are: a request may be about them, too."""

    def __init__(self, client: httpx.AsyncClient, run_id: str) -> None:
        self.client = client
        self.run_id = run_id

    async def ask(self, method: str, path: str, parts: list[str], query: dict[str, str], **more: Any) -> httpx.Response:
        """Send a request; "run" and "job" in its path stand for those there are."""
        names = [{"run": self.run_id, "job": "trip"}.get(part, quote(part, safe="")) for part in parts]
        query = {**query, "wait": "0"} if len(query.get("wait", "")) > 3 else query
        return await self.client.request(method, path.format(*names), params=query, **more)


requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS"]),
        "path": st.sampled_from(PATHS),
        "parts": st.lists(ODD | st.sampled_from(["run", "job"]), min_size=2, max_size=2),
        "query": st.dictionaries(st.sampled_from(QUERY), ODD, max_size=3),
        "headers": st.dictionaries(
            st.sampled_from(HEADERS), ODD.map(lambda text: text.encode("latin-1", "replace")), max_size=2
        ),
        "content": BODIES,
    }
)


def store_of(kind: str, path: Path) -> Store:
    """A fresh store."""
    return MemoryStore() if kind == "memory" else SqliteStore(path / "headway.db")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batch=st.lists(requests, min_size=10, max_size=10))
def test_nothing_makes_the_server_fail(
    kind: str, tmp_path_factory: pytest.TempPathFactory, batch: list[dict[str, Any]]
) -> None:
    """Paths, parameters, headers and bodies of every kind, against every store."""

    async def main() -> None:
        store = store_of(kind, tmp_path_factory.mktemp("fuzz"))
        world = make_world(store, authenticate=anybody, worker="none")
        async with world.hw, from_afar(world.hw.asgi) as client:
            made = await client.post("/v1/runs", json={"title": "t"})
            target = Target(client, made.json()["id"])
            for request in batch:
                answer = await target.ask(**request)
                assert answer.status_code < 500, (request, answer.text)
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json", request

    asyncio.run(main())
