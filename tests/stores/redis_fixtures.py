"""A Redis for the tests that want one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from headway.core.ids import new_correlation_id
from headway.stores.redis import RedisStore
from tests.stores.redis_server import RedisServer


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
