"""Where a Postgres store is: an address as everywhere, with what is ours taken out of its query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headway.errors import UsageError
from headway.stores.address import joined, split_options, without_password

_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,47}")
"""Postgres takes 63 letters; the channel of its news is named after the schema, and is longer."""

POOL_MIN: Final = 2
"""A read goes on beside a write."""

_YES: Final = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Address:
    """One database, and the schema in it.

    Attributes:
        dsn: For the driver.
        schema: All our tables are in it.
        pool: Connections at most; None: nothing is said of it.
        pgbouncer: Between us and the server stands a pooler that gives out a server for one transaction: nothing is
            prepared, and nobody can listen.
        listen: Address for the one connection that listens, past the pooler; None: `dsn`.
    """

    dsn: str
    schema: str = "headway"
    pool: int | None = None
    pgbouncer: bool = False
    listen: str | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read ``postgresql://user:password@host:port/db?schema=&pool=&pgbouncer=&listen=``.

        Raises:
            UsageError: something of it cannot be.
        """
        start, options = split_options(url)
        query = {name: values[-1] for name, values in options.items()}
        schema = query.pop("schema", "headway")
        if not _SCHEMA.fullmatch(schema):
            raise UsageError(f"{schema!r} is no name for a schema", hint="at most 48 lower-case letters, digits and _")
        pool = query.pop("pool", None)
        if pool is not None and (not pool.isdecimal() or int(pool) < POOL_MIN):
            raise UsageError(f"pool={pool}: the store needs at least {POOL_MIN} connections")
        pgbouncer = query.pop("pgbouncer", "").lower() in _YES
        listen = query.pop("listen", None)
        dsn = joined(start, {name: [value] for name, value in query.items()})
        return cls(dsn, schema, None if pool is None else int(pool), pgbouncer, listen)

    @property
    def listening(self) -> str | None:
        """Address of the connection that listens; None where nobody can."""
        return self.listen or (None if self.pgbouncer else self.dsn)

    def __str__(self) -> str:
        """As it may be shown: without its password."""
        return without_password(self.dsn)
