"""The one place that asks for the package ``redis``, and says how to get it."""

from __future__ import annotations

from typing import cast

from headway.errors import UsageError
from headway.stores.address import without_password

try:
    import redis as sync
    from redis import exceptions
    from redis.asyncio.connection import AbstractConnection, ConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
except ModuleNotFoundError as error:
    raise UsageError("the store redis needs the package redis", hint="pip install 'headway[redis]'") from error

__all__ = [
    "AbstractConnection",
    "ConnectionPool",
    "connect",
    "exceptions",
    "make_client",
    "make_connection",
    "make_pool",
]


def make_pool(url: str, timeout_s: float) -> ConnectionPool:
    """Return what makes connections. They do not try again by themselves: what was sent twice could be done twice."""
    try:
        return ConnectionPool.from_url(
            url, protocol=2, socket_timeout=None, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )
    except ValueError as error:
        raise UsageError(
            f"{without_password(url)} is not the URL of a Redis: {error}",
            hint="redis://[[user]:password@]host[:port][/db]",
        ) from error


def make_connection(pool: ConnectionPool) -> AbstractConnection:
    """Return a connection of its own, not connected yet; the pool does not keep it."""
    return cast("AbstractConnection", pool.make_connection())  # type: ignore[no-untyped-call]


async def connect(connection: AbstractConnection) -> None:
    """Connect it, and say who we are."""
    await connection.connect()  # type: ignore[no-untyped-call]


def make_client(url: str, timeout_s: float) -> sync.Redis:
    """Return a client for a thread. A beat may be counted twice."""
    retry = sync.retry.Retry(NoBackoff(), 1)
    return sync.Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=retry)
