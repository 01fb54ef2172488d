"""One file, several processes: what they learn of each other, and a file that is put back to an older state."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from headway.core.cursor import Cursor
from headway.stores.base import Standing
from headway.stores.projection import Projections
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_work import create
from headway.stores.sqlite_writer import Transaction
from tests.stores.builders import (
    delta,
    listening,
    log,
    new_run,
    note,
    report,
    running,
    save,
)


async def test_much_news_is_news_of_anything(sqlite: SqliteStore, tmp_path: Path) -> None:
    """More runs than are worth naming, and what comes after them is named again."""
    other = SqliteStore(tmp_path / "headway.db")
    await other.open()

    def create_many(transaction: Transaction) -> None:
        for _ in range(1_100):
            create(transaction, new_run(), b"{}")

    async with listening(sqlite) as bell:
        await bell.until_told()
        await other._write(create_many)
        await bell.until_told()
        assert not bell.heard
        run = await running(other)
        await bell.until_told(run.id)
    await other.close()


async def test_a_log_that_lost_its_tail_is_noticed(tmp_path: Path) -> None:
    """A backup was put back and the log grew again: old cursors are ahead, a live projection begins anew."""
    path, backup = tmp_path / "headway.db", tmp_path / "backup.db"
    store = SqliteStore(path)
    await store.open()
    projections = Projections(store)
    run = await running(store)
    await report(store, run, delta("kept "))
    kept = (await log(store, run.id))[-1]
    await store.close()
    assert not path.with_name("headway.db-wal").exists()
    shutil.copy(path, backup)
    await store.open()
    lost = await report(store, run, delta("lost "), delta("lost too "))
    await save(store, run.id)
    assert (await projections.current(run.id)).snapshot()["outputs"]["text"]["text"] == "kept lost lost too "
    await store.close()
    shutil.copy(backup, path)
    await store.open()
    page = await store.read(run.id, after=Cursor(lost[-1].seq, lost[-1].tag))
    assert page.standing is Standing.AHEAD
    await report(store, run, delta("new "), delta("newer "), delta("newest "))
    for event in lost:
        page = await store.read(run.id, after=Cursor(event.seq, event.tag))
        assert (page.standing, list(page.events)) == (Standing.AHEAD, [])
    assert (await store.read(run.id, after=Cursor(kept.seq, kept.tag))).standing is Standing.GOOD
    assert (await projections.current(run.id)).snapshot()["outputs"]["text"]["text"] == "kept new newer newest "
    await store.close()


async def test_news_after_a_backup_was_put_back(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Under the eyes of an open store: it is news of anything, and what is written then is news again."""
    path, run = tmp_path / "headway.db", await running(sqlite)
    other = SqliteStore(path)
    await other.open()
    with (
        closing(sqlite3.connect(path, check_same_thread=False)) as file,
        closing(sqlite3.connect(tmp_path / "backup.db", check_same_thread=False)) as backup,
    ):
        file.backup(backup)
        for number in range(20):
            await report(sqlite, run, note(f"lost {number}"))
        async with listening(sqlite) as bell:
            await bell.until_told()
            await asyncio.to_thread(backup.backup, file)
            await bell.until_told()
            assert len(await log(sqlite, run.id)) == 2
            await report(other, run, note("new"))
            await bell.until_told(run.id)
    await other.close()
