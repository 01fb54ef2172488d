"""The doorbell between processes: one message for the first news, one for all that follow within a moment.

A message per append would reach every process, the writer itself too, and cost each of them more than the append cost
Redis. The first one travels with its append; the others wait for three milliseconds and go together. What is lost (a
connection, a process that dies before it told) is found by readers that look once a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final

from headway.errors import StoreError
from headway.stores.doorbell import Doorbell
from headway.stores.redis_driver import AbstractConnection, ConnectionPool, connect, exceptions, make_connection
from headway.stores.redis_errors import FAILURES, map_unreached
from headway.stores.redis_wire import Wire
from headway.types import RunId

_log = logging.getLogger("headway.stores")

PAUSE_S: Final = 0.003
_MANY: Final = 200
"""More runs than this are told as news of anything."""
_QUIET_S: Final = 5.0
"""After so long without a message the connection is tried: a cable that was pulled says nothing."""
_AGAIN_S: Final = (0.05, 1.0)


class Herald:
    """Tells this process and the others which runs changed. Used on one event loop.

    Args:
        me: Tells this process's messages from those of others.
        doorbell: Of this process.
    """

    def __init__(self, wire: Wire, prefix: str, me: str, doorbell: Doorbell) -> None:
        self._wire = wire
        self._channel = f"{prefix}news"
        self._me = me
        self._doorbell = doorbell
        self._pending: set[RunId] = set()
        self._quiet_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def message(self, run_id: RunId) -> str:
        """Return what a script that changes the run should tell; "" when `changed` will tell of it."""
        now = asyncio.get_running_loop().time()
        if now < self._quiet_until:
            return ""
        self._quiet_until = now + PAUSE_S
        return f"{self._me} {run_id}"

    def changed(self, run_id: RunId, *, told: bool) -> None:
        """Say that a run has changed, and whether the others were told with it."""
        self._doorbell.news((run_id,))
        if not told:
            self._pending.add(run_id)
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_at(max(self._quiet_until, loop.time()), self.tell)

    def anything(self) -> None:
        """Say that something else has changed."""
        self._doorbell.news(())
        self._publish(())

    def tell(self) -> None:
        """Tell the others what they do not know yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            self._publish(() if len(self._pending) > _MANY else self._pending)
            self._pending.clear()

    def _publish(self, run_ids: Collection[RunId]) -> None:
        self._quiet_until = asyncio.get_running_loop().time() + PAUSE_S
        self._wire.call("PUBLISH", self._channel, " ".join((self._me, *run_ids))).add_done_callback(_let_be)


def _let_be(published: asyncio.Future[Any]) -> None:
    """A doorbell that was not heard may be: readers look, too."""
    if not published.cancelled() and isinstance(error := published.exception(), StoreError):
        _log.debug("the other processes were not told: %s", error)


class Listener:
    """Hears the other processes, and says that anything may be new whenever it could not hear them before.

    Args:
        ring: Called on the event loop with the runs that changed; empty: anything.
    """

    def __init__(
        self, pool: ConnectionPool, prefix: str, me: str, ring: Callable[[Collection[RunId]], None], where: str
    ) -> None:
        self._pool = pool
        self._channel = f"{prefix}news"
        self._me = me
        self._ring = ring
        self._where = where
        self._task: asyncio.Task[None] | None = None
        self.connections = 0

    async def start(self) -> None:
        """Listen from now on."""
        try:
            connection = await self._subscribe()
        except FAILURES as error:
            raise map_unreached(error, self._where) from error
        self._task = asyncio.create_task(self._listen(connection), name="headway-redis-listener")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _subscribe(self) -> AbstractConnection:
        connection = make_connection(self._pool)
        try:
            await connect(connection)
            await connection.send_command("SUBSCRIBE", self._channel, check_health=False)
            await connection.read_response(disable_decoding=True)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self.connections += 1
        return connection

    async def _listen(self, connection: AbstractConnection) -> None:
        while True:
            try:
                await self._follow(connection)
            except FAILURES as error:
                _log.info("news of other processes are not heard for a moment: %s", error)
            finally:
                await connection.disconnect(nowait=True)
            connection = await self._subscribe_again()
            self._ring(())  # what was told meanwhile was not heard

    async def _subscribe_again(self) -> AbstractConnection:
        pause = _AGAIN_S[0]
        while True:
            try:
                return await self._subscribe()
            except FAILURES:
                await asyncio.sleep(pause)
            pause = min(2 * pause, _AGAIN_S[1])

    async def _follow(self, connection: AbstractConnection) -> None:
        asked = False
        while True:
            answer = await connection.read_response(disable_decoding=True, timeout=_QUIET_S)
            if answer is None and asked:
                raise exceptions.ConnectionError("no answer to a PING")
            if answer is None:
                await connection.send_command("PING", check_health=False)
            elif answer[0] == b"message":
                self._hear(answer[2].decode())
            asked = answer is None

    def _hear(self, message: str) -> None:
        sender, *run_ids = message.split(" ")
        if sender != self._me:
            self._ring(run_ids)
