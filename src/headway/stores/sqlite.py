# ruff: noqa: D102 - what the methods promise is said once, in `base`
"""The SQLite store: one file, several processes of one machine, nothing to install.

One thread writes (`sqlite_writer`), others read (`sqlite_threads`), and both get their words from ``sql/sqlite``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import START, Cursor
from headway.core.run import RunStatus
from headway.errors import UsageError
from headway.stores import sqlite_work as work
from headway.stores.base import (
    Appended,
    Ended,
    Leader,
    ListenerRow,
    NewRun,
    Page,
    RunFilter,
    RunRow,
    Store,
    StoreCaps,
    StoredSnapshot,
    Topic,
    WorkerState,
    Write,
    wall_ms,
)
from headway.stores.doorbell import Doorbell, Ring
from headway.stores.location import Durability
from headway.stores.queries import queries
from headway.stores.retention import Part, Prunable, Retention, cutoff, expiries, tally
from headway.stores.rows import each_job, list_query, run_row
from headway.stores.sqlite_files import SqliteFile
from headway.stores.sqlite_owners import OwnerLock, Owners
from headway.stores.sqlite_rows import read_page
from headway.stores.sqlite_threads import Readers
from headway.stores.sqlite_writer import Transaction, Writer
from headway.types import RunId, Seq

T = TypeVar("T")

_log = logging.getLogger("headway.stores")

_SQL: Final = queries("sqlite")
_TRIM_ROWS: Final = 2_000
"""Events dropped in one transaction; more would hold up writers and blow up the WAL."""
_LAST: Final = "~"
"""Sorts after every run id."""


class SqliteStore(Store):
    """Runs and their logs in one SQLite file.

    Args:
        path: Of the file; made on `open` if there is none. Its directory must exist, on a local disk.
        durability: ``normal``: what was answered survives the death of the process, and the machine's but for the last
            moments. ``full``: survives a power cut; each group of writes waits for the disk.
        patience_s: How long to wait for another program's lock before `StoreLocked`.
        read_only: To be looked at, no more: the file must be there and up to date, and every write is refused.
        now_ms: The store's clock; the same in all processes but for tests.
    """

    caps = StoreCaps(name="sqlite", durable=True, processes=True, machines=False)

    def __init__(
        self,
        path: str | Path,
        *,
        durability: Durability = "normal",
        patience_s: float = 5.0,
        read_only: bool = False,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        if str(path) == ":memory:":
            raise UsageError("SQLite in memory is not supported", hint="use the store `memory`")
        # the file itself, however it is reached: the locks of its workers lie beside it, for all who open it
        self._file = SqliteFile(Path(path).resolve(), durability, patience_s, read_only)
        self._now_ms = now_ms
        self._owners = Owners(self._file.path)
        self._locks: dict[str, OwnerLock] = {}
        self._doorbell = Doorbell()
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._opening = asyncio.Lock()
        self._process = 0

    async def open(self) -> None:
        async with self._opening:
            if self._writer is None:
                connection = await asyncio.to_thread(self._file.open)
                writer = Writer(self._file, connection, self._doorbell.news, self._now_ms)
                readers = Readers(self._file)
                writer.start()
                readers.start()
                self._writer, self._readers, self._process = writer, readers, os.getpid()
                writer.watch(watched=bool(len(self._doorbell)))

    async def close(self) -> None:
        async with self._opening:
            if self._writer is None or self._readers is None or self._process != os.getpid():
                return  # to a forked child its parent's threads and locks are not its own
            for worker, lock in self._locks.items():
                lock.release()  # first of all: whatever happens to the row, the worker is dead
                self._write(partial(work.drop_worker, worker=worker)).add_done_callback(_let_be)
            self._locks.clear()
            writer, readers = self._writer, self._readers
            self._writer = self._readers = None
            await asyncio.to_thread(_stop, writer, readers)

    def _write(self, change: Callable[[Transaction], T]) -> asyncio.Future[T]:
        if self._writer is None or self._process != os.getpid():
            raise self._unusable()
        if self._file.read_only:
            raise UsageError(f"the store {self._file.path} was opened to be looked at", hint="open it to write, too")
        return self._writer.submit(change)

    def _read(self, look: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if self._readers is None or self._process != os.getpid():
            raise self._unusable()
        return self._readers.submit(look)

    def _unusable(self) -> UsageError:
        if self._writer is None:
            return UsageError(f"the store {self._file.path} is not open", hint="await store.open() first")
        return UsageError(
            f"the store {self._file.path} was opened before this process was forked",
            hint="make and open a store of its own in the child",
        )

    # -- writing

    async def _create(self, new: NewRun) -> tuple[RunRow, bool]:
        metadata = orjson.dumps(dict(new.metadata))
        return await self._write(lambda transaction: work.create(transaction, new, metadata))

    async def _append(self, run_id: RunId, write: Write) -> Appended:
        return await self._write(lambda transaction: work.append(transaction, run_id, write))

    async def put_snapshot(self, run_id: RunId, snapshot: StoredSnapshot, summary: Mapping[str, Any]) -> None:
        encoded = orjson.dumps(dict(summary))
        await self._write(lambda transaction: work.put_snapshot(transaction, run_id, snapshot, encoded))

    async def trim(self, run_id: RunId, *, floor: Seq, part: Part = Part.LOG) -> None:
        while await self._write(lambda transaction: work.trim(transaction, run_id, floor, _TRIM_ROWS, part)):
            pass

    async def prune(self, retention: Mapping[str, Retention], *, max_rows: int = 2_000) -> int:
        return await self._write(lambda transaction: work.prune(transaction, retention, max_rows))

    async def prunable(self, retention: Mapping[str, Retention]) -> list[Prunable]:
        dropped = [(job, Part.LOG, events, size) for job, events, size in await self._rows("count_buried")]
        for expiry in expiries(retention, self._now_ms()):
            place = None
            while True:
                # some runs at a time: a long look at one state of the file would hold back the checkpoint of the WAL
                found, place = await self._read(partial(work.prunable, expiry=expiry, place=place))
                dropped += found
                if place is None:
                    break
        return tally(dropped)

    async def prunable_jobs(self) -> list[str]:
        return await each_job(partial(self._rows, "next_prunable_job"))

    async def unfolded(self, ended_s: float, after: Ended, *, limit: int = 200) -> list[RunRow]:
        until = cutoff(self._now_ms(), ended_s)
        return [run_row(row) for row in await self._rows("unfolded", *after, until, limit)]

    async def delete(self, run_id: RunId) -> None:
        await self._write(lambda transaction: work.bury(transaction, run_id))
        while await self._write(lambda transaction: work.drop_buried(transaction, _TRIM_ROWS)):
            pass

    # -- reading

    async def get(self, run_id: RunId) -> RunRow | None:
        row = await self._read(lambda connection: connection.execute(_SQL["row"], (run_id,)).fetchone())
        return None if row is None else run_row(row)

    async def input(self, run_id: RunId) -> bytes | None:
        row = await self._read(lambda connection: connection.execute(_SQL["input"], (run_id,)).fetchone())
        return None if row is None else row[0]

    async def read(
        self,
        run_id: RunId,
        *,
        after: Cursor = START,
        limit: int = 500,
        max_bytes: int = 4_194_304,
        partial: bool = False,
    ) -> Page:
        return await self._read(
            lambda connection: read_page(connection, run_id, after, limit=limit, max_bytes=max_bytes, partial=partial)
        )

    async def snapshot(self, run_id: RunId) -> StoredSnapshot | None:
        row = await self._read(lambda connection: connection.execute(_SQL["snapshot"], (run_id,)).fetchone())
        if row is None:
            return None
        seq, tag, total, version, body = row
        return StoredSnapshot(Cursor(seq, tag), total, version, body)

    async def steps(self, run_id: RunId) -> dict[str, bytes]:
        return dict(await self._rows("steps", run_id))

    async def list_runs(self, which: RunFilter, *, limit: int = 50) -> list[RunRow]:
        statuses = [str(status) for status in (RunStatus if which.status is None else which.status)]
        query, conditions = list_query(which)
        rows = await self._rows(query, orjson.dumps(statuses).decode(), which.before or _LAST, limit, *conditions)
        return [run_row(row) for row in rows]

    async def queued(self, jobs: Collection[str], *, limit: int = 20) -> list[RunRow]:
        names = orjson.dumps(sorted(set(jobs))).decode()
        return [run_row(row) for row in await self._rows("queued", names, self._now_ms(), limit)]

    async def claimed(self) -> list[RunRow]:
        return [run_row(row) for row in await self._rows("claimed")]

    async def lapsed(self) -> list[RunRow]:
        return [run_row(row) for row in await self._rows("lapsed", self._now_ms())]

    async def asked_to_stop(self) -> list[RunRow]:
        return [run_row(row) for row in await self._rows("asked_to_stop")]

    async def durations(self, job: str, *, limit: int = 20) -> list[float]:
        rows = await self._rows("durations", job, limit)
        return [((parse_ms(finished) or 0) - (parse_ms(started) or 0)) / 1000 for started, finished in rows]

    async def begun(self, job: str) -> list[int]:
        times, now_ms = await self._read(partial(work.begun, job=job)), self._now_ms()
        return [now_ms - at for at in times]

    async def ended(self, after: Ended, *, limit: int = 200) -> list[RunRow]:
        return [run_row(row) for row in await self._rows("ended", *after, limit)]

    # -- listeners

    async def add_listener(self, name: str, *, from_beginning: bool = False) -> ListenerRow:
        def change(transaction: Transaction) -> ListenerRow:
            since = "" if from_beginning else format_ms(transaction.now_ms)
            transaction.connection.execute(_SQL["add_listener"], (name, since))
            return ListenerRow(*transaction.connection.execute(_SQL["listener"], (name,)).fetchone())

        return await self._write(change)

    async def listeners(self) -> list[ListenerRow]:
        return [ListenerRow(*row) for row in await self._rows("listeners")]

    async def move_listener(self, name: str, told_until: str, *, told: bool = False) -> None:
        def change(transaction: Transaction) -> None:
            told_at = format_ms(transaction.now_ms) if told else ""
            transaction.connection.execute(_SQL["move_listener"], (name, told_until, told_at))

        await self._write(change)

    async def remove_listener(self, name: str) -> None:
        await self._do("remove_listener", name)

    async def positions(self, listener: str, run_ids: Collection[RunId]) -> dict[RunId, Cursor]:
        rows = await self._rows("positions", orjson.dumps(sorted(run_ids)).decode(), listener)
        return {run_id: Cursor(seq, tag) for run_id, seq, tag in rows}

    async def move_position(self, listener: str, run_id: RunId, seen: Cursor, to: Cursor) -> bool:
        return bool(await self._do("move_position", run_id, listener, to.seq, to.tag, seen.seq, seen.tag))

    async def _do(self, query: str, *arguments: object) -> list[Any]:
        return await self._write(lambda transaction: transaction.connection.execute(_SQL[query], arguments).fetchall())

    async def _rows(self, query: str, *arguments: object) -> list[Any]:
        rows: list[Any] = await self._read(lambda connection: connection.execute(_SQL[query], arguments).fetchall())
        return rows

    # -- who is alive

    async def join(self) -> str:
        lock = self._owners.join()
        self._locks[lock.worker] = lock

        def change(transaction: Transaction) -> None:
            transaction.connection.execute(_SQL["add_worker"], (lock.worker,))
            self._sweep(transaction)

        await self._write(change)
        return lock.worker

    async def beat(self, worker: str) -> None:
        await self._write(self._beating(worker))

    def beat_soon(self, worker: str) -> None:
        writer = self._writer
        if writer is not None and self._process == os.getpid():
            writer.submit_from_any_thread(self._beating(worker))

    def _beating(self, worker: str) -> Callable[[Transaction], None]:
        def change(transaction: Transaction) -> None:
            transaction.connection.execute(_SQL["beat"], (worker,))
            self._sweep(transaction)

        return change

    async def leave(self, worker: str) -> None:
        await self._write(lambda transaction: work.drop_worker(transaction, worker))
        lock = self._locks.pop(worker, None)
        if lock is not None:
            lock.release()

    async def workers(self) -> Mapping[str, WorkerState]:
        def look(connection: sqlite3.Connection) -> dict[str, WorkerState]:
            rows = connection.execute(_SQL["workers"]).fetchall()
            return {worker: WorkerState(beat, self._owners.is_gone(worker)) for worker, beat in rows}

        return await self._read(look)

    async def lead(self, role: str, worker: str, *, instead_of: Leader | None = None) -> Leader:
        def leader(connection: sqlite3.Connection) -> Leader | None:
            """Return who leads, unless it loses the role by this call."""
            found = work.leader(connection, role)
            if found is None or found == instead_of or found.worker == worker or self._owners.is_gone(found.worker):
                return None
            return found

        def change(transaction: Transaction) -> Leader:
            other = leader(transaction.connection)
            return other if other is not None else work.put_leader(transaction, role, worker)

        seen = await self._read(leader)  # most who ask do not lead: a look is enough for them
        return seen if seen is not None else await self._write(change)

    def _sweep(self, transaction: Transaction) -> None:
        """Forget dead workers whose runs have all been taken over."""
        execute = transaction.connection.execute
        listed = [worker for worker, _ in execute(_SQL["workers"])]
        self._owners.sweep_others(listed)
        for worker in listed:
            if self._owners.is_gone(worker) and not execute(_SQL["holds_runs"], (worker,)).fetchone()[0]:
                execute(_SQL["drop_worker"], (worker,))
                self._owners.sweep(worker)

    # -- settings and news

    async def setting(self, name: str) -> Any:
        row = await self._read(lambda connection: connection.execute(_SQL["setting"], (name,)).fetchone())
        return None if row is None else orjson.loads(row[0])

    async def put_setting(self, name: str, value: Any) -> None:
        encoded = orjson.dumps(value)

        def change(transaction: Transaction) -> None:
            transaction.connection.execute(_SQL["put_setting"], (name, encoded))
            transaction.note_other()

        await self._write(change)

    async def post(self, topic: Topic, key: str, value: Any, *, ttl_s: float | None = None) -> None:
        encoded = orjson.dumps(value)
        await self._write(lambda transaction: work.post(transaction, topic, key, encoded, ttl_s))

    async def posted(self, topic: Topic, *, prefix: str = "") -> dict[str, Any]:
        rows = await self._rows("posted", topic, self._now_ms(), prefix)
        return {key: orjson.loads(value) for key, value in rows}

    def watch(self, ring: Ring) -> Callable[[], None]:
        end = self._doorbell.watch(ring)
        self._mind_others()

        def unwatch() -> None:
            end()
            self._mind_others()

        return unwatch

    def _mind_others(self) -> None:
        if self._writer is not None:
            self._writer.watch(watched=bool(len(self._doorbell)))

    def statistics(self) -> Mapping[str, Any]:
        writer, readers = self._writer, self._readers
        if writer is None or readers is None:
            return {}
        return {
            "writes_waiting": writer.waiting,
            "reads_waiting": readers.waiting,
            "writes": writer.writes,
            "groups": writer.groups,
            "largest_group": writer.largest_group,
            "watchers": len(self._doorbell),
        }


def _let_be(dropped: asyncio.Future[None]) -> None:
    """A row that could not be dropped is swept later: its lock is free."""
    if not dropped.cancelled() and dropped.exception() is not None:
        _log.info("a worker could not be taken off the list: %s", dropped.exception())


def _stop(writer: Writer, readers: Readers) -> None:
    readers.stop()
    # the last connection to be closed moves the WAL into the file; of two that close at once neither would be the last
    writer.stop()
