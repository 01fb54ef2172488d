"""Where a Postgres store is: an address as everywhere, with what is ours taken out of its query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from headway.errors import UsageError

_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,47}")
"""Postgres takes 63 letters; the channel of its news is named after the schema, and is longer."""

_YES: Final = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Address:
    """One database, and the schema in it.

    Attributes:
        dsn: For the driver.
        schema: All our tables are in it.
        pool: Connections at most.
        pgbouncer: Between us and the server stands a pooler that gives out a server for one transaction: nothing is
            prepared, and nobody can listen.
        listen: Address for the one connection that listens, past the pooler; None: `dsn`.
    """

    dsn: str
    schema: str = "headway"
    pool: int = 10
    pgbouncer: bool = False
    listen: str | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read ``postgresql://user:password@host:port/db?schema=&pool=&pgbouncer=&listen=``.

        Raises:
            UsageError: something of it cannot be.
        """
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        schema = query.pop("schema", "headway")
        if not _SCHEMA.fullmatch(schema):
            raise UsageError(f"{schema!r} is no name for a schema", hint="at most 48 lower-case letters, digits and _")
        pool = query.pop("pool", "10")
        if not pool.isdecimal() or int(pool) < 2:
            raise UsageError(f"pool={pool}: the store needs at least 2 connections")
        pgbouncer = query.pop("pgbouncer", "").lower() in _YES
        listen = query.pop("listen", None)
        dsn = urlunsplit((*parts[:3], urlencode(query), ""))
        return cls(dsn, schema, int(pool), pgbouncer, listen)

    @property
    def listening(self) -> str | None:
        """Address of the connection that listens; None where nobody can."""
        return self.listen or (None if self.pgbouncer else self.dsn)

    def __str__(self) -> str:
        """As it may be shown: without its password."""
        return without_password(self.dsn)


def without_password(url: str) -> str:
    """Return an address as it may be shown."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + host, parts.path, "", ""))
