"""Programs that report from elsewhere, run as they are printed against a server of the test."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from headway.app import Headway
from tests.client.running import running, wire
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


@pytest.mark.parametrize("kind", ["threads", "processes"])
async def test_pools(client: httpx.AsyncClient, tmp_path: Path, kind: str) -> None:
    """Fifty tasks, one run, one execution; few requests for many reports."""
    run_id = (await open_run(client))["id"]
    await python("elsewhere/pool.py", url_of(client), run_id, kind, folder=tmp_path)
    state = await ended(client, run_id)
    assert (state["status"], state["result"], state["attempt"]) == ("succeeded", {"sum": 40_425}, 1)
    assert len(state["items"]) == 50
    assert {(item["status"], item["progress"]["done"]) for item in state["items"].values()} == {("finished", 4)}
    assert state["items"]["part:7"]["data"] == {"square": 49}


async def test_a_task_of_a_pool_that_is_done_again(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """It begins its item anew: there are fifty, however often."""
    run_id = (await open_run(client))["id"]
    program = "elsewhere/pool.py"
    text = (EXAMPLES / program).read_text().replace("run.finish(", "print(")
    (tmp_path / "twice.py").write_text(text)
    for _ in range(2):
        await python(str(tmp_path / "twice.py"), url_of(client), run_id, folder=tmp_path)
    state = (await client.get(f"/v1/runs/{run_id}")).json()
    assert (state["status"], len(state["items"]), state["progress"]["message"]) == ("running", 50, None)


async def test_a_notebook(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """Its cells one after another."""
    run_id = (await open_run(client))["id"]
    await python("elsewhere/notebook.py", folder=tmp_path, HEADWAY_URL=url_of(client), RUN_ID=run_id)
    state = await ended(client, run_id)
    assert (state["status"], state["items"]["model:1"]["status"]) == ("succeeded", "finished")


async def test_bars(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """Those of tqdm, drawn on the terminal as ever."""
    run_id = (await open_run(client, phases={"read": 20, "train": 80}))["id"]
    output = await python("elsewhere/bars.py", url_of(client), run_id, folder=tmp_path)
    state = await ended(client, run_id)
    assert [(phase["status"], phase["done"]) for phase in state["phases"]] == [("finished", 20), ("finished", 3)]
    assert {item["status"] for item in state["items"].values()} == {"finished"}
    assert "reading: 100%" in output


SPEAKERS = {"report.sh": "sh", "report.mjs": "node"}


@pytest.mark.parametrize("program", SPEAKERS)
async def test_without_python(client: httpx.AsyncClient, tmp_path: Path, program: str) -> None:
    """A run from its beginning to its end."""
    path = EXAMPLES / "elsewhere" / program
    output = await run(SPEAKERS[program], str(path), folder=tmp_path, env={"HEADWAY": url_of(client)})
    await check_import(client, output.strip())


@pytest.mark.parametrize("program", SPEAKERS)
async def test_without_python_and_with_a_network_that_breaks(tmp_path: Path, program: str) -> None:
    """Away at first, then without answers, each time as a request is under way: everything counts once."""
    with running(Headway("memory://", worker="none")) as server:
        async with wire(server) as network, httpx.AsyncClient(base_url=server.url, timeout=20) as client:
            network.switch("closed")
            path = EXAMPLES / "elsewhere" / program
            speaking = asyncio.create_task(
                run(SPEAKERS[program], str(path), folder=tmp_path, env={"HEADWAY": network.url})
            )
            async with asyncio.timeout(90):
                await asyncio.sleep(0.3)
                network.switch("no answers")
                while network.lost < 1:
                    await asyncio.sleep(0.01)
                network.switch("open")
                while not (runs := (await client.get("/v1/runs")).json()["runs"]):
                    await asyncio.sleep(0.01)
                network.switch("no answers")
                await asyncio.sleep(0.5)
                network.switch("open")
            await speaking
            await check_import(client, runs[0]["id"])
            assert len((await client.get("/v1/runs")).json()["runs"]) == 1


async def check_import(client: httpx.AsyncClient, run_id: str) -> None:
    """What the programs without Python have to say, once."""
    state = await ended(client, run_id)
    assert (state["status"], state["result"]) == ("succeeded", {"tables": 2})
    assert {key: item["data"] for key, item in state["items"].items()} == {
        "customers": {"rows": 1000},
        "orders": {"rows": 1000},
    }
    page = (await client.get(f"/v1/runs/{run_id}/events?type=item")).json()
    assert len(page["events"]) == 2
