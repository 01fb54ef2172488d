"""Whose turn it is when a message comes: that of the next try waits for the one before to hand back."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headway.app import Headway
from headway.client import Client
from headway.client.loop import LoopThread
from headway.client.spool import Header, Spool, SpoolFile
from headway.contrib.delivery import Delivery, Done, begin, hand_back
from headway.core.events import NewEvent, new_event
from headway.core.run import RunStatus
from headway.errors import Owned, StoreUnavailable
from tests.client.running import Running, running

LEASE_S = 30.0


@pytest.fixture
def server() -> Iterator[Running]:
    """Headway's own routes."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """Where reports are sent from."""
    thread = LoopThread("reporting")
    yield thread
    thread.stop()


async def owned(client: Client, lease_s: float = LEASE_S) -> tuple[str, dict[str, Any]]:
    """A run with an execution under way."""
    run_id = (await client.open("task", queued=True, lease_s=lease_s))["id"]
    return run_id, await client.take_over(run_id, key="first")


def message(run_id: str, retries: int) -> Delivery:
    """Of a run that is there."""

    async def never(client: Client) -> dict[str, Any]:
        raise AssertionError("it is there")

    return Delivery(run_id, never, retries)


async def beating(client: Client, run_id: str, execution_id: str) -> None:
    """Sign after sign of life."""
    while True:
        await client.append(run_id, execution_id, [])
        await asyncio.sleep(0.05)


async def test_the_message_of_the_next_try_waits_for_the_one_before(server: Running, loop: LoopThread) -> None:
    """That is still alive, and says so: what it asked for must not be given up because of it."""
    async with Client(server.url) as client:
        run_id, first = await owned(client)
        signs = asyncio.create_task(beating(client, run_id, first["execution_id"]))
        beginning = asyncio.create_task(begin(client, message(run_id, 1), LEASE_S, loop))
        await asyncio.sleep(1.5)  # three looks
        assert not beginning.done()
        signs.cancel()
        await asyncio.gather(signs, return_exceptions=True)
        await client.hand_back(run_id, first["execution_id"])
        async with asyncio.timeout(30):
            await beginning
        assert (await client.get(run_id))["attempt"] == 2


async def test_the_same_message_again_is_given_up_while_its_owner_lives(server: Running, loop: LoopThread) -> None:
    """As soon as there is a sign of that."""
    async with Client(server.url) as client:
        run_id, first = await owned(client)
        signs = asyncio.create_task(beating(client, run_id, first["execution_id"]))
        with pytest.raises(Owned):
            async with asyncio.timeout(30):
                await begin(client, message(run_id, 0), LEASE_S, loop)
        signs.cancel()
        await asyncio.gather(signs, return_exceptions=True)


# -- what the execution before has left


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    """Where reports wait."""
    monkeypatch.setenv("HEADWAY_SPOOL", str(tmp_path))
    return Spool(tmp_path)


def kept(spool: Spool, client: Client, run_id: str, execution_id: str, *events: NewEvent) -> SpoolFile:
    """A file of a reporter that could not send them."""
    file = spool.begin(Header(client.url, run_id, execution_id), "stem")
    file.write([replace(event, key=f"stem/{number}") for number, event in enumerate(events)])
    return file


async def test_work_that_was_done_while_the_server_was_away_is_not_done_again(
    server: Running, loop: LoopThread, spool: Spool
) -> None:
    """Its end waits in the spool: whoever gets the message again sends it, and has nothing to do."""
    async with Client(server.url) as client:
        run_id, first = await owned(client)
        finished = new_event("run.succeeded", {"result": 42})
        kept(spool, client, run_id, first["execution_id"], new_event("note", {"body": "hello"}), finished).close()
        done = await begin(client, message(run_id, 0), LEASE_S, loop)
        assert done == Done(RunStatus.SUCCEEDED, 42)
        assert [note["body"] for note in (await client.get(run_id))["notes"]] == ["hello"]


async def test_what_a_dead_worker_said_stands_before_what_the_next_one_says(
    server: Running, loop: LoopThread, spool: Spool
) -> None:
    """It is sent while its execution is the current one; and it is no sign of life of it."""
    async with Client(server.url) as client:
        run_id, first = await owned(client, 4)
        file = kept(spool, client, run_id, first["execution_id"], new_event("note", {"body": "last words"}))
        beginning = asyncio.create_task(begin(client, message(run_id, 0), LEASE_S, loop))
        await asyncio.sleep(0.6)  # it has looked: somebody else is at the file
        file.close()
        async with asyncio.timeout(20):
            assert not isinstance(await beginning, Done)
        events = (await client.events(run_id))["events"]
        notes = [(event["data"]["body"], event["execution_id"]) for event in events if event["type"] == "note"]
        assert notes == [("last words", first["execution_id"])]
        assert (await client.get(run_id))["attempt"] == 2


@pytest.mark.parametrize(
    "content", [b"", b'{"headway_spool":1,"url":"http://elsewhere","run_id":"r","execution_id":"e"}\n']
)
async def test_what_nobody_here_can_send_holds_up_no_work(
    server: Running, loop: LoopThread, spool: Spool, content: bytes
) -> None:
    """Its writer died before it had said whose it is, or the server has another address by now."""
    async with Client(server.url) as client:
        run_id = (await client.open("task", queued=True, lease_s=LEASE_S))["id"]
        left = spool.folder / f"{run_id}-stem.events"
        left.write_bytes(content)
        async with asyncio.timeout(20):
            begun = await begin(client, message(run_id, 0), LEASE_S, loop)
        assert not isinstance(begun, Done)
        state = await client.get(run_id)
        await hand_back(run_id, state["execution_id"], client)
        assert (await client.get(run_id))["status"] == "queued"
        assert left.exists()


async def test_a_writer_that_hangs_is_waited_for_as_long_as_its_lease(
    server: Running, loop: LoopThread, spool: Spool
) -> None:
    """It holds its file for as long as it lives, and may never send what is in it."""
    async with Client(server.url) as client:
        run_id, first = await owned(client, 0.5)
        with kept(spool, client, run_id, first["execution_id"], new_event("note", {"body": "too late"})):
            async with asyncio.timeout(20):
                assert not isinstance(await begin(client, message(run_id, 0), 0.5, loop), Done)
        state = await client.get(run_id)
        assert (state["attempt"], state["notes"]) == (2, [])


async def test_a_run_is_handed_back_when_all_was_heard(server: Running, spool: Spool) -> None:
    """What somebody else is sending would be refused afterwards."""
    async with Client(server.url) as client:
        run_id, first = await owned(client)
        file = kept(spool, client, run_id, first["execution_id"], new_event("note", {"body": "hello"}))
        with pytest.raises(StoreUnavailable):
            await hand_back(run_id, first["execution_id"], client)
        assert (await client.get(run_id))["status"] == "running"
        file.close()
        await hand_back(run_id, first["execution_id"], client)
        state = await client.get(run_id)
        assert (state["status"], [note["body"] for note in state["notes"]]) == ("queued", ["hello"])
