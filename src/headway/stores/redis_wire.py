"""One connection to Redis for everybody in this process: what waits is sent together, and answered in order.

A connection of a pool for each call would cost a task switch and a system call per command. Here, the calls of one turn
of the event loop share them, as the writes of a group share a commit elsewhere. A caller that is cancelled leaves its
command on the way: it happens, or it does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

from headway.errors import StoreError
from headway.stores.redis_driver import AbstractConnection, ConnectionPool, connect, exceptions, make_connection
from headway.stores.redis_errors import FAILURES, map_lost, map_refusal, map_unreached
from headway.stores.redis_scripts import scripts

Argument: TypeAlias = "bytes | str | int"


class _Call:
    """One command on its way."""

    __slots__ = ("command", "future")

    def __init__(self, command: Sequence[Argument], future: asyncio.Future[Any]) -> None:
        self.command = command
        self.future = future

    def settle(self, answer: Any) -> None:
        """Tell whoever waits, unless they were cancelled meanwhile."""
        if self.future.done():
            return
        if isinstance(answer, BaseException):
            self.future.set_exception(answer)
        else:
            self.future.set_result(answer)


class Wire:
    """A connection that is made when it is needed, and made anew when it broke. Used on one event loop.

    Args:
        pool: Knows how to connect.
        where: Redis as people know it, without its password.
        timeout_s: The longest wait for a connection, and for any one answer.
    """

    def __init__(self, pool: ConnectionPool, where: str, timeout_s: float) -> None:
        self._pool = pool
        self._where = where
        self._timeout_s = timeout_s
        self._outbox: list[_Call] = []
        self._connection: AbstractConnection | None = None
        self._pump: asyncio.Task[None] | None = None
        self.calls = 0
        self.groups = 0

    @property
    def waiting(self) -> int:
        """How many calls were not sent yet."""
        return len(self._outbox)

    def call(self, *command: Argument) -> asyncio.Future[Any]:
        """Send a command; the future is its answer, as bytes.

        Raises:
            Unreached: it was not sent.
            AnswerLost: it may have been carried out.
            StoreError: Redis refused it.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._outbox.append(_Call(command, future))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run(), name="headway-redis-wire")
        return future

    async def script(self, name: str, prefix: str, *arguments: Argument) -> Any:
        """Run a script. Its place among the calls of this turn is that of the call."""
        script = scripts()[name]
        try:
            return await self.call("EVALSHA", script.sha, 1, prefix, *arguments)
        except StoreError as error:
            if not isinstance(error.__cause__, exceptions.NoScriptError):
                raise
        # a Redis that has not seen it yet keeps it from now on
        return await self.call("EVAL", script.text, 1, prefix, *arguments)

    async def close(self) -> None:
        """Wait for the answers to what was sent, and let go of the connection."""
        while self._pump is not None and not self._pump.done():
            await asyncio.wait((self._pump,))
        await self._drop()

    async def _run(self) -> None:
        while self._outbox:
            group, self._outbox = self._outbox, []
            self.groups += 1
            self.calls += len(group)
            try:
                await self._exchange(group)
            except asyncio.CancelledError as error:
                _settle_all(group, map_lost(error, self._where), error)
                raise

    async def _exchange(self, group: list[_Call]) -> None:
        try:
            connection = await self._connected()
        except FAILURES as error:
            await self._drop()
            _settle_all(group, map_unreached(error, self._where), error)
            return
        try:
            await self._send(connection, group)
        except FAILURES as error:
            await self._drop()
            _settle_all(group, map_lost(error, self._where), error)

    async def _send(self, connection: AbstractConnection, group: list[_Call]) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout_s) as timeout:
            await connection.send_packed_command(b"".join(map(_packed, group)), check_health=False)
            for number, call in enumerate(group):
                if number:
                    timeout.reschedule(loop.time() + self._timeout_s)
                call.settle(await self._answer(connection))

    async def _answer(self, connection: AbstractConnection) -> Any:
        try:
            return await connection.read_response(disable_decoding=True)
        except exceptions.ResponseError as error:
            refusal = map_refusal(error, self._where)
            refusal.__cause__ = error
            return refusal

    async def _connected(self) -> AbstractConnection:
        if self._connection is None or not self._connection.is_connected:
            self._connection = connection = make_connection(self._pool)
            async with asyncio.timeout(self._timeout_s):
                await connect(connection)
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)


def _settle_all(group: list[_Call], answer: StoreError, cause: BaseException) -> None:
    answer.__cause__ = cause
    for call in group:
        call.settle(answer)


def _packed(call: _Call) -> bytes:
    """Write a command as Redis reads it: an array of byte strings. The package takes six times as long."""
    parts = [b"*%d\r\n" % len(call.command)]
    for argument in call.command:
        value = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)
