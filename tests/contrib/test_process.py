"""A process that reports for others: what could not be said while the server was away is said when it is back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from headway.app import Headway
from headway.client import Client
from headway.client.spool import Header, Spool
from headway.contrib.process import Process
from headway.core.events import new_event
from headway.errors import StoreUnavailable
from tests.client.running import Running, running, wire


@pytest.fixture
def server() -> Iterator[Running]:
    """Headway's own routes."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


async def test_what_was_left_is_sent_when_the_server_is_back(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was left while it was tried; and each once."""
    monkeypatch.setenv("HEADWAY_SPOOL", str(tmp_path))
    async with Client(server.url) as client, wire(server) as network:
        handle = await client.open("elsewhere")
        process, spool = Process(network.url, None, None), Spool(tmp_path)
        network.switch("closed")
        for number in range(3):
            file = spool.begin(Header(network.url, handle["id"], handle["execution_id"]), f"stem{number}")
            file.write([new_event("note", {"body": str(number)}, key=str(number))])
            file.close()
            await asyncio.to_thread(process.flush_soon)
            await asyncio.sleep(0.15)
        assert len(spool.files()) == 3
        network.switch("open")
        async with asyncio.timeout(20):
            while spool.files():
                await asyncio.sleep(0.02)
        notes = [note["body"] for note in (await client.get(handle["id"]))["notes"]]
        assert sorted(notes) == ["0", "1", "2"]
        await asyncio.to_thread(process.loop.stop)


async def test_work_is_done_when_the_server_is_back_or_given_up_where_it_is_refused(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """A run is handed back; another one is not there."""
    async with Client(server.url) as client, wire(server) as network:
        handle = await client.open("elsewhere")
        process = Process(network.url, None, None)
        network.switch("closed")
        await asyncio.to_thread(process.see_to, lambda mine: mine.hand_back(handle["id"], handle["execution_id"]))
        await asyncio.to_thread(process.see_to, lambda mine: mine.hand_back("run_none", "exe_none"))
        await asyncio.sleep(0.15)
        assert (await client.get(handle["id"]))["status"] == "running"
        network.switch("open")
        async with asyncio.timeout(20):
            while (await client.get(handle["id"]))["status"] != "queued" or "given up" not in caplog.text:
                await asyncio.sleep(0.02)
        await asyncio.to_thread(process.loop.stop)


async def test_what_cannot_be_done_yet_holds_up_nothing_else(server: Running) -> None:
    """However long it takes: each is tried in its turn."""
    async with Client(server.url) as client:
        handle = await client.open("elsewhere")
        process, tried = Process(server.url, None, None), 0

        async def never(_client: Client) -> None:
            nonlocal tried
            tried += 1
            raise StoreUnavailable("somebody is at it")

        await asyncio.to_thread(process.see_to, never)
        await asyncio.to_thread(process.see_to, lambda mine: mine.hand_back(handle["id"], handle["execution_id"]))
        async with asyncio.timeout(20):
            while (await client.get(handle["id"]))["status"] != "queued" or tried < 2:
                await asyncio.sleep(0.02)
        await asyncio.to_thread(process.loop.stop)
