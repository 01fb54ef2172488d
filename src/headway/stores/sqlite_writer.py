"""The one thread that writes: group commit, and news from other processes.

Writes that arrive while a transaction is being committed are done together in the next one; that, and a single thread,
is worth four times the speed of a thread hop per statement. A refused write (`HeadwayError`) has changed nothing and
leaves its group alone. Any other failure rolls the whole group back; if it is SQLite that could not write, each write
of the group fails with it, else each is tried again by itself, so that one bad value hurts one writer only.

While somebody watches, the thread also looks every 20 ms whether another process wrote: ``PRAGMA data_version`` of a
connection changes by other connections' commits only, costs 4 µs, and is followed by one indexed query.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

from headway.errors import HeadwayError
from headway.stores.base import Topic, bell_of
from headway.stores.queries import queries
from headway.stores.sqlite_errors import map_error, patiently
from headway.stores.sqlite_files import SqliteFile
from headway.stores.sqlite_threads import Handed, Inbox, Signal, call_on, settle_all
from headway.types import RunId

T = TypeVar("T")

GROUP_MAX: Final = 256
HOLD_S: Final = 0.05
"""After so long the transaction is committed; the rest of the group goes into the next. Other processes wait, too."""

LOOK_EVERY_S: Final = 0.02
_MANY_CHANGES: Final = 1_000
_SQL: Final = queries("sqlite")


class Transaction:
    """What the writes of one group share.

    Attributes:
        connection: In a transaction that holds the write lock.
        now_ms: The store's clock.
    """

    __slots__ = ("anything_changed", "changed", "connection", "now_ms", "numbers")

    def __init__(self, connection: sqlite3.Connection, now_ms: int) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self.changed: set[RunId] = set()
        self.anything_changed = False
        self.numbers: list[int] = []

    def note(self, run_id: RunId, number: int) -> None:
        """Say that the run's row was given this change number."""
        self.changed.add(run_id)
        self.numbers.append(number)

    def note_topic(self, topic: Topic) -> None:
        """Say that something of a topic on the board changed."""
        (number,) = self.connection.execute(_SQL["next_change"]).fetchone()
        self.connection.execute(_SQL["note_topic"], (topic, number))
        self.connection.execute(_SQL["note_topic_change"], (number,))
        self.note(bell_of(topic), number)

    def note_other(self) -> None:
        """Say that something changed that is not in a run's row."""
        (number,) = self.connection.execute(_SQL["next_change"]).fetchone()
        self.connection.execute(_SQL["note_change"], (number,))
        self.anything_changed = True
        self.numbers.append(number)


class Writer:
    """Runs writes in a thread of its own, in the order they are handed in. Start and use on one event loop.

    Args:
        file: What is written.
        connection: To it, for this writer alone; closed by it.
        ring: Called on the event loop with the runs that changed, here or elsewhere; empty: anything.
        now_ms: The store's clock.
    """

    def __init__(
        self,
        file: SqliteFile,
        connection: sqlite3.Connection,
        ring: Callable[[Collection[RunId]], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._file = file
        self._connection = connection
        self._now_ms = now_ms
        self._ring = ring
        self._inbox: Inbox = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="headway-sqlite-writer", daemon=True)
        self._watched = False
        self._outside = _Outside()
        self.groups = 0
        self.writes = 0
        self.largest_group = 0

    def start(self) -> None:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run `work` in a transaction; the future is done after the commit.

        `work` raises `HeadwayError` only before its first change. It may be called twice, the first time in vain.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._inbox.put(Handed(work, future))
        return future

    def submit_from_any_thread(self, work: Callable[[Transaction], T]) -> None:
        """Run `work` in a transaction; nobody is told how it went. The event loop may stand still meanwhile."""
        self._inbox.put(Handed(work))

    def watch(self, *, watched: bool) -> None:
        """Begin or stop to look for news from other processes."""
        if watched and not self._watched:
            self._inbox.put(Signal.WAKE)
        self._watched = watched

    def stop(self) -> None:
        """Finish the writes handed in, and wait for the end of the thread. Called in another than the loop's."""
        self._inbox.put(Signal.STOP)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many writes have not been begun with."""
        return self._inbox.qsize()

    # -- in the thread

    def _serve(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._take()
            if group:
                self._write(group)
            if self._watched:
                self._look()
            else:
                self._outside.forget()
        self._connection.close()

    def _take(self) -> tuple[list[Handed], bool]:
        """Wait for work, and take all there is up to a full group; False after the last."""
        group: list[Handed] = []
        try:
            item = self._inbox.get(timeout=self._outside.wait_s() if self._watched else None)
            while item is not Signal.STOP:
                if isinstance(item, Handed):
                    group.append(item)
                if len(group) == GROUP_MAX:
                    return group, True
                item = self._inbox.get_nowait()
        except queue.Empty:
            return group, True
        return group, False

    def _write(self, group: Sequence[Handed]) -> None:
        while group:
            group = group[self._commit(group) :]

    def _commit(self, group: Sequence[Handed]) -> int:
        """Do one transaction with as many of these writes as it has time for; return how many."""
        try:
            transaction = patiently(self._begin, self._file.patience_s)
            group = group[: self._transact(transaction, group)]
        except sqlite3.OperationalError as error:
            self._fail(group, error)
        except Exception as error:  # noqa: BLE001 - raised where the write is awaited
            if len(group) == 1:
                self._fail(group, error)
            else:
                for handed in group:
                    handed.result = handed.error = None
                    self._commit([handed])
        else:
            self._count(group)
            self._outside.own(transaction.numbers)
            call_on(self._loop, self._settle, group, transaction)
        return len(group)

    def _begin(self) -> Transaction:
        self._connection.execute("BEGIN IMMEDIATE")
        return Transaction(self._connection, self._now_ms())

    def _transact(self, transaction: Transaction, group: Sequence[Handed]) -> int:
        done, until = 0, time.monotonic() + HOLD_S
        try:
            for handed in group:
                try:
                    handed.result = handed.work(transaction)
                except HeadwayError as error:
                    handed.error = error
                done += 1
                if time.monotonic() >= until:
                    break
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # a full disk rolls back by itself
                self._connection.execute("ROLLBACK")
        return done

    def _count(self, group: Sequence[Handed]) -> None:
        self.groups += 1
        self.writes += len(group)
        self.largest_group = max(self.largest_group, len(group))

    def _fail(self, group: Sequence[Handed], error: Exception) -> None:
        for handed in group:
            # an exception of its own for each: they are raised, and gather tracebacks, in different tasks
            handed.error = map_error(error, self._file.path) if isinstance(error, sqlite3.Error) else error
            if handed.error is not error:
                handed.error.__cause__ = error
        call_on(self._loop, settle_all, group)

    def _settle(self, group: Sequence[Handed], transaction: Transaction) -> None:
        """Tell those who wait, and whoever watches. On the event loop."""
        settle_all(group)
        if transaction.anything_changed:
            self._ring(())
        elif transaction.changed:
            self._ring(transaction.changed)

    def _look(self) -> None:
        try:
            news = self._outside.look(self._connection)
        except sqlite3.Error:
            return  # it is only a hint; the next look tries again
        if news is not None:
            call_on(self._loop, self._ring, news)


class _Outside:
    """What other processes wrote, as seen by the writer's connection."""

    def __init__(self) -> None:
        self._next = 0.0
        self._version: int | None = None
        self._seen = 0
        self._own: set[int] = set()

    def wait_s(self) -> float:
        """How long until the next look is due."""
        return max(0.0, self._next - time.monotonic())

    def forget(self) -> None:
        """Nobody watches: the next look begins anew."""
        self._version = None
        self._own.clear()

    def own(self, numbers: Collection[int]) -> None:
        """Remember change numbers of our own; they were told already."""
        if self._version is not None:
            self._own.update(numbers)

    def look(self, connection: sqlite3.Connection) -> Collection[RunId] | None:
        """Return runs that others changed since the last look; empty: anything may have changed; None: no news."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + LOOK_EVERY_S
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if self._version is None:
            return self._begin(connection, version)
        if version == self._version:
            self._skip_own()
            return None
        # asked after the version was: what is committed between the two is found twice, never not at all
        rows = connection.execute(_SQL["changes_since"], (self._seen,)).fetchall()
        if not rows and self._newest(connection) < self._seen:
            return self._begin(connection, version)  # a backup was put back: the numbers begin again below what we saw
        self._version = version
        return self._news(rows)

    def _begin(self, connection: sqlite3.Connection, version: int) -> Collection[RunId]:
        self._seen = self._newest(connection)
        self._version = version
        return ()  # who came before this look may have missed something

    def _newest(self, connection: sqlite3.Connection) -> int:
        return int(connection.execute(_SQL["next_change"]).fetchone()[0]) - 1

    def _news(self, rows: list[Any]) -> Collection[RunId] | None:
        fresh = {run_id for run_id, number in rows if number not in self._own}
        self._seen = max((number for _, number in rows), default=self._seen)
        self._own.clear()
        if len(rows) > _MANY_CHANGES or None in fresh:
            return ()
        return fresh or None

    def _skip_own(self) -> None:
        self._seen = max(self._own, default=self._seen)
        self._own.clear()
