"""The job of the how-to page asks, and its answers are those the page shows."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from tests.checkout import python_path
from tests.docs.programs import EXAMPLES, run
from tests.gateways.serving import client_at, ended, listening, problem_of
from tests.gateways.test_steering import become

ORDER = {"input": {"what": "Chairs", "budget": 100}}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The application, in an empty folder; it makes room at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWAY_WORKER", "inline")
    monkeypatch.setenv("HEADWAY_ASK_HOLD_S", "0")
    spec = importlib.util.spec_from_file_location("ask_how_to", EXAMPLES / "ask" / "orders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def client(module: ModuleType) -> AsyncIterator[httpx.AsyncClient]:
    """A client of Headway's routes."""
    async with listening(module.app) as address, client_at(address + "/headway") as client:
        yield client


@pytest.mark.parametrize(("limit", "result"), [(100, "Chairs bought for 95"), (10, "not bought")])
async def test_an_order_is_approved_or_not(client: httpx.AsyncClient, limit: int, result: str) -> None:
    """By the requests of the page."""
    run_id = (await client.post("/v1/jobs/order/runs", json=ORDER)).json()["id"]
    state = await become(client, run_id, lambda state: state["status"] == "waiting")
    assert state["asks"]["approve"]["prompt"] == "Chairs for 95, at most?"
    path = f"/v1/runs/{run_id}/input"
    problem_of(await client.post(path, json={"ask_id": "approve", "data": {"go": True}}), 422, "invalid_input")
    answer = await client.post(path, json={"ask_id": "approve", "data": {"go": True, "limit": limit}})
    assert answer.status_code == 200, answer.text
    assert (await ended(client, run_id))["result"] == result


async def test_curl_answers(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """As the page prints it."""
    run_id = (await client.post("/v1/jobs/order/runs", json=ORDER)).json()["id"]
    await become(client, run_id, lambda state: state["status"] == "waiting")
    environment = {"HEADWAY": str(client.base_url).rstrip("/"), "RUN": run_id}
    output = await run("sh", str(EXAMPLES / "ask/approve.sh"), folder=tmp_path, env=environment)
    assert '"prompt":"Chairs for 95, at most?"' in output
    assert (await ended(client, run_id))["result"] == "Chairs bought for 95"


async def test_a_password_reaches_the_job_and_not_the_log(client: httpx.AsyncClient) -> None:
    """Nor the state."""
    run_id = (await client.post("/v1/jobs/restock/runs", json={})).json()["id"]
    await become(client, run_id, lambda state: state["status"] == "waiting")
    data = {"user": "ada", "password": "open sesame"}
    await client.post(f"/v1/runs/{run_id}/input", json={"ask_id": "login", "data": data})
    assert (await ended(client, run_id))["result"] == "ada is in"
    log = await client.get(f"/v1/runs/{run_id}/events")
    assert "ada" in log.text
    assert "sesame" not in log.text


async def test_the_orders_of_the_page_are_tested(tmp_path: Path) -> None:
    """By the test it shows."""
    folder = EXAMPLES / "ask"
    told = await run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"),
        *("--rootdir", str(folder), str(folder / "test_order.py")),
        folder=tmp_path,
        env={"PYTHONPATH": python_path(folder)},
    )
    assert "2 passed" in told
