"""The doorbell between processes on one Postgres: NOTIFY off the way of the writes, LISTEN on a connection of its own.

Notifying inside the transaction of an append makes all commits of a database wait for one another. So what has news is
collected, and told by one NOTIFY: the first at once, the next ones after a window. News may be lost; whoever reads
looks once a second anyway.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final

import asyncpg

from headway.stores.postgres_address import Address
from headway.stores.postgres_database import CONNECT_S, Database, driver_options
from headway.stores.postgres_errors import FAILURES
from headway.types import RunId

WINDOW_S: Final = 0.005
LOOK_S: Final = 10.0
"""How often the connection is tried: one that is cut without a word is noticed, and the clock is compared."""

BACK_S: Final = (0.1, 5.0)
"""Before another connection is tried: at first, and at most."""

PAYLOAD_BYTES: Final = 7_900
_log = logging.getLogger("headway.stores")


class News:
    """Tells the other processes, and hears them. Used on one event loop.

    Args:
        database: Where; its address says how to listen.
        ring: Called with the runs others have changed; empty: anything.
        clocked: Called with the server's time in ms whenever it was asked for.
    """

    def __init__(
        self, database: Database, ring: Callable[[Collection[RunId]], None], clocked: Callable[[int], None]
    ) -> None:
        self._address = database.address
        self._now = database.sql("now_ms")
        self._channel = f"headway_{database.address.schema}"
        self._self = secrets.token_hex(6)
        self._ring = ring
        self._clocked = clocked
        self._pending: set[RunId] = set()
        self._anything = False
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.listening = False

    def start(self) -> None:
        """Begin; returns before the connection is there."""
        if self._address.listening is None:
            _log.warning(
                "nobody can listen through a pooler: news of other processes come within a second; "
                "add listen=<address past the pooler> to the store's address for at once"
            )
            return
        self._task = asyncio.create_task(self._serve(self._address.listening), name="headway-postgres-news")

    async def stop(self) -> None:
        """End; what was not told yet is not told. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def tell(self, run_id: RunId | None) -> None:
        """Let other processes know of a run that has news; None: of anything."""
        if self._task is None:
            return
        if run_id is None:
            self._anything = True
        else:
            self._pending.add(run_id)
        self._wanted.set()

    async def _serve(self, dsn: str) -> None:
        wait_s = BACK_S[0]
        while True:
            try:
                connection = await asyncpg.connect(dsn, **driver_options(Address(dsn)))
            except FAILURES as error:
                _log.debug("no connection to listen on: %s", error)
            else:
                try:
                    wait_s = BACK_S[0]
                    await self._live(connection)
                except FAILURES as error:
                    _log.info("the connection that listens was lost: %s", error)
                except Exception:  # noqa: BLE001 - logged: a mistake must not make this process deaf for ever
                    _log.exception("news of other processes are not heard for a moment")
                finally:
                    self.listening = False
                    with suppress(*FAILURES):
                        connection.terminate()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, BACK_S[1])

    async def _live(self, connection: Any) -> None:
        """Listen and tell until the connection is lost."""
        # A NOTIFY is a commit, and holds a lock of the whole database while that waits for the disk. News of what is
        # committed already need not be kept.
        await connection.execute("SET synchronous_commit = off")
        connection.add_termination_listener(lambda _: self._wanted.set())
        await connection.add_listener(self._channel, self._hear)
        self._clocked(await connection.fetchval(self._now))
        self.listening = True
        self._ring(())  # who came before may have missed something
        while not connection.is_closed():
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wanted.wait()
            except TimeoutError:
                self._clocked(await connection.fetchval(self._now, timeout=CONNECT_S))
                continue
            self._wanted.clear()
            payload = self._payload()
            if payload is not None:
                await connection.execute("SELECT pg_notify($1, $2)", self._channel, payload, timeout=CONNECT_S)
                await asyncio.sleep(WINDOW_S)

    def _payload(self) -> str | None:
        """Return what is to be told, and begin to collect anew."""
        if not (self._anything or self._pending):
            return None
        told = ",".join(self._pending)
        if self._anything or len(told) > PAYLOAD_BYTES:
            told = ""
        self._anything = False
        self._pending.clear()
        return f"{self._self}:{told}"

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        sender, _, told = str(payload).partition(":")
        if sender != self._self:
            self._ring(told.split(",") if told else ())
