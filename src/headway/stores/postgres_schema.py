"""The tables of the Postgres store: how they come up to date, and the script for those who do it by hand."""

from __future__ import annotations

from typing import Any, Final

from headway.errors import SchemaNewer, StoreUnavailable
from headway.stores.postgres_address import Address
from headway.stores.postgres_database import in_schema
from headway.stores.queries import migrations

_VERSION: Final = "SELECT coalesce(max(version), 0) FROM headway.schema_versions"
_IS_THERE: Final = "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_versions')"
"""Not `to_regclass`: it looks into a cache, which behind a lock may be from before others made the schema."""

_NOTED: Final = "INSERT INTO headway.schema_versions (version) VALUES ({});"
_SET_UP: Final = """\
CREATE TABLE IF NOT EXISTS headway.schema_versions (
    version bigint      PRIMARY KEY,
    since   timestamptz NOT NULL DEFAULT clock_timestamp()
);"""


async def upgrade(connection: Any, address: Address) -> int:
    """Bring the schema up to date, once however many processes begin at the same moment; return its version before.

    Raises:
        SchemaNewer: a newer Headway made it.
    """
    newest = migrations("postgres")[-1].number
    version = await known_version(connection, address)
    if version < newest:
        async with connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('headway schema ' || $1::text, 0))", address.schema
            )
            version = await current_version(connection, address)  # another process may have been faster
            if version < newest:
                await connection.execute(script(address.schema, version))
    return version


async def check(connection: Any, address: Address) -> None:
    """Insist that there is nothing to bring up to date.

    Raises:
        StoreUnavailable: there is.
        SchemaNewer: a newer Headway made it.
    """
    version, newest = await known_version(connection, address), migrations("postgres")[-1].number
    if version < newest:
        raise StoreUnavailable(
            f"{address} has schema {version or 'none'}, this Headway reads {newest}",
            hint="start its server or a worker once, or run `headway migrate`: that brings it up to date",
        )


async def known_version(connection: Any, address: Address) -> int:
    """Return the version of the schema, 0 for none; make sure that this Headway knows it.

    Raises:
        SchemaNewer: a newer Headway made it.
    """
    version, newest = await current_version(connection, address), migrations("postgres")[-1].number
    if version > newest:
        raise SchemaNewer(
            f"{address} has schema {version}, this Headway knows {newest}",
            hint="upgrade Headway, or choose another schema",
        )
    return version


async def current_version(connection: Any, address: Address) -> int:
    """Return the version of the schema; 0: there is none."""
    if not await connection.fetchval(_IS_THERE, address.schema):
        return 0
    return int(await connection.fetchval(in_schema(_VERSION, address.schema)))


def script(schema: str, version: int = 0) -> str:
    """Return the SQL that brings a schema up to date from a version; to be done in one transaction."""
    steps = [step for step in migrations("postgres") if step.number > version]
    texts = [f"{step.text.rstrip()}\n\n{_NOTED.format(step.number)}" for step in steps]
    return in_schema("\n\n".join([f'CREATE SCHEMA IF NOT EXISTS "{schema}";', _SET_UP, *texts]), schema) + "\n"
