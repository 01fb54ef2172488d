"""Connections to one database, the statements in the words of its schema, and errors in ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from headway.stores.postgres_address import POOL_MIN, Address
from headway.stores.postgres_errors import FAILURES, LOST, map_error
from headway.stores.queries import queries

T = TypeVar("T")

CONNECT_S: Final = 5.0
COMMAND_S: Final = 30.0
POOL_MAX: Final = 10
"""Connections at most, unless the address says otherwise; `expect_attempts` makes it fewer."""

IDLE_S: Final = 300.0
IDLE_FEW_S: Final = 10.0
"""A connection nobody used for so long is closed: sooner in one of many processes that do little each."""

READ_TRIES: Final = 3
"""A connection that was cut says so when it is next used; there may be several of them after the server came back."""


class Database:
    """A pool of connections. Open, use and close it on one event loop.

    Attributes:
        was_reached: It has been open: what fails from now on may be better by itself.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._sql = {name: in_schema(text, address.schema) for name, text in queries("postgres").items()}
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self.was_reached = False
        self._size, self._idle_s = POOL_MAX if address.pool is None else address.pool, IDLE_S

    def expect_attempts(self, at_once: int) -> None:
        """Get along with fewer connections, where the address does not say how many there are."""
        if self.address.pool is None:
            self._size, self._idle_s = max(POOL_MIN, min(2 * at_once, POOL_MAX)), IDLE_FEW_S

    async def open(self) -> None:
        """Connect.

        Raises:
            StoreError: it cannot be reached, or does not let us in.
        """
        with self.telling():
            self._pool = await asyncpg.create_pool(
                self.address.dsn,
                min_size=0,
                max_size=self._size,
                max_inactive_connection_lifetime=self._idle_s,
                reset=_let_be,
                **driver_options(self.address),
            )

    async def close(self) -> None:
        """Let go of all connections; what is under way is given a moment. Idempotent."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CONNECT_S):
                await pool.close()
        except FAILURES:
            pool.terminate()

    @property
    def pool(self) -> asyncpg.Pool[asyncpg.Record]:
        """The connections."""
        assert self._pool is not None  # noqa: S101 - the store asks before
        return self._pool

    def sql(self, name: str) -> str:
        """Return a statement by its name."""
        return self._sql[name]

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Raise what goes wrong inside as an error of ours."""
        try:
            yield
        except FAILURES as error:
            raise map_error(error, str(self.address), at_start=not self.was_reached) from error

    async def fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows of a statement that only reads; it is asked again where a connection was cut."""
        with self.telling():
            for _ in range(READ_TRIES - 1):
                try:
                    return await self.pool.fetch(self.sql(name), *arguments)
                except TimeoutError:
                    raise
                except LOST:
                    continue
            return await self.pool.fetch(self.sql(name), *arguments)

    async def fetchrow(self, name: str, *arguments: object) -> asyncpg.Record | None:
        """Return the first row of a statement that only reads, or None."""
        rows = await self.fetch(name, *arguments)
        return rows[0] if rows else None

    async def fetchval_once(self, name: str, *arguments: object) -> Any:
        """Return the first value of a statement that must not be done twice. Errors are the driver's own."""
        return await self.pool.fetchval(self.sql(name), *arguments)

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do in one transaction what may be done twice; it is begun anew where a connection was cut."""
        with self.telling():
            for _ in range(READ_TRIES - 1):
                try:
                    async with self.transaction() as transaction:
                        return await work(transaction)
                except TimeoutError:
                    raise
                except LOST:
                    continue
            async with self.transaction() as transaction:
                return await work(transaction)

    async def execute(self, name: str, *arguments: object) -> None:
        """Do a statement which may be done twice."""
        await self.fetch(name, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Begin a transaction; committed at the end, rolled back by any exception. Errors are the driver's own."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield Transaction(self, connection)


class Transaction:
    """A transaction, by the names of its statements."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database, connection: Any) -> None:
        self._database = database
        self._connection = connection

    async def fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows of a statement."""
        rows: list[asyncpg.Record] = await self._connection.fetch(self._database.sql(name), *arguments)
        return rows

    async def fetchrow(self, name: str, *arguments: object) -> asyncpg.Record | None:
        """Return the first row of a statement, or None."""
        row: asyncpg.Record | None = await self._connection.fetchrow(self._database.sql(name), *arguments)
        return row

    async def fetchval(self, name: str, *arguments: object) -> Any:
        """Return the first value of a statement's first row, or None."""
        return await self._connection.fetchval(self._database.sql(name), *arguments)

    async def execute(self, name: str, *arguments: object) -> int:
        """Do a statement; return how many rows it changed."""
        status: str = await self._connection.execute(self._database.sql(name), *arguments)
        return int(status.rpartition(" ")[2])


async def _let_be(_connection: object) -> None:
    """Do nothing with a connection that comes back.

    The driver's own way asks the server once more before anybody gets the answer, to undo what we never do: settings,
    locks and listeners of a session. A transaction that was left open is rolled back without it.
    """


def driver_options(address: Address) -> dict[str, Any]:
    """Return what every connection is opened with."""
    options: dict[str, Any] = {"timeout": CONNECT_S, "command_timeout": COMMAND_S}
    if address.pgbouncer:
        # what was prepared on one server is not known to the next one the pooler gives us
        options["statement_cache_size"] = 0
    return options


def in_schema(text: str, schema: str) -> str:
    """Return SQL of ours with the schema's own name."""
    return text if schema == "headway" else text.replace("headway.", f'"{schema}".')
