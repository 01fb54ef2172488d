"""Handing work from the event loop to threads that own an SQLite connection, and the results back."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from headway.stores.sqlite_errors import map_error, patiently
from headway.stores.sqlite_files import SqliteFile

T = TypeVar("T")


@dataclass(slots=True)
class Handed:
    """One piece of work on its way through a thread.

    Attributes:
        work: Called in the thread with whatever that thread offers.
        future: Of whoever waits, touched on the event loop only; None where nobody does.
    """

    work: Callable[[Any], Any]
    future: asyncio.Future[Any] | None = None
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell whoever waits, unless they were cancelled meanwhile. On the event loop."""
        if self.future is None or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Signal(Enum):
    """In a thread's queue, between the work."""

    #: finish what was handed in before, then end
    STOP = "stop"
    #: look around
    WAKE = "wake"


Inbox = queue.SimpleQueue[Handed | Signal]


class Readers:
    """Threads that only read, so that a read never waits for a write. Start and use on one event loop.

    Args:
        count: How many; a long listing does not hold up the others then.
    """

    def __init__(self, file: SqliteFile, count: int = 2) -> None:
        self._file = file
        self._count = count
        self._inbox: Inbox = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads; each opens its connection when it first reads."""
        self._loop = asyncio.get_running_loop()
        for number in range(self._count):
            thread = threading.Thread(target=self._serve, name=f"headway-sqlite-reader-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run `work` in one of the threads."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._inbox.put(Handed(work, future))
        return future

    def stop(self) -> None:
        """Finish the reads handed in, and wait for the end of the threads. Called in another thread than the loop's."""
        for _ in self._threads:
            self._inbox.put(Signal.STOP)
        for thread in self._threads:
            thread.join()

    @property
    def waiting(self) -> int:
        """How many reads no thread has begun with."""
        return self._inbox.qsize()

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        while isinstance(handed := self._inbox.get(), Handed):
            try:
                connection = connection or self._file.connect(read_only=True)
                handed.result = self._read(handed.work, connection)
            except sqlite3.Error as error:
                handed.error = map_error(error, self._file.path)
                handed.error.__cause__ = error
            except Exception as error:  # noqa: BLE001 - raised where the result is awaited
                handed.error = error
            if not call_on(self._loop, handed.settle):
                break
        if connection is not None:
            connection.close()

    def _read(self, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
        # a reader of a WAL waits only while another process recovers or closes the file
        return patiently(lambda: work(connection), self._file.patience_s)


def call_on(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *args: object) -> bool:
    """Call a function on the loop from a thread; False when the loop is gone (nobody waits any more then)."""
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:
        return False
    return True


def settle_all(group: Sequence[Handed]) -> None:
    """Settle a whole group in one turn of the loop."""
    for handed in group:
        handed.settle()
