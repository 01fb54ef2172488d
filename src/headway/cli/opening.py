"""Stores that a command opens by itself, without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headway.config import Settings
from headway.errors import UsageError
from headway.stores.base import Store
from headway.stores.location import kind_of, path_of, store_at


@asynccontextmanager
async def opened(url: str | None, *, read_only: bool = True) -> AsyncIterator[Store]:
    """Open a store that is there already, and close it in the end.

    Args:
        url: As in `headway.config.Settings.store`; None: the one the settings name.
        read_only: Only look. Nothing is written then, and nobody learns that somebody looks.

    Raises:
        UsageError: it is not there, or only its own process can see it.
        StoreError: it cannot be used.
    """
    store = existing_store(url, read_only=read_only)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def existing_store(url: str | None, *, read_only: bool = True) -> Store:
    """Return a store that is there already; looking must not make one. See `opened`."""
    settings = Settings() if url is None else Settings(store=url)
    kind = kind_of(settings.store)
    if kind == "memory":
        raise UsageError(f"no other process can see {settings.store}", hint="ask its server: --url")
    if kind == "sqlite" and not path_of(settings.store).is_file():
        raise UsageError(
            f"there is no file {path_of(settings.store)}", hint="name the one the server was started with: --store"
        )
    return store_at(settings.store, durability=settings.durability, read_only=read_only)
