"""The log loses its tail under a server with viewers: a backup is put back into the open file."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from headway.client import Client
from headway.core.events import NewEvent, new_event
from headway.core.fold import Fold
from headway.stores.projection import read_log
from headway.stores.sqlite import SqliteStore
from tests.integration.servers import ServerProcess
from tests.wire import Viewer


def delta(text: str) -> NewEvent:
    """A piece of text."""
    return new_event("output.appended", {"key": "text", "delta": text})


def copy(source: Path, target: Path) -> None:
    """Copy a database as SQLite's own backup does, also from and to one that is in use."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


async def follow(viewer: Viewer, seq: int) -> None:
    """Watch until so much was seen."""
    async with asyncio.timeout(20):
        await viewer.follow(until=lambda it: it.fold.seq == seq)


async def test_a_backup_is_put_back_under_a_live_stream(tmp_path: Path) -> None:
    """Who watches is told and gets the state as it is; a cursor of the lost tail is known as one, also later."""
    backup = tmp_path / "backup.db"
    async with ServerProcess(tmp_path) as server, Client(server.url) as client:
        run = await client.open("restored")
        run_id, execution_id = run["id"], run["execution_id"]
        head = (await client.append(run_id, execution_id, [delta("kept ")]))["seq"]
        copy(server.store, backup)
        *_, lost = [await client.append(run_id, execution_id, [delta("lost ")]) for _ in range(3)]
        path = f"/v1/runs/{run_id}/stream"
        live, away = Viewer(server.port, path), Viewer(server.port, path)
        await follow(live, head + 3)
        await follow(away, head + 3)
        assert away.cursor == lost["cursor"]

        watching = asyncio.create_task(live.follow(until=lambda it: it.fold.seq == head and it.resets == ["ahead"]))
        while len(live.opened) < 2:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(copy, backup, server.store)
        async with asyncio.timeout(20):
            await watching
        assert live.fold.snapshot()["outputs"]["text"]["text"] == "kept "

        for _ in range(5):  # past where the lost tail ended
            await client.append(run_id, execution_id, [delta("new ")])
        await client.append(run_id, execution_id, [new_event("run.succeeded", {"result": None})])
        async with asyncio.timeout(20):
            await asyncio.gather(live.follow(), away.follow())
        server.terminate()

    store = SqliteStore(server.store)
    await store.open()
    whole = Fold()
    async for event in read_log(store, run_id):
        whole.apply(event.envelope(), event.cursor)
    await store.close()
    assert whole.snapshot()["outputs"]["text"]["text"] == "kept " + "new " * 5
    for viewer in (live, away):
        assert viewer.resets == ["ahead"]
        assert viewer.fold.snapshot() == whole.snapshot()
