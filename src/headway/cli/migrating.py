"""``headway migrate``."""

from __future__ import annotations

import asyncio
import sys

from headway.cli.terminal import err
from headway.config import Settings
from headway.errors import UsageError
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
    url = Settings().store if store is None else Settings(store=store).store
    if sql:
        sys.stdout.write(_script(url))
        return
    asyncio.run(_migrate(url))
    err().print(f"{shown(url)} is up to date.", highlight=False)


def _script(url: str) -> str:
    if kind_of(url) != "postgres":
        raise UsageError(f"{shown(url)} needs no SQL from you", hint="it is brought up to date when it is opened")
    from headway.stores.postgres_address import Address
    from headway.stores.postgres_schema import script

    return script(Address.parse(url).schema)


async def _migrate(url: str) -> None:
    opened = store_at(url)
    await opened.open()
    await opened.close()
