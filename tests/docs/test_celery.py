"""The page about Celery: its application behind a real worker, and the server that answers with a run."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.checkout import ROOT, python_path
from tests.docs.programs import EXAMPLES, python
from tests.integration.servers import ServerProcess
from tests.stores.redis_server import RedisServer

PATHS = python_path(EXAMPLES / "celery", ROOT)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def shop(tmp_path: Path, broker: RedisServer) -> AsyncIterator[httpx.AsyncClient]:
    """`headway serve shop:app` and `celery -A tasks worker`."""
    server = ServerProcess(tmp_path, "shop:app", PYTHONPATH=PATHS, BROKER=broker.url)
    await server.start()
    environment = {**os.environ, "PYTHONPATH": PATHS, "BROKER": broker.url, "HEADWAY_URL": f"{server.url}/headway"}
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-c", "1"],
            env=environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
        yield client
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    server.kill()


async def ended(client: httpx.AsyncClient, run_id: str) -> Any:
    """Wait until a run has ended; return its state."""
    async with asyncio.timeout(60):
        while True:
            state = (await client.get(f"/headway/v1/runs/{run_id}")).json()
            if state["finished_at"] is not None:
                return state
            await asyncio.sleep(0.05)


async def test_the_page(shop: httpx.AsyncClient, broker: RedisServer, tmp_path: Path) -> None:
    """A run that was opened by a request, one that was sent from a script, and one that is left out."""
    answer = await shop.post("/thumbnails", json=["a.png", "unreadable"])
    assert answer.status_code == 202, answer.text
    state = await ended(shop, answer.json()["id"])
    assert (state["status"], state["result"], state["title"], state["owner"]) == ("succeeded", 2, "2 files", "ada")
    assert [one["reason"] for one in state["executions"]] == ["created", "retry"]
    assert {item["status"] for item in state["items"].values()} == {"finished"}
    script = tmp_path / "send.py"
    script.write_text(
        "from tasks import add, clean, reporting\n"
        "clean.delay()\n"
        "sent = add.delay(1, 2)\n"
        "print(reporting.handle(add, sent.id)['id'], sent.get(timeout=60))\n"
    )
    environment = {"PYTHONPATH": PATHS, "BROKER": broker.url, "HEADWAY_URL": f"{shop.base_url}/headway"}
    run_id, result = (await python(str(script), folder=tmp_path, **environment)).split()
    assert result == "3"
    state = await ended(shop, run_id)
    assert (state["title"], state["result"], state["executions"][-1]["attempt"]) == ("tasks.add", 3, 1)
    assert {run["job"] for run in (await shop.get("/headway/v1/runs")).json()["runs"]} == {"thumbnails", "tasks.add"}
