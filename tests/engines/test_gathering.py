"""What processes count that an engine has forked: on the page of their worker, and of the server that keeps it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from headway.engines import gathering
from headway.engines.gathering import Gathered, keep
from headway.engines.numbers import follow
from headway.measures import ATTEMPT_SECONDS, EVENTS, Measures
from tests.checkout import ROOT
from tests.engines.plant import PATIENCE_S, Plant, Setting
from tests.integration.servers import free_port
from tests.stores.conftest import fresh_prefix
from tests.stores.redis_server import RedisServer


async def test_the_sum_is_shown_and_never_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of processes that count and of those that have ended; counts and times alike."""
    monkeypatch.setattr(gathering, "TELL_EVERY_S", 0.01)
    shown, processes = Gathered(tmp_path), [Measures() for _ in range(3)]
    assert shown.counters(EVENTS) == {}
    overs = [asyncio.Event() for _ in processes]
    keeping = [asyncio.create_task(keep(one, tmp_path, over)) for one, over in zip(processes, overs, strict=True)]
    for number, one in enumerate(processes, 1):
        one.count(EVENTS, "note", by=number)
        one.observe(ATTEMPT_SECONDS, 0.2, "j", "finished")
    async with asyncio.timeout(20):
        while shown.counters(EVENTS) != {("note",): 6}:
            await asyncio.sleep(0.01)
    processes[0].count(EVENTS, "note", by=10)
    overs[0].set()
    await keeping[0]
    assert shown.counters(EVENTS) == {("note",): 16}
    for over in overs:
        over.set()
    await asyncio.gather(*keeping)
    server = Measures()
    server.show("worker", shown.dump())
    for each in (shown, server):
        assert each.counters(EVENTS) == {("note",): 16}
        assert each.histograms(ATTEMPT_SECONDS)["j", "finished"].count == 3


@pytest.fixture
async def plant(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Plant]:
    """With Celery's prefork; nothing is started yet."""
    made = Plant(tmp_path, Setting("celery", "redis", "prefork"), fresh_prefix(redis_server))
    await made.hw.__aenter__()
    yield made
    await made.close()


@pytest.mark.slow
async def test_celerys_processes_are_on_the_page_of_their_worker(plant: Plant) -> None:
    """Those of one that died, too."""
    port = free_port()
    command = [sys.executable, "-m", "headway", "worker", plant.target, "--metrics", f"127.0.0.1:{port}"]
    plant.workers.append(plant.spawn(*command, HEADWAY_CONCURRENCY="2"))
    runs = [await plant.start("once", 0.0) for _ in range(6)]
    assert await plant.ended(*runs) == ["succeeded"] * 6
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_S):

        async def finished(count: int) -> None:
            line = f'headway_attempt_seconds_count{{job="once",outcome="finished"}} {count}.0'
            while line not in (await client.get(f"http://127.0.0.1:{port}/metrics")).text:
                await asyncio.sleep(0.1)

        await finished(6)
        os.kill(plant.executions(runs[0])[0][0], signal.SIGKILL)
        more = await plant.start("once", 0.0)
        await plant.ended(more)
        await finished(7)


@pytest.mark.slow
async def test_celerys_processes_are_told_to_the_server_that_keeps_their_worker(plant: Plant) -> None:
    """The last numbers, too: those of what was handed back while it stopped."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    command = [sys.executable, "-m", "headway.worker", plant.target, "--numbers-to", str(writing)]
    environment = {**os.environ, **plant.environment, "HEADWAY_CONCURRENCY": "2"}
    worker = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    plant.workers.append(worker)
    server = Measures()
    following = asyncio.create_task(follow(server, reading, "worker"))
    run_id = await plant.start("once", 0.0)
    assert await plant.ended(run_id) == ["succeeded"]
    held = await plant.start("once", 600.0)
    await plant.executing(held)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, PATIENCE_S) == 0
    async with asyncio.timeout(PATIENCE_S):
        await following
    attempts = server.histograms(ATTEMPT_SECONDS)
    assert {outcome: times.count for (_, outcome), times in attempts.items()} == {"finished": 1, "handed_back": 1}
