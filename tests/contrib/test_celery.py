"""Celery tasks as runs: a real worker with forked children, a real Redis that delivers again after a second."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from headway.app import Headway
from headway.client import Client
from headway.core.events import RunCancelled, new_event
from tests.checkout import ROOT, python_path
from tests.client.running import running
from tests.integration.servers import ServerProcess
from tests.stores.redis_server import RedisServer

SHOP = "tests.contrib.celery_shop"


@dataclass
class Shop:
    """An application, its broker, its workers, and the Headway it reports to."""

    broker: RedisServer
    client: Client
    folder: Path
    keys: redis.Redis
    url: str
    lease_s: str = "15"
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make what sends the tasks: it knows their names only, as another service does."""
        self.app = Celery("sender", broker=self.broker.url, set_as_current=False)

    def work(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker with two children."""
        environment = {
            **os.environ,
            "PYTHONPATH": python_path(ROOT),
            "SHOP_BROKER": self.broker.url,
            "SHOP_HEADWAY": self.url,
            "SHOP_LEASE_S": self.lease_s,
            "HEADWAY_SPOOL": str(self.folder / "spool"),
        }
        command = [sys.executable, "-m", "celery", "-A", SHOP, "worker", "-c", "2", "-l", "info", "--without-mingle"]
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [*command, "--without-gossip", *options],
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """`kill -9` of a worker and all of its children."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.workers.remove(worker)

    def send(self, task: str, *args: Any, **options: Any) -> Any:
        """Send a message; return Celery's result."""
        return self.app.send_task(f"{SHOP}.{task}", args, **options)

    def received(self, sent: Any) -> int:
        """How often workers got the message of a task."""
        return int(self.keys.get(f"received:{sent.id}") or 0)

    async def until(self, wanted: Callable[[], Any]) -> Any:
        """Wait for something to be true."""
        async with asyncio.timeout(60):
            while not (got := wanted()):
                await asyncio.sleep(0.02)
        return got

    async def begun(self, name: str) -> str:
        """Wait until a task says that it has begun; return its run."""
        run_id: bytes = await self.until(lambda: self.keys.get(f"begun:{name}"))
        return run_id.decode()

    def outcome(self, sent: Any) -> tuple[str, Any]:
        """Celery's state of a task and its result."""
        kept = json.loads(self.keys.get(f"celery-task-meta-{sent.id}") or '{"status": "PENDING", "result": null}')
        return kept["status"], kept["result"]

    async def result(self, sent: Any, status: str = "SUCCESS") -> Any:
        """Wait for Celery's result."""
        await self.until(lambda: self.outcome(sent)[0] == status)
        return self.outcome(sent)[1]

    async def ended(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has ended; return its state."""
        async with asyncio.timeout(60):
            while (state := await self.client.get(run_id))["finished_at"] is None:
                await asyncio.sleep(0.05)
        return state

    async def said(self, name: str, more: int) -> int:
        """Wait until a task has said so many things more; return how many it has said."""
        before = int(self.keys.get(f"said:{name}") or 0)
        return int(await self.until(lambda: (n := int(self.keys.get(f"said:{name}") or 0)) >= before + more and n))

    async def notes(self, run_id: str) -> list[str]:
        """Return what stands in the log of a run."""
        found, after = [], None
        while True:
            page = await self.client.events(run_id, after=after, limit=500)
            found += [event["data"]["body"] for event in page["events"] if event["type"] == "note"]
            if not page["more"]:
                return found
            after = page["cursor"]

    async def run_of(self, sent: Any, kind: str) -> dict[str, Any]:
        """Find the run of a task that was sent, and wait for its end."""
        async with asyncio.timeout(60):
            while True:
                runs = (await self.client.runs(job=f"{SHOP}.{kind}"))["runs"]
                for run in runs:
                    if run["metadata"].get("celery_task_id") == sent.id:
                        return await self.ended(run["id"])
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis."""
    server = RedisServer(tmp_path_factory.mktemp("broker"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def shop(broker: RedisServer, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop without workers."""
    with running(Headway("memory://", worker="none")) as server, broker.client() as keys:
        keys.flushall()
        async with Client(server.url) as client:
            made = Shop(broker, client, tmp_path, keys, server.url)
            yield made
            for worker in list(made.workers):
                made.kill(worker)
            made.app.close()


@pytest.fixture
async def own(broker: RedisServer, tmp_path: Path) -> AsyncIterator[tuple[Shop, ServerProcess]]:
    """A shop, and the process of the Headway it reports to."""
    async with ServerProcess(tmp_path) as server, Client(server.url) as client:
        with broker.client() as keys:
            keys.flushall()
            made = Shop(broker, client, tmp_path, keys, server.url)
            yield made, server
            for worker in list(made.workers):
                made.kill(worker)
            made.app.close()


@pytest.fixture
def name() -> str:
    """What a task is called in this test."""
    return uuid.uuid4().hex[:8]


async def test_each_execution_is_a_run(shop: Shop, name: str) -> None:
    """With phases, items, notes, the result and what the task says about it; Celery has its result, too."""
    shop.work()
    sent = shop.send("build", name)
    run_id = await shop.begun(name)
    state = await shop.client.get(run_id)
    assert (state["status"], state["job"], state["title"]) == ("running", f"{SHOP}.build", "Build it")
    assert (state["group"], state["metadata"]["celery_task_id"]) == ("orders", sent.id)
    shop.keys.set(f"go:{name}", 1)
    assert await shop.result(sent) == {"ran": 1}
    state = await shop.ended(run_id)
    assert (state["status"], state["result"], state["progress"]["percent"]) == ("succeeded", {"ran": 1}, 100)
    assert state["items"]["page:1"]["status"] == "finished"
    assert [note["body"] for note in state["notes"]] == ["done"]
    hidden, strange = shop.send("hidden"), shop.send("strange")
    assert await shop.result(hidden) is True
    assert len(await shop.result(strange)) == 300_000
    assert (await shop.run_of(strange, "strange"))["result"] is None
    assert (await shop.client.runs(job=f"{SHOP}.hidden"))["runs"] == []


async def test_a_task_that_outlives_the_visibility_time_out_runs_once(shop: Shop, name: str) -> None:
    """Three are delivered three times and more: each has one execution, whoever got the message again."""
    shop.lease_s = "6"
    shop.work()
    shop.work("-n", "other@%h", "-c", "4")
    names = [f"{name}-{number}" for number in range(3)]
    sent = [shop.send("build" if number < 2 else "compute", one) for number, one in enumerate(names)]
    runs = [await shop.begun(one) for one in names]
    await shop.until(lambda: min(shop.received(one) for one in sent) >= 2)
    again = [
        shop.send("build" if number < 2 else "compute", one, task_id=sent[number].id)
        for number, one in enumerate(names)
    ]
    await shop.until(lambda: min(shop.received(one) for one in again) >= 3)
    for one in names:
        shop.keys.set(f"go:{one}", 1)
    assert [await shop.result(one) for one in sent] == [{"ran": 1}, {"ran": 1}, "computed"]
    for run_id in runs:
        state = await shop.ended(run_id)
        assert (state["status"], [one["attempt"] for one in state["executions"]]) == ("succeeded", [1])


async def test_a_killed_worker_s_task_is_taken_over_when_its_lease_is_over(shop: Shop, name: str) -> None:
    """By whoever gets the message again: one execution more, and the run ends well."""
    shop.lease_s = "1.5"
    first = shop.work()
    sent = shop.send("build", name)
    run_id = await shop.begun(name)
    shop.kill(first)
    shop.work()
    shop.keys.set(f"go:{name}", 1)
    assert await shop.result(sent) == {"ran": 2}
    state = await shop.ended(run_id)
    assert state["status"] == "succeeded"
    reasons = [one["reason"] for one in state["executions"]]
    assert reasons in (["created", "takeover"], ["created", "reopened"])


async def test_a_killed_worker_s_run_fails_when_nobody_comes(shop: Shop, name: str) -> None:
    """Viewers do not wait for ever."""
    shop.lease_s = "1"
    worker = shop.work()
    shop.send("build", name)
    run_id = await shop.begun(name)
    shop.kill(worker)
    state = await shop.ended(run_id)
    assert (state["status"], state["error"]["code"]) == ("failed", "worker_lost")


async def test_retries_are_executions_of_one_run(shop: Shop) -> None:
    """In between it is queued; the last failure ends it."""
    shop.work()
    well, badly = shop.send("shaky", 2), shop.send("shaky", 9)
    assert await shop.result(well) == 2
    state = await shop.run_of(well, "shaky")
    assert (state["status"], state["result"]) == ("succeeded", 2)
    assert [one["reason"] for one in state["executions"]] == ["created", "retry", "retry"]
    assert [error["code"] for error in state["errors"]] == ["retried", "retried"]
    assert "OSError: try 0" in state["errors"][0]["message"]
    assert "try 3" in str((await shop.result(badly, "FAILURE"))["exc_message"])
    state = await shop.run_of(badly, "shaky")
    assert (state["status"], state["attempt"], state["error"]["message"]) == ("failed", 4, "OSError: try 3")


async def test_a_message_delivered_again_after_a_failure_leaves_it_a_failure(shop: Shop, name: str) -> None:
    """Celery notes that a task has begun before anybody can look whether its run has ended."""
    shop.work("-c", "1")
    sent = shop.send("breaks", name)
    run_id = await shop.begun(name)
    await shop.until(lambda: shop.received(sent) > 1 or shop.keys.llen("celery"))
    shop.keys.set(f"go:{name}", 1)
    assert (await shop.ended(run_id))["error"]["message"] == "OSError: broken"
    await shop.until(lambda: shop.received(sent) > 1)
    await shop.result(shop.send("compute", name))
    status, said = shop.outcome(sent)
    assert (status, said["exc_type"]) == ("FAILURE", "RunUnsuccessful")
    assert "the run has failed: OSError: broken" in str(said["exc_message"])
    assert len((await shop.client.get(run_id))["executions"]) == 1


async def test_a_viewer_s_cancel_stops_the_task(shop: Shop, name: str) -> None:
    """Where it reports next; to Celery it is revoked."""
    shop.work()
    sent = shop.send("endless", name)
    run_id = await shop.begun(name)
    await shop.client.cancel(run_id)
    assert (await shop.ended(run_id))["status"] == "cancelled"
    await shop.result(sent, "REVOKED")


@pytest.mark.parametrize(("ignore", "statuses"), [(False, {"REVOKED"}), (True, {"STARTED", "REVOKED"})])
async def test_a_task_that_stops_after_its_run_was_given_up(
    shop: Shop, name: str, ignore: bool, statuses: set[str]
) -> None:
    """It did not stop in time, and was cancelled for it; to Celery it has not failed.

    Who ignores leaves no state behind, unless its message was delivered once more: that one finds the run cancelled.
    """
    shop.lease_s = "3"
    shop.work("-c", "1")
    sent = shop.send("late", name, ignore)
    run_id = await shop.begun(name)
    await shop.client.cancel(run_id)
    await shop.until(lambda: shop.keys.exists(f"heard:{name}"))
    await shop.client.append(run_id, None, [new_event("run.cancelled", RunCancelled(reason=None, forced=True))])
    shop.keys.set(f"go:{name}", 1)
    await shop.result(shop.send("compute", name))
    assert shop.outcome(sent)[0] in statuses


async def test_revoked_tasks_are_cancelled_runs(shop: Shop, name: str) -> None:
    """One that runs, and one that has not begun."""
    shop.work("-c", "1")
    sent = shop.send("endless", name)
    waiting = shop.send("build", name)
    run_id = await shop.begun(name)
    shop.app.control.revoke(waiting.id)
    shop.app.control.revoke(sent.id, terminate=True)
    state = await shop.ended(run_id)
    assert (state["status"], state["executions"][-1]["attempt"]) == ("cancelled", 1)
    assert (await shop.run_of(waiting, "build"))["status"] == "cancelled"
    assert not shop.keys.exists(f"ran:{name}")


async def test_a_run_of_the_application_s_own(shop: Shop, name: str) -> None:
    """Opened as queued where the request came in, named in the message; nothing else is created."""
    handle = await shop.client.open("Order 17", kind="order", queued=True, lease_s=30)
    assert handle["status"] == "queued"
    shop.work()
    shop.keys.set(f"go:{name}", 1)
    sent = shop.send("build", name, headers={"headway_run": handle["id"]})
    await shop.result(sent)
    state = await shop.ended(handle["id"])
    assert (state["status"], state["title"], state["attempt"]) == ("succeeded", "Order 17", 1)
    assert len((await shop.client.runs())["runs"]) == 1


async def test_tasks_run_while_headway_is_away(shop: Shop, name: str) -> None:
    """Not shown, with a handle like any other."""
    shop.url = "http://127.0.0.1:9"
    shop.work()
    shop.keys.set(f"go:{name}", 1)
    assert await shop.result(shop.send("compute", name)) == "computed"
    assert (await shop.client.runs())["runs"] == []


async def test_a_task_that_is_not_shown_hands_no_run_back(shop: Shop) -> None:
    """There is none: it is tried again without a word to anybody."""
    shop.url = "http://127.0.0.1:9"
    shop.work("-c", "1")
    sent = shop.send("shaky", 3)
    await shop.until(lambda: shop.outcome(sent)[0] == "RETRY")
    log = (shop.folder / "worker-0.log").read_text()
    assert "runs without being shown" in log
    assert "next try" not in log


# -- the server goes away in the middle


async def test_a_server_that_is_killed_under_a_task_hears_all_of_it(own: tuple[Shop, ServerProcess], name: str) -> None:
    """The task goes on meanwhile; what it said stands in the log once and in order, and its one execution ends well."""
    shop, server = own
    shop.work("-c", "1")
    sent = shop.send("chatty", name)
    run_id = await shop.begun(name)
    for _ in range(2):
        await shop.said(name, 20)
        server.kill()
        await shop.said(name, 50)
        await server.start()
    await shop.said(name, 20)
    shop.keys.set(f"go:{name}", 1)
    said = await shop.result(sent)
    state = await shop.ended(run_id)
    assert (state["status"], state["result"], state["attempt"]) == ("succeeded", said, 1)
    assert await shop.notes(run_id) == [str(number) for number in range(1, said + 1)]


async def test_a_task_that_ends_while_the_server_is_away_is_told_of_when_it_is_back(
    own: tuple[Shop, ServerProcess], name: str
) -> None:
    """By its worker, also if nothing else comes to do; before its lease is over."""
    shop, server = own
    shop.lease_s = "4"
    shop.work("-c", "1")
    sent = shop.send("chatty", name)
    run_id = await shop.begun(name)
    await shop.said(name, 20)
    server.kill()
    await shop.said(name, 20)
    shop.keys.set(f"go:{name}", 1)
    said = await shop.result(sent)
    await server.start()
    state = await shop.ended(run_id)
    assert (state["status"], state["result"], state["attempt"]) == ("succeeded", said, 1)
    assert await shop.notes(run_id) == [str(number) for number in range(1, said + 1)]


async def test_a_task_that_is_tried_again_while_the_server_is_away(own: tuple[Shop, ServerProcess], name: str) -> None:
    """What the first try said is heard before the second begins."""
    shop, server = own
    shop.lease_s = "4"
    shop.work("-c", "1")
    sent = shop.send("chatty", name, True)
    run_id = await shop.begun(name)
    await shop.said(name, 20)
    server.kill()
    await shop.said(name, 20)
    shop.keys.set(f"go:{name}", 1)
    await shop.until(lambda: shop.outcome(sent)[0] == "RETRY")
    await server.start()
    said = await shop.result(sent)
    state = await shop.ended(run_id)
    assert (state["status"], state["result"], len(state["executions"])) == ("succeeded", said, 2)
    assert await shop.notes(run_id) == [str(number) for number in range(1, said + 1)]
