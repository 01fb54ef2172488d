"""``headway migrate``: the tables of the runs, and of the queue where that is in Postgres, too."""

from __future__ import annotations

import asyncio
import sys

from headway.cli.terminal import err
from headway.config import Settings
from headway.engines.choice import postgres_queue
from headway.engines.outage import reason
from headway.errors import StoreInvalid, StoreUnavailable, UsageError
from headway.stores.location import kind_of, shown, store_at


def migrate(store: str | None, *, sql: bool) -> None:
    """Bring a store's schema up to date, or print the SQL that would make it.

    Args:
        store: URL; None: as the settings say.
        sql: Only print; nothing is opened.

    Raises:
        UsageError: there is no SQL for this store.
        StoreError: it cannot be reached, or a newer Headway made it.
    """
    settings = Settings() if store is None else Settings(store=store)
    if sql:
        sys.stdout.write(_script(settings))
        return
    asyncio.run(_migrate(settings))
    err().print(f"{shown(settings.store)} is up to date.", highlight=False)


def _script(settings: Settings) -> str:
    url = settings.store
    if kind_of(url) != "postgres":
        raise UsageError(
            f"{shown(url)} is no Postgres, and there is no SQL for another store",
            hint="name the Postgres: --store postgresql://..., or HEADWAY_STORE; "
            "every other store is brought up to date when it is opened",
        )
    from headway.stores.postgres_address import Address
    from headway.stores.postgres_schema import script

    made = script(Address.parse(url).schema)
    if settings.engine == "procrastinate":
        from headway.engines import procrastinate_schema as queue

        _, runs = postgres_queue(url, settings.broker)
        made += queue.script(queue.schema_of(runs))
    return made


async def _migrate(settings: Settings) -> None:
    opened = store_at(settings.store)
    await opened.open()
    await opened.close()
    if settings.engine == "procrastinate":
        await _migrate_queue(*postgres_queue(settings.store, settings.broker))


async def _migrate_queue(address: str, runs: str) -> None:
    import psycopg

    from headway.engines import procrastinate_schema as queue

    schema = queue.schema_of(runs)
    try:
        await queue.make_schema(address, schema)
    except psycopg.OperationalError as error:
        raise StoreUnavailable(
            f"the queue at {shown(address)} cannot be reached: {reason(error)}",
            hint="look at HEADWAY_BROKER, or at the store's address where the queue is there: is it running there? "
            "The tables of the runs are up to date",
        ) from error
    except psycopg.Error as error:
        raise StoreInvalid(
            f"the queue at {shown(address)} does not let this user make {schema}: {reason(error)}",
            hint="grant it CREATE on the database, or let somebody else run what `headway migrate --sql` prints",
        ) from error
