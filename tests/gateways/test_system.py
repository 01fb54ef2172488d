"""How all processes are, on one page; and the switch of the transports."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from headway.errors import StoreUnavailable
from headway.gateways.system import SystemAnswer
from headway.ops import system
from headway.stores.sqlite import SqliteStore
from headway.version import VERSION
from tests.gateways.serving import (
    PREFIX,
    eventually,
    make_world,
    note,
    open_run,
    problem_of,
    report,
    serving,
    start,
)
from tests.gateways.test_viewers import Servers, Viewer, serve


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Servers]:
    """Two servers on one file, whose figures are never old."""
    monkeypatch.setattr(system, "FRESH_S", -1.0)
    async with serve(tmp_path) as servers:
        yield servers


async def figures(servers: Servers, number: int = 0) -> Any:
    """What one of them tells; it fits its model."""
    answer = await servers.clients[number].get("/v1/system")
    assert answer.status_code == 200, answer.text
    SystemAnswer.model_validate_json(answer.content)
    return answer.json()


async def test_the_figures_of_all_processes_are_added_up(two: Servers) -> None:
    """Each counts for itself: nothing twice."""
    before = await figures(two)
    assert (before["complete"], before["asked"], before["answered"], before["missing"]) == (True, 2, 2, [])
    run = await open_run(two.clients[0])
    streams = [await two.watch(number, f"/v1/runs/{run['id']}/stream?client=ts/0.1.0") for number in (0, 1, 1)]
    receipt = await report(two.clients[0], run["id"], *[note() for _ in range(5)])
    await eventually(lambda: all(len(stream.named("note")) == 5 for stream in streams))
    after = await figures(two, 1)
    assert after["viewers"] == [{"transport": "sse", "client": "ts/0.1.0", "count": 3}]
    assert sorted(sum(one["count"] for one in each["viewers"]) for each in after["processes"]) == [1, 2]
    counted = {name: after["counts"][name] - before["counts"][name] for name in after["counts"]}
    assert (counted["deliveries"], counted["connects"]) == (15, 3)
    assert counted["events"] == receipt["seq"]
    assert counted["sent_bytes"] > 0
    for name, count in after["counts"].items():
        assert count == sum(each["counts"][name] for each in after["processes"])
    assert after["sizes"]["open"] == 3
    for timed in after["times"].values():
        assert len(timed["counts"]) == len(timed["bounds"]) + 1
    assert sum(after["times"]["append_to_write_seconds"]["counts"]) >= 2
    assert sum(after["times"]["append_seconds"]["counts"]) >= 1


async def test_each_process_says_what_it_is(two: Servers) -> None:
    """So that its operator finds it."""
    found = await figures(two)
    assert [each["id"] for each in found["processes"]] == sorted(each["id"] for each in found["workers"])
    for each in found["processes"]:
        assert (each["pid"], each["version"], each["role"], each["draining"]) == (os.getpid(), VERSION, "server", False)
        assert each["late_s"] >= 0
        assert each["seconds"] >= 0
        assert each["store"]["watchers"] >= 1
    assert found["store"] == {"name": "sqlite", "ok": True, "trouble": None, "durable": True}
    assert (found["engine"]["name"], found["engine"]["ok"]) == ("embedded", True)
    assert found["transports"]["on"] == ["ingest", "poll", "sse"]
    assert (found["jobs"], found["jobs_complete"], found["listeners"]) == ([], True, [])


async def test_what_is_worked_on_and_what_waits(tmp_path: Path) -> None:
    """By the store, which knows it also of a worker that hangs."""
    world = make_world(SqliteStore(tmp_path / "runs.db"), concurrency=1)
    async with serving(world) as client:
        held = await start(client, wait=True)
        waits = [await start(client) for _ in range(2)]
        async with asyncio.timeout(25):
            while (await client.get(f"/v1/runs/{held['id']}")).json()["status"] != "running":
                await asyncio.sleep(0.01)
        found = (await client.get("/v1/system")).json()
        (job,) = found["jobs"]
        assert (job["job"], job["queued"], job["running"]) == ("trip", 2, 1)
        listed = {run["id"]: run["updated_at"] for run in (await client.get("/v1/runs")).json()["runs"]}
        assert job["queued_since"] == min(listed[run["id"]] for run in waits)
        (worker,) = found["workers"]
        assert [(run["run_id"], run["job"], run["attempt"]) for run in worker["running"]] == [(held["id"], "trip", 1)]
        assert not worker["gone"]
        world.gate.set()


async def test_a_process_that_does_not_answer_is_missing(two: Servers) -> None:
    """The others are told of, and it is listed with what the store knows."""
    silent = await two.worlds[0].hw.store.join()
    found = await figures(two)
    assert (found["complete"], found["asked"], found["answered"], found["missing"]) == (False, 3, 2, [silent])
    assert len(found["processes"]) == 2
    assert silent in [each["id"] for each in found["workers"]]


async def test_while_the_store_is_away_a_server_tells_of_itself(two: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what is the matter: this page is looked at when something is."""

    async def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("it does not answer")

    for name in ("workers", "post", "posted", "setting", "list_runs", "claimed"):
        monkeypatch.setattr(two.worlds[0].hw.store, name, away)
    found = await figures(two)
    assert not found["complete"]
    assert (found["asked"], found["answered"], len(found["processes"])) == (1, 1, 1)
    assert found["store"]["trouble"] == "it does not answer"
    assert not found["store"]["ok"]
    assert found["workers"] == []


async def test_many_who_look_ask_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page in twenty browsers costs as much as in one."""
    monkeypatch.setattr("headway.ops.system.FRESH_S", 60)  # all of them come while the answer is fresh
    async with serve(tmp_path) as two:
        asked = 0
        ask = two.worlds[0].hw.services.processes.ask

        async def count(*args: Any, **options: Any) -> Any:
            nonlocal asked
            asked += 1
            return await ask(*args, **options)

        two.worlds[0].hw.services.processes.ask = count  # type: ignore[method-assign]
        await asyncio.gather(*(two.clients[0].get("/v1/system") for _ in range(20)))
        assert asked == 1


async def test_transports_are_switched_for_all_servers(two: Servers) -> None:
    """Streams go on by polling; null is what the servers were started with."""
    run = await open_run(two.clients[0])
    streams = [await two.watch(number, f"/v1/runs/{run['id']}/stream") for number in range(2)]
    known = {"known": ["sse", "poll", "ingest"], "on": ["ingest", "poll", "sse"], "set": False}
    assert (await two.clients[0].get("/v1/transports")).json() == known
    answer = await two.clients[0].post("/v1/transports", json={"on": ["poll", "ingest"]})
    assert answer.json() == {**known, "on": ["ingest", "poll"], "set": True}
    await eventually(lambda: all(stream.over for stream in streams))
    assert [stream.named("end")[0]["use"] for stream in streams] == ["poll", "poll"]
    assert (await two.clients[0].post("/v1/transports", json={"on": None})).json() == known
    problem_of(await two.clients[0].post("/v1/transports", json={"on": ["telegraph"]}), 400, "bad_request")
    problem_of(await two.clients[0].post("/v1/transports", json={}), 400, "bad_request")


async def test_an_application_asks_in_python(tmp_path: Path) -> None:
    """The same, as `hw.connections` and `hw.notices`."""
    async with AsyncExitStack() as stack:
        world = make_world(SqliteStore(tmp_path / "runs.db"))
        client = await stack.enter_async_context(serving(world))
        hw = world.hw
        run = await hw.open("report", title="mine", group="reports")
        async with client.stream("GET", f"/v1/runs/{run.id}/stream?client=ts/0.1.0") as stream:
            viewer = Viewer(stream)
            stack.push_async_callback(viewer.close)
            await eventually(lambda: viewer.named("snapshot"))
            page = await hw.connections.list(run=run.id)
            (one,) = page.connections
            assert (one.client, one.watched, page.total, page.reach.complete) == ("ts/0.1.0", (run.id,), 1, True)
            assert one.id == viewer.id
            assert await hw.connections.get(one.id) == one
            status = await hw.connections.status()
            assert (status.open, status.stalled, status.viewers) == (1, 0, {("sse", "ts/0.1.0"): 1})
            assert (await hw.connections.send(one.id, "hello")).reached == 1
            assert (await hw.connections.broadcast("hello", group="reports", level="warning")).reached == 1
            put = await hw.notices.put("stands", for_s=60)
            assert [notice.id for notice in await hw.notices.list()] == [put.id]
            await hw.notices.end(put.id)
            assert not await hw.notices.list()
            await hw.connections.close(one.id)
        assert run.handle.links.self.startswith(PREFIX)
