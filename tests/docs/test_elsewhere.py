"""Programs that report from elsewhere, run as they are printed against a server of the test."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.docs.programs import EXAMPLES, python, run
from tests.gateways.serving import ended, make_world, open_run, serving


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client at the server's prefix."""
    async with serving(make_world()) as client:
        yield client


def url_of(client: httpx.AsyncClient) -> str:
    """Where the server's routes are."""
    return str(client.base_url).rstrip("/")


async def test_a_script(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """Attached by address and id."""
    run_id = (await open_run(client))["id"]
    await python("elsewhere/script.py", url_of(client), run_id, folder=tmp_path)
    state = await ended(client, run_id)
    assert (state["status"], state["result"]) == ("succeeded", {"files": 10})
    assert state["notes"][0]["body"] == "All files are there."


async def test_a_worker_of_another_queue(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """Each message names its run; several of them belong to one."""
    run_id = (await open_run(client))["id"]
    messages = [{"run_id": run_id, "file": f"{n}.png", **({"last": "yes"} if n == 3 else {})} for n in (1, 2, 3)]
    queue = "\n".join(json.dumps(message) for message in messages)
    await python("elsewhere/worker.py", folder=tmp_path, stdin=queue, HEADWAY_URL=url_of(client))
    state = await ended(client, run_id)
    assert {item["title"]: item["status"] for item in state["items"].values()} == {
        "1.png": "finished",
        "2.png": "finished",
        "3.png": "finished",
    }


async def test_threads_of_a_solver(tmp_path: Path) -> None:
    """They report through the plain face of the run."""
    output = await python("elsewhere/thread.py", folder=tmp_path)
    assert output.startswith("7 ")
    for part, best in (("0", 0), ("1", 7), ("2", 4), ("3", 1)):
        assert f"'{part}': {best}" in output


async def test_curl(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """A run from its beginning to its end without a line of Python."""
    output = await run("sh", str(EXAMPLES / "elsewhere/report.sh"), folder=tmp_path, env={"HEADWAY": url_of(client)})
    state = await ended(client, output.strip())
    assert (state["status"], state["result"]) == ("succeeded", {"tables": 2})
    assert {key: item["data"] for key, item in state["items"].items()} == {
        "customers": {"rows": 1000},
        "orders": {"rows": 1000},
    }
