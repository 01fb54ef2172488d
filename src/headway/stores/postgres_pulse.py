"""Beats of this process's workers, from a thread of its own: they reach the database even if the event loop hangs."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Any, Final

import asyncpg

from headway.stores.postgres_database import Database, driver_options
from headway.stores.postgres_errors import FAILURES

_WAITING_MAX: Final = 16
"""Beats not written yet, while the database is away; older ones say nothing the newer ones do not say."""

_log = logging.getLogger("headway.stores")


class Pulse:
    """A thread with an event loop and a connection for nothing but beats.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._address = database.address
        self._sql = database.sql("beat")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headway-postgres-pulse", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()
        self._ready.wait()

    def beat(self, worker: str) -> None:
        """Beat soon, from any thread. A failure is not told: the next beat may succeed."""
        self._put(worker)

    def stop(self) -> None:
        """End the thread, and wait for it. Called in another than the event loop's."""
        self._put(None)
        self._thread.join()

    def _put(self, worker: str | None) -> None:
        assert self._loop is not None  # noqa: S101 - it was started
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._enter, worker)

    def _enter(self, worker: str | None) -> None:
        if worker is None:
            self._task.cancel()
        elif self._wanted.qsize() < _WAITING_MAX:
            self._wanted.put_nowait(worker)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._wanted: asyncio.Queue[str] = asyncio.Queue()
        self._task = asyncio.create_task(self._write_all())
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write_all(self) -> None:
        connection: Any = None
        try:
            while True:
                worker = await self._wanted.get()
                try:
                    if connection is None or connection.is_closed():
                        connection = await asyncpg.connect(self._address.dsn, **driver_options(self._address))
                    await connection.execute(self._sql, worker)
                except FAILURES as error:
                    _log.debug("a beat was lost: %s", error)
                    connection = None
        finally:
            if connection is not None:
                connection.terminate()
