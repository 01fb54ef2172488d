"""Every store that promises what `headway.stores.base` says."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headway.core.ids import new_correlation_id
from headway.stores.base import Store
from headway.stores.location import store_at
from headway.stores.memory import MemoryStore
from headway.stores.postgres import PostgresStore
from headway.stores.redis import RedisStore
from headway.stores.sqlite import SqliteStore
from tests.stores.builders import FakeClock
from tests.stores.postgres_server import PostgresServer
from tests.stores.redis_server import RedisServer

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server for all tests of this process that leave it running: it need not wait for the disk."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"), fsync="off", full_page_writes="off")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def clock() -> FakeClock:
    """The clock of `store`."""
    return FakeClock()


@dataclass(frozen=True, slots=True)
class Shared:
    """A store that other processes can open, too."""

    url: str
    store: Store


@pytest.fixture(params=["sqlite", "postgres", "redis"])
async def shared(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shared]:
    """A fresh store, open, and its address."""
    url = f"sqlite:///{tmp_path / 'headway.db'}"
    if request.param == "postgres":
        url = fresh_url(request.getfixturevalue("postgres_server"))
    elif request.param == "redis":
        url = fresh_prefix(request.getfixturevalue("redis_server"))
    made = store_at(url)
    await made.open()
    yield Shared(url, made)
    await made.close()


def fresh_url(server: PostgresServer, **query: str) -> str:
    """The address of a schema nobody has used."""
    return server.url(schema=f"headway_{next(_numbers)}", **query)


def fresh_prefix(server: RedisServer) -> str:
    """The address of keys nobody has used."""
    return f"{server.url}?prefix=test-{new_correlation_id()}:"


def make_store(kind: str, folder: Path, clock: FakeClock, request: pytest.FixtureRequest) -> Store:
    """Make a fresh store of a kind, on the clock given."""
    name, _, more = kind.partition(" ")
    if name == "memory":
        return MemoryStore(now_ms=clock)
    if name == "sqlite":
        return SqliteStore(folder / "headway.db", now_ms=clock, durability="full" if more == "full" else "normal")
    if name == "redis":
        return RedisStore(fresh_prefix(request.getfixturevalue("redis_server")), now_ms=clock)
    return PostgresStore(fresh_url(request.getfixturevalue("postgres_server")), now_ms=clock)


@pytest.fixture(params=["memory", "sqlite normal", "sqlite full", "postgres", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    """A fresh store, open."""
    made = make_store(request.param, tmp_path, clock, request)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A fresh SQLite store, open."""
    made = SqliteStore(tmp_path / "headway.db")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def postgres(postgres_server: PostgresServer) -> AsyncIterator[PostgresStore]:
    """A fresh Postgres store, open."""
    made = PostgresStore(fresh_url(postgres_server))
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for all tests of a process; each of them takes a prefix of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_prefix() -> str:
    """Of the keys of one test."""
    return f"test-{new_correlation_id()}:"


@pytest.fixture
async def redis_store(redis_server: RedisServer, redis_prefix: str) -> AsyncIterator[RedisStore]:
    """A fresh store, open."""
    made = RedisStore(redis_server.url, prefix=redis_prefix)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def other_redis(redis_server: RedisServer, redis_prefix: str) -> AsyncIterator[RedisStore]:
    """The same store once more, as another process would have it."""
    made = RedisStore(redis_server.url, prefix=redis_prefix)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """One for a test that kills it."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()
