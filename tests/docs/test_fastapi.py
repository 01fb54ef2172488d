"""The application of the how-to page, served as it is printed."""

import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from headway.testing import play
from tests.docs.programs import EXAMPLES
from tests.gateways.serving import client_at, data, ended, frames, listening, problem_of, until

ADA = {"Authorization": "Bearer token-of-ada"}
BOB = {"Authorization": "Bearer token-of-bob"}
REPORT = {"title": "Q3", "pages": 12}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The application, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWAY_WORKER", "inline")
    spec = importlib.util.spec_from_file_location("fastapi_how_to", EXAMPLES / "fastapi" / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def client(module: ModuleType) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with listening(module.app) as address, client_at(address) as client:
        yield client


async def create(client: httpx.AsyncClient) -> str:
    """Create a report as Ada; return the path of its stream."""
    answer = await client.post("/reports", json=REPORT, headers=ADA)
    assert answer.status_code == 202, answer.text
    path: str = answer.json()["events"]
    return path


async def test_a_report_is_streamed_to_its_owner(client: httpx.AsyncClient) -> None:
    """State, events, end; and to nobody else."""
    path = await create(client)
    async with client.stream("GET", path, headers=ADA) as stream:
        told = await frames(stream)
    assert (told[0].event, told[-1].event) == ("open", "end")
    assert data(told[-1])["status"] == "succeeded"
    state = (await client.get(path, headers={**ADA, "Accept": "application/json"})).json()
    assert state["outputs"]["summary"]["text"] == "Q3: 12 pages."
    assert state["owner"] == "ada"
    foreign = await client.get(path, headers=BOB)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "run_not_found")
    assert (await client.get(path)).status_code == 401


async def test_who_was_cut_off_goes_on(client: httpx.AsyncClient) -> None:
    """By `Last-Event-ID`, as every EventSource sends it."""
    path = await create(client)
    async with client.stream("GET", path, headers=ADA) as stream:
        seen = await until(stream, "phase.progressed")
    async with client.stream("GET", path, headers={**ADA, "Last-Event-ID": seen[-1].id}) as stream:
        rest = await frames(stream)
    assert data(rest[1])["seq"] == data(seen[-1])["seq"] + 1


async def test_headways_own_routes_know_the_same_users(client: httpx.AsyncClient) -> None:
    """Through `authenticate`."""
    await create(client)
    runs: dict[str, Any] = (await client.get("/headway/v1/runs", headers=ADA)).json()
    assert [run["owner"] for run in runs["runs"]] == ["ada"]
    assert (await client.get("/headway/v1/runs", headers=BOB)).json()["runs"] == []
    problem_of(await client.get("/headway/v1/runs"), 401, "unauthenticated")


async def test_the_job_is_started_once_for_one_report(client: httpx.AsyncClient) -> None:
    """The key makes the second start the first run."""
    first, second = [(await client.post("/reports/digest", json=REPORT, headers=ADA)).json() for _ in range(2)]
    assert first == second
    client.base_url = client.base_url.join("/headway/")
    assert (await ended(client, first["id"], headers=ADA))["result"] == 3_000


async def test_the_job_may_be_played_in_a_test(module: ModuleType) -> None:
    """As the page says of tests of one's own."""
    played = await play(module.digest, module.ReportIn(**REPORT), retries=2)
    assert (played.status, played.result) == ("succeeded", 3_000)
