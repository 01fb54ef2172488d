# ruff: noqa: D102 - what the methods promise is said once, in `Database`
"""The database of this application's own tables: the Postgres that Headway uses, or a file where there is none.

Statements are written once, in the SQL both understand, with ``$1`` for arguments and ``app.`` for the schema. What
does not get through in time raises `DatabaseAway`; whoever may wait gives a `patience_s` in which it is tried again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from examples.report.errors import DatabaseAway

Row = dict[str, Any]

CALL_S: Final = 2.0
"""Seconds a call may take before the database counts as away."""

_NAP_S: Final = 0.5
_ARGUMENT: Final = re.compile(r"\$(\d+)")
_OF_HEADWAY: Final = frozenset({"schema", "pool", "pgbouncer", "listen"})


class Database(ABC):
    """Where the tables are. Use it on one event loop; it connects when it is first needed.

    Attributes:
        kind: Folder of its migrations.
        patience_s: Seconds a call that does not get through is tried again.
    """

    kind: str

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s

    async def rows(self, statement: str, *arguments: Any) -> list[Row]:
        """Do a statement, which must bear to be done twice; return its rows.

        Raises:
            DatabaseAway: It does not answer.
        """
        until = time.monotonic() + self.patience_s
        while True:
            try:
                return await self._rows(statement, arguments)
            except DatabaseAway:
                if time.monotonic() >= until:
                    raise
            await asyncio.sleep(_NAP_S)

    async def row(self, statement: str, *arguments: Any) -> Row | None:
        """Return the first row, or None."""
        rows = await self.rows(statement, *arguments)
        return rows[0] if rows else None

    @abstractmethod
    async def _rows(self, statement: str, arguments: Sequence[Any]) -> list[Row]: ...

    @abstractmethod
    async def migrate(self, name: str, script: str) -> bool:
        """Do a script once, in one transaction that also notes its name; False when it was done before."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections. Idempotent."""


class PostgresDatabase(Database):
    """A schema of a Postgres.

    Args:
        url: As Headway's store has it.
        patience_s: See `Database`.
    """

    kind = "postgres"

    def __init__(self, url: str, patience_s: float = 0) -> None:
        super().__init__(patience_s)
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        headways = query.get("schema", "headway")
        self.schema = "report" if headways == "headway" else f"{headways}_report"
        kept = {name: value for name, value in query.items() if name not in _OF_HEADWAY}
        self._dsn = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))
        self._pooler = query.get("pgbouncer", "").lower() in {"1", "yes", "true", "on"}
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def _rows(self, statement: str, arguments: Sequence[Any]) -> list[Row]:
        import asyncpg

        try:
            pool = await self._connected()
            async with asyncio.timeout(CALL_S):
                return [
                    dict(row) for row in await pool.fetch(statement.replace("app.", f'"{self.schema}".'), *arguments)
                ]
        except _lost(asyncpg) as error:
            raise DatabaseAway(f"Postgres does not answer ({type(error).__name__})") from error

    async def _connected(self) -> Any:
        import asyncpg

        async with self._opening:
            if self._pool is None:
                options: dict[str, Any] = {"statement_cache_size": 0} if self._pooler else {}
                self._pool = await asyncpg.create_pool(
                    self._dsn, min_size=0, max_size=5, timeout=CALL_S, command_timeout=CALL_S, **options
                )
        return self._pool

    async def migrate(self, name: str, script: str) -> bool:
        pool = await self._connected()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(7414211)")  # two processes may start at once
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"')
            await connection.execute(f'SET LOCAL search_path TO "{self.schema}"')
            await connection.execute(_MIGRATIONS)
            if await connection.fetchval("SELECT count(*) FROM migration WHERE name = $1", name):
                return False
            await connection.execute(script)
            await connection.execute("INSERT INTO migration (name) VALUES ($1)", name)
            return True

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(CALL_S):
                    await pool.close()
                    return
            pool.terminate()


class SqliteDatabase(Database):
    """A file, for one machine.

    Args:
        path: The file; made when it is first needed.
        patience_s: See `Database`.
    """

    kind = "sqlite"

    def __init__(self, path: Path, patience_s: float = 0) -> None:
        super().__init__(patience_s)
        self._path = path

    async def _rows(self, statement: str, arguments: Sequence[Any]) -> list[Row]:
        numbered = _ARGUMENT.sub(r"?\1", statement.replace("app.", "main."))
        values = [_plain(value) for value in arguments]

        def work() -> list[Row]:
            with closing(self._open()) as database, database:
                return [dict(row) for row in database.execute(numbered, values)]

        try:
            return await asyncio.to_thread(work)
        except sqlite3.OperationalError as error:
            raise DatabaseAway(f"{self._path.name}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=CALL_S, isolation_level=None)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA foreign_keys = ON")
        return database

    async def migrate(self, name: str, script: str) -> bool:
        def work() -> bool:
            with closing(self._open()) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute(_MIGRATIONS)
                database.execute("BEGIN IMMEDIATE")
                if database.execute("SELECT count(*) FROM migration WHERE name = ?", (name,)).fetchone()[0]:
                    database.execute("ROLLBACK")
                    return False
                try:
                    for statement in statements(script):
                        database.execute(statement)
                    database.execute("INSERT INTO migration (name) VALUES (?)", (name,))
                except BaseException:
                    database.execute("ROLLBACK")
                    raise
                database.execute("COMMIT")
                return True

        return await asyncio.to_thread(work)

    async def close(self) -> None:
        return


_MIGRATIONS: Final = "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY)"


def database_for(store: str, *, patience_s: float = 0) -> Database:
    """Return the database beside Headway's store.

    Args:
        store: URL of the store.
        patience_s: See `Database`.
    """
    if store.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(store, patience_s)
    path = Path(store.removeprefix("sqlite:///") if store.startswith("sqlite:///") else "headway.db")
    return SqliteDatabase(path.with_name(f"{path.stem}-reports.db"), patience_s)


def statements(script: str) -> list[str]:
    """Take a script of SQLite apart."""
    found, left = [], ""
    for line in script.splitlines(keepends=True):
        left += line
        if sqlite3.complete_statement(left):
            found.append(left)
            left = ""
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def _lost(asyncpg: Any) -> tuple[type[BaseException], ...]:
    return (
        OSError,
        TimeoutError,
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        asyncpg.OperatorInterventionError,
        asyncpg.CannotConnectNowError,
        asyncpg.TooManyConnectionsError,
    )


def as_json(value: Any) -> str:
    """Return a value for a column of JSON, which both databases take as text."""
    return json.dumps(value, ensure_ascii=False)
