"""One file, several processes: they append to it, follow it, die over it, and it is put back to an older state."""

import asyncio
import json
import random
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from headway.core.cursor import Cursor
from headway.core.fold import Fold
from headway.errors import Fenced
from headway.stores.base import Standing
from headway.stores.projection import Projections, read_log
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_work import create
from headway.stores.sqlite_writer import Transaction
from tests.stores.builders import (
    assert_true,
    data,
    delta,
    end,
    listening,
    log,
    new_run,
    note,
    report,
    requeue,
    running,
    save,
)
from tests.stores.process import Process, begin_together, ended

KILLS = 25


async def test_processes_append_to_one_run_and_follow_it(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Three write without a pause, this one too; two follow: every seq exactly once, in order."""
    path, run = tmp_path / "headway.db", await running(sqlite)
    writers = [Process("append", path, run.id, 150) for _ in range(3)]
    followers = [Process("follow", path, run.id, 450) for _ in range(2)]
    with ended(*writers, *followers):
        await begin_together(*writers, *followers)
        for number in range(100):
            await report(sqlite, run, note(f"mine {number}"))
        written = [await writer.hear() for writer in writers]
        await end(sqlite, run)
        events = await log(sqlite, run.id)
        for follower in followers:
            seen = await follower.hear()
            assert seen == list(range(1, len(seen) + 1))
    row = await sqlite.get(run.id)
    assert row is not None
    assert_true(events, row)
    assert len(events) == 2 + sum(written) + 100 + 1
    mine = [data(event)["body"] for event in events if event.type == "note" and "mine" in data(event)["body"]]
    assert mine == [f"mine {number}" for number in range(100)]


async def test_overlapping_keyed_batches_of_two_processes_stay_dense(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Each key is in the log exactly once, and the two know together of all of them."""
    path, run = tmp_path / "headway.db", await running(sqlite)
    both = [Process("keyed", path, run.id, 300) for _ in range(2)]
    with ended(*both):
        await begin_together(*both)
        written = [await process.hear() for process in both]
    events = await log(sqlite, run.id)
    row = await sqlite.get(run.id)
    assert row is not None
    assert_true(events, row)
    keys = [data(event)["body"] for event in events[2:]]
    assert sorted(keys, key=int) == [str(number) for number in range(305)]
    assert sum(written) == 305


async def test_news_of_other_processes(sqlite: SqliteStore, tmp_path: Path) -> None:
    """The doorbell rings for runs that another process wrote to, and for its settings and deletions."""
    run, ended = await running(sqlite), await end(sqlite, await running(sqlite))
    other = SqliteStore(tmp_path / "headway.db")
    await other.open()
    async with listening(sqlite) as bell:
        await bell.until_told()  # the first look
        for number in range(5):
            await report(other, run, note(str(number)))
            await bell.until_told(run.id)
        assert ended.id not in bell.heard
        await other.put_setting("x", 1)
        await bell.until_told()
        await other.delete(ended.id)
        await bell.until_told()
    await other.close()


async def test_own_news_is_told_once(sqlite: SqliteStore, tmp_path: Path) -> None:
    """What this process wrote is not told again when another one's writes are noticed."""
    run, theirs = await running(sqlite), await running(sqlite)
    other = SqliteStore(tmp_path / "headway.db")
    await other.open()
    async with listening(sqlite) as bell:
        await bell.until_told()
        await report(sqlite, run, note())
        await bell.until_told(run.id)
        await report(other, theirs, note())
        await bell.until_told(theirs.id)
        assert run.id not in bell.heard
    await other.close()


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


async def test_a_stale_attempt_of_another_process_is_refused(sqlite: SqliteStore, tmp_path: Path) -> None:
    """The fence is in the file, not in the process."""
    other = SqliteStore(tmp_path / "headway.db")
    await other.open()
    run = await running(sqlite, worker="wrk_1")
    await report(other, run, note())
    taken = (await other.append(run.id, requeue(run, takeover=True))).run
    with pytest.raises(Fenced):
        await report(sqlite, run, note())
    assert_true(await log(sqlite, run.id), taken)
    await other.close()


@pytest.mark.slow
async def test_killed_writers_leave_whole_logs(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Two processes write and save snapshots; one after the other is killed at a random moment and replaced.

    What was acknowledged is there, logs are gapless, and snapshot + tail is the fold of all.
    """
    path, run = tmp_path / "headway.db", await running(sqlite)
    acknowledged: dict[str, list[Cursor]] = defaultdict(list)
    alive = [Process("until_killed", path, run.id) for _ in range(3)]
    await begin_together(*alive)
    for _ in range(KILLS):
        # the next one is got ready meanwhile
        victim, fresh = alive.pop(0), Process("until_killed", path, run.id)
        alive.append(fresh)
        said = [await victim.hear()]
        await asyncio.sleep(random.uniform(0, 0.03))
        said += victim.kill()
        for run_id, text in said:
            cursor = Cursor.parse(text)
            acknowledged[run_id].append(cursor)
            assert (await sqlite.read(run_id, after=cursor, limit=1)).standing is Standing.GOOD
        await begin_together(fresh)
    for process in alive:
        process.kill()
    for run_id, cursors in acknowledged.items():
        await check(sqlite, run_id, cursors)
    assert await sqlite.snapshot(run.id) is not None


async def check(store: SqliteStore, run_id: str, acknowledged: list[Cursor]) -> None:
    """A log is whole and holds what was acknowledged."""
    run = await store.get(run_id)
    assert run is not None
    events = [event async for event in read_log(store, run_id)]
    tags = {event.seq: event.tag for event in events}
    assert all(tags.get(cursor.seq) == cursor.tag for cursor in acknowledged)
    assert_true(events, run)
    stored = await store.snapshot(run_id)
    fold, tail = Fold(), Fold(json.loads(stored.body)) if stored else Fold()
    for event in events:
        fold.apply(event.envelope(), event.cursor)
        tail.apply(event.envelope(), event.cursor)
    assert tail.snapshot() == fold.snapshot()
