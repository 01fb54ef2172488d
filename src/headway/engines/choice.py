"""From a word to an engine. An engine's library is imported only where the engine is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from headway.config import EngineName
from headway.engines.base import Engine
from headway.engines.embedded import EmbeddedEngine
from headway.engines.job import Job
from headway.errors import UsageError
from headway.stores.address import split_prefix
from headway.stores.base import Store
from headway.stores.location import kind_of

BROKERS: Final = ("redis", "rediss", "amqp", "amqps")


def engine_of(name: EngineName, *, store: Store, store_url: str, broker: str, jobs: Mapping[str, Job]) -> Engine:
    """Return the engine of this name; nothing is opened yet.

    Args:
        name: Which one.
        store: Where the runs are.
        store_url: Its address; the queue is there, too, where that can be.
        broker: Address of the queue; empty: it is where the runs are.
        jobs: Registered jobs, also those registered later.

    Raises:
        UsageError: its extra is not installed, or there is no place for its queue.
    """
    if name == "embedded":
        return EmbeddedEngine(store, jobs)
    try:
        return _procrastinate(store_url, broker) if name == "procrastinate" else _celery(store_url, broker)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the engine {name} needs {error.name}, which is not installed", hint=f"pip install 'headway[{name}]'"
        ) from error


def _procrastinate(store_url: str, broker: str) -> Engine:
    from headway.engines.procrastinate import ProcrastinateEngine

    return ProcrastinateEngine(*postgres_queue(store_url, broker))


def postgres_queue(store_url: str, broker: str) -> tuple[str, str]:
    """Return the address of the Postgres that holds the queue, and the schema of the runs it is named after.

    Raises:
        UsageError: the store is elsewhere and no broker is named, or nobody could listen.
    """
    from headway.stores.postgres_address import Address

    url = broker or store_url
    if not url.startswith(("postgresql://", "postgres://")):
        raise UsageError(
            "the engine procrastinate needs Postgres, and the store is elsewhere",
            hint="set HEADWAY_STORE to postgresql://..., or HEADWAY_BROKER to a Postgres for the queue alone",
        )
    address = Address.parse(url)
    if address.listening is None:
        raise UsageError(
            "the engine procrastinate needs the server itself: behind PgBouncer nobody can listen",
            hint="write &listen=postgresql://... into the store's address, or set HEADWAY_BROKER",
        )
    return address.listening, address.schema


def _celery(store_url: str, broker: str) -> Engine:
    from headway.engines.celery import CeleryEngine

    if not broker and kind_of(store_url) != "redis":
        raise UsageError(
            "the engine celery needs a broker",
            hint="set HEADWAY_BROKER to redis://... or amqp://..., or use a Redis store",
        )
    url, prefix = split_prefix(broker or store_url)
    if url.partition("://")[0] not in BROKERS:
        raise UsageError(f"{url.partition('://')[0]}:// is no broker of Celery's", hint=f"use {', '.join(BROKERS)}")
    return CeleryEngine(url, f"{prefix}queue:")
