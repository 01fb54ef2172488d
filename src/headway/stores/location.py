"""From an address to a store: what a store's URL means. A store is imported only where it is asked for."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final, Literal

from headway.stores.address import without_password
from headway.stores.base import Store

Durability = Literal["normal", "full"]

KINDS: Final = {
    "sqlite": "sqlite",
    "memory": "memory",
    "postgresql": "postgres",
    "postgres": "postgres",
    "redis": "redis",
    "rediss": "redis",
}
"""Stores by the scheme of their addresses."""


def kind_of(url: str) -> str:
    """Return which store an address stands for."""
    return KINDS[url.partition("://")[0]]


def path_of(url: str) -> Path:
    """Return the file of an SQLite store's address."""
    return Path(url.partition("://")[2].removeprefix("/"))


def shown(url: str) -> str:
    """Return an address as it may be shown: without a password."""
    return url if kind_of(url) in ("sqlite", "memory") else without_password(url)


def anywhere(url: str) -> str:
    """Return an address that means the same in another folder."""
    return f"sqlite:///{path_of(url).absolute()}" if kind_of(url) == "sqlite" else url


def lock_beside(url: str) -> Path:
    """Return the file whose lock stands for the one worker process of this machine's servers on a store."""
    if kind_of(url) == "sqlite":
        path = path_of(url).absolute()
        return path.with_name(f"{path.name}-worker.lock")
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"headway-{os.getuid()}-{name}-worker.lock"


def store_at(url: str, *, durability: Durability = "normal", read_only: bool = False) -> Store:
    """Return the store an address stands for; it is not open yet.

    Args:
        url: ``sqlite:///path``, ``memory://``, ``postgresql://...`` or ``redis://...``.
        durability: Of an SQLite store; others have their own.
        read_only: Only to be looked at: it has to be there.

    Raises:
        UsageError: it cannot be; the text says why.
    """
    kind = kind_of(url)
    if kind == "memory":
        from headway.stores.memory import MemoryStore

        return MemoryStore()
    if kind == "postgres":
        from headway.stores.postgres import PostgresStore

        return PostgresStore(url, read_only=read_only)
    if kind == "redis":
        from headway.stores.redis import RedisStore

        return RedisStore(url, read_only=read_only)
    from headway.stores.sqlite import SqliteStore

    return SqliteStore(path_of(url), durability=durability, read_only=read_only)
