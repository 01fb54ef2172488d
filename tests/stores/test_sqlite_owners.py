"""Who is alive: the lock of a file that ends with its process, however it ends."""

import asyncio
import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from headway.errors import Fenced, StoreUnavailable
from headway.stores.sqlite import SqliteStore
from headway.stores.sqlite_owners import OwnerLock, Owners
from tests.stores.builders import end, requeue, running

JOIN = """
import asyncio, sys
from headway.stores.sqlite import SqliteStore
async def main():
    store = SqliteStore(sys.argv[1])
    await store.open()
    print(await store.join(), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await store.close()
asyncio.run(main())
"""


@contextmanager
def joined(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that has joined as a worker, and its worker id."""
    command = (sys.executable, "-c", JOIN, str(path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    """Another store on the same file."""
    store = SqliteStore(path)
    await store.open()
    yield store
    await store.close()


def locks(tmp_path: Path) -> set[str]:
    """Workers that have a lock file."""
    return {path.stem for path in (tmp_path / "headway.db-owners").iterdir()}


async def test_a_killed_process_is_gone_at_once(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Without a clock; a stopped one is not gone."""

    def kill(process: subprocess.Popen[str], number: int) -> None:
        process.send_signal(number)
        if number == signal.SIGKILL:
            process.wait()

    me = await sqlite.join()
    with joined(tmp_path / "headway.db") as (process, worker):
        assert not (await sqlite.workers())[worker].gone
        await asyncio.to_thread(kill, process, signal.SIGSTOP)
        assert not (await sqlite.workers())[worker].gone
        await asyncio.to_thread(kill, process, signal.SIGKILL)
        assert (await sqlite.workers())[worker].gone
    assert not (await sqlite.workers())[me].gone


async def test_a_process_that_closes_its_store_leaves(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Row and file are gone."""
    with joined(tmp_path / "headway.db") as (process, worker):
        assert worker in await sqlite.workers()
        await asyncio.to_thread(process.communicate, "\n")
        assert worker not in await sqlite.workers()
        assert worker not in locks(tmp_path)


async def test_the_dead_are_forgotten_when_they_hold_nothing(sqlite: SqliteStore, tmp_path: Path) -> None:
    """As long as a run is theirs they stay on the list, so that whoever looks can take it over."""
    me = await sqlite.join()
    with joined(tmp_path / "headway.db") as (process, worker):
        run = await running(sqlite, worker=worker)
        process.kill()
        await asyncio.to_thread(process.wait)
    await sqlite.beat(me)
    assert (await sqlite.workers())[worker].gone
    assert worker in locks(tmp_path)
    await sqlite.append(run.id, requeue(run, takeover=True))
    await sqlite.beat(me)
    assert list(await sqlite.workers()) == [me]
    assert locks(tmp_path) == {me}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
async def test_a_forked_child_does_not_keep_its_parent_alive(tmp_path: Path) -> None:
    """It inherits the open file, and closes it first thing; its own end does not kill the parent either."""
    context = multiprocessing.get_context("fork")

    def parent(say: Connection) -> None:
        lock = OwnerLock(tmp_path / "headway.db-owners")
        short = os.fork()
        if short == 0:
            lock.release()
            os._exit(0)
        os.waitpid(short, 0)
        if os.fork() == 0:
            say.send((lock.worker, os.getpid()))  # now that it runs: what is done on a fork has been done
        signal.pause()

    hear, say = context.Pipe(duplex=False)
    process = context.Process(target=parent, args=(say,), daemon=True)
    process.start()
    worker, child = await asyncio.to_thread(hear.recv)
    owners = Owners(tmp_path / "headway.db")
    try:
        assert not owners.is_gone(worker)
        process.kill()
        await asyncio.to_thread(process.join)
        assert owners.is_gone(worker)
    finally:
        os.kill(child, signal.SIGKILL)


async def test_two_who_look_do_not_take_each_other_for_the_owner(tmp_path: Path) -> None:
    """Looking takes a shared lock."""
    lock = OwnerLock(tmp_path / "headway.db-owners")
    owners = Owners(tmp_path / "headway.db")
    assert not owners.is_gone(lock.worker)
    held = os.open(tmp_path / "headway.db-owners" / f"{lock.worker}.lock", os.O_RDONLY)
    lock._close()
    fcntl.flock(held, fcntl.LOCK_SH)
    assert owners.is_gone(lock.worker)
    os.close(held)


async def test_a_worker_without_its_file_is_gone(sqlite: SqliteStore, tmp_path: Path) -> None:
    """The file was copied from elsewhere, or somebody cleaned up."""
    worker = await sqlite.join()
    (tmp_path / "headway.db-owners" / f"{worker}.lock").unlink()
    assert (await sqlite.workers())[worker].gone


async def test_leftovers_are_swept_when_old_and_free(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Files of processes that died while joining or leaving; not one that is just being made."""
    folder = tmp_path / "headway.db-owners"
    folder.mkdir()
    held = OwnerLock(folder)
    (folder / "old.lock").touch()
    (folder / "old.new").touch()
    (folder / "young.new").touch()
    for name in ("old.lock", "old.new", f"{held.worker}.lock"):
        os.utime(folder / name, (1, 1))
    me = await sqlite.join()
    assert locks(tmp_path) == {me, held.worker, "young"}
    held.release()
    held.release()


async def test_a_folder_that_cannot_be_made_is_named(sqlite: SqliteStore, tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / "headway.db-owners").write_text("in the way")
    with pytest.raises(StoreUnavailable, match=r"headway\.db-owners"):
        await sqlite.join()


async def test_runs_of_a_worker_move_when_it_dies(sqlite: SqliteStore, tmp_path: Path) -> None:
    """What a sweeper does, with nothing but the store: the dead one's write comes too late."""
    async with opened(tmp_path / "headway.db") as other:
        worker = await other.join()
        run = await running(other, worker=worker)
        await other.close()
        held = [row for row in await sqlite.claimed() if row.worker not in await sqlite.workers()]
        assert [row.id for row in held] == [run.id]
        taken = (await sqlite.append(run.id, requeue(run, takeover=True))).run
        assert (taken.attempt, taken.takeovers) == (2, 1)
        await other.open()
        with pytest.raises(Fenced):
            await end(other, run)
