"""What happens when SQLite cannot: locked, full, a value it does not take."""

import asyncio
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headway.errors import StoreFull, StoreInvalid, StoreLocked, StoreUnavailable
from headway.stores.base import RunRow
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_errors import is_busy, map_error, patiently
from headway.stores.sqlite_writer import Transaction
from tests.stores.builders import assert_true, log, note, report, running

PATH = Path("/x/headway.db")


def error(code: int) -> sqlite3.OperationalError:
    """An error as SQLite raises it."""
    made = sqlite3.OperationalError("it says so")
    made.sqlite_errorcode = code
    return made


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store that waits for a lock for a moment only."""
    store = SqliteStore(tmp_path / "headway.db", patience_s=0.05)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def other(impatient: SqliteStore, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection to the same file."""
    with closing(sqlite3.connect(tmp_path / "headway.db", isolation_level=None)) as connection:
        yield connection


async def test_a_held_lock_fails_writes_not_reads(impatient: SqliteStore, other: sqlite3.Connection) -> None:
    """Every write of the group is told; afterwards everything goes on."""
    run = await running(impatient)
    other.execute("BEGIN IMMEDIATE")
    writes = (report(impatient, run, note(str(number))) for number in range(5))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreLocked] * 5
    assert len({id(outcome) for outcome in outcomes}) == 5
    assert len(await log(impatient, run.id)) == 2
    other.execute("ROLLBACK")
    assert [event.seq for event in await report(impatient, run, note())] == [3]


async def test_a_write_waits_for_a_lock_that_is_given_up(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Reads meanwhile do not wait."""
    run = await running(sqlite)
    with closing(sqlite3.connect(tmp_path / "headway.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(report(sqlite, run, note()))
        for _ in range(10):
            assert len(await log(sqlite, run.id)) == 2
        assert not waiting.done()
        other.execute("COMMIT")
        assert [event.seq for event in await waiting] == [3]


async def test_closing_under_a_held_lock_ends(impatient: SqliteStore, other: sqlite3.Connection) -> None:
    """The worker is dead at once, whatever became of its row."""
    worker = await impatient.join()
    other.execute("BEGIN IMMEDIATE")
    await impatient.close()
    other.execute("ROLLBACK")
    await impatient.open()
    workers = await impatient.workers()
    assert worker not in workers or workers[worker].gone


async def fill(store: SqliteStore, run: RunRow) -> None:
    """Append until it fails."""
    while True:
        await report(store, run, *(note("x" * 1_000) for _ in range(10)))


async def limit_pages(store: SqliteStore, count: int) -> None:
    """Let the file have so many pages."""

    def change(transaction: Transaction) -> None:
        transaction.connection.execute(f"PRAGMA max_page_count = {count}")

    await store._write(change)


async def test_a_full_disk_refuses_and_goes_on_when_there_is_room(sqlite: SqliteStore) -> None:
    """Nothing of the failed batch is there; the log stays dense."""
    run = await running(sqlite)
    await limit_pages(sqlite, 60)
    with pytest.raises(StoreFull):
        await fill(sqlite, run)
    before = await log(sqlite, run.id)
    with pytest.raises(StoreFull):
        await report(sqlite, run, *(note("x" * 1_000) for _ in range(10)))
    assert await log(sqlite, run.id) == before
    await limit_pages(sqlite, 100_000)
    await report(sqlite, run, *(note("x" * 1_000) for _ in range(10)))
    row = await sqlite.get(run.id)
    assert row is not None
    assert len(await log(sqlite, run.id)) == len(before) + 10
    assert_true(await log(sqlite, run.id), row)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder), capture_output=True, check=False)
    if done.returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(("umount", "--lazy", folder), check=True)


async def test_a_file_system_runs_full(small_disk: Path) -> None:
    """The real thing: the WAL cannot grow. Reads work on; with room again, writes do."""
    store = SqliteStore(small_disk / "headway.db")
    await store.open()
    run = await running(store)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 400_000)
    with pytest.raises(StoreFull):
        await fill(store, run)
    before = await log(store, run.id)
    with pytest.raises(StoreFull):
        await report(store, run, *(note("x" * 5_000) for _ in range(100)))
    assert await log(store, run.id) == before
    ballast.unlink()
    await report(store, run, note("x" * 1_000))
    row = await store.get(run.id)
    assert row is not None
    assert_true(await log(store, run.id), row)
    await store.close()


async def test_one_writer_s_bad_value_hurts_nobody_else(sqlite: SqliteStore) -> None:
    """What cannot be bound fails its own write; the rest of the group is written."""
    run = await running(sqlite)
    writes = [report(sqlite, run, note(str(number), step="\ud800" if number == 3 else None)) for number in range(8)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(outcome, BaseException) for outcome in outcomes] == [number == 3 for number in range(8)]
    row = await sqlite.get(run.id)
    assert row is not None
    events = await log(sqlite, run.id)
    assert len(events) == 9
    assert_true(events, row)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, StoreLocked),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreLocked),
        (sqlite3.SQLITE_LOCKED, StoreLocked),
        (sqlite3.SQLITE_PROTOCOL, StoreLocked),
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StoreFull),
        (sqlite3.SQLITE_NOTADB, StoreInvalid),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreInvalid),
        (sqlite3.SQLITE_READONLY, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_READ, StoreUnavailable),
    ],
)
def test_errors_are_told_in_our_words(code: int, kind: type) -> None:
    """Each names the file; those that can be mended say how."""
    mapped = map_error(error(code), PATH)
    assert type(mapped) is kind
    assert str(PATH) in mapped.detail
    assert mapped.hint or code == sqlite3.SQLITE_IOERR_READ


def test_errors_of_the_module_itself_have_no_code() -> None:
    """Such as the use of a closed connection."""
    assert type(map_error(sqlite3.ProgrammingError("closed"), PATH)) is StoreUnavailable
    assert not is_busy(sqlite3.ProgrammingError("closed"))


def test_patience_is_for_locks_only() -> None:
    """Another error is raised at once; a lock until the patience is used up."""
    calls: list[int] = []

    def fail(code: int, times: int) -> int:
        calls.append(code)
        if len(calls) <= times:
            raise error(code)
        return len(calls)

    assert patiently(lambda: fail(sqlite3.SQLITE_BUSY, 3), 60.0) == 4
    calls.clear()
    with pytest.raises(sqlite3.OperationalError):
        patiently(lambda: fail(sqlite3.SQLITE_FULL, 3), 60.0)
    assert len(calls) == 1
    with pytest.raises(sqlite3.OperationalError):
        patiently(lambda: fail(sqlite3.SQLITE_BUSY, 10**9), 0.01)
