"""The tables of Procrastinate's queue, in a schema of their own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

CONNECT_S = 5
_IS_THERE = "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'procrastinate_jobs')"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('headway queue ' || %s::text, 0))"


@cache
def _version() -> str:
    """Return the version of the installed Procrastinate's tables, as a word: that of its last migration."""
    return max(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))[:8].replace(".", "")


def schema_of(runs: str) -> str:
    """Return the schema of the queue that belongs to the runs in another one."""
    return f"{runs}_queue_{_version()}"


async def make_schema(dsn: str, schema: str) -> None:
    """Make the tables unless they are there, once however many processes begin at the same moment.

    Raises:
        psycopg.Error: the database does not answer, or this role may not make a schema.
    """
    async with await psycopg.AsyncConnection.connect(
        dsn, prepare_threshold=None, connect_timeout=CONNECT_S
    ) as connection:
        if await _is_there(connection, schema):
            return
        await connection.execute(_LOCK, [schema])
        if not await _is_there(connection, schema):
            name = sql.Identifier(schema)
            await connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
            await connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
            await connection.execute(SchemaManager.get_schema())


async def has_schema(dsn: str, schema: str) -> bool:
    """Tell whether the tables are there. Raises `psycopg.Error`: the database does not answer."""
    async with await psycopg.AsyncConnection.connect(
        dsn, prepare_threshold=None, connect_timeout=CONNECT_S
    ) as connection:
        return await _is_there(connection, schema)


async def _is_there(connection: psycopg.AsyncConnection, schema: str) -> bool:
    found = await (await connection.execute(_IS_THERE, [schema])).fetchone()
    return found is not None and bool(found[0])


def script(schema: str) -> str:
    """Return the SQL that makes the tables, for those who run it by hand."""
    begin = f"CREATE SCHEMA IF NOT EXISTS {schema};\nSET search_path TO {schema};\n"
    return f"{begin}{SchemaManager.get_schema()}\nRESET search_path;\n"
