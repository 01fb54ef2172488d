"""Fixtures of the engines' tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from headway.testing import Clock
from tests.engines.inquiries import KINDS, store_of
from tests.engines.rabbit_server import PROGRAM, RabbitServer
from tests.engines.world import World, world, world_on
from tests.stores.conftest import postgres_server, redis_prefix, redis_server

__all__ = ["hasty", "held", "here", "postgres_server", "redis_prefix", "redis_server"]


@pytest.fixture(params=["memory", "sqlite"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """One process on a real store of each kind."""
    async with world(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=KINDS)
async def held(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A process that keeps a body that waits."""
    clock = Clock()
    async with world_on(store_of(request.param, tmp_path, clock, request), clock) as here:
        yield here


@pytest.fixture(params=KINDS)
async def hasty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A process that makes room at once."""
    clock = Clock()
    async with world_on(store_of(request.param, tmp_path, clock, request), clock, ask_hold_s=0) as here:
        yield here


@pytest.fixture(scope="session")
def rabbit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A RabbitMQ."""
    if not PROGRAM.exists():
        pytest.skip("NO RABBITMQ ON THIS MACHINE: Celery is not tested on it (`scripts/ensure_system.sh rabbitmq`)")
    server = RabbitServer(tmp_path_factory.mktemp("rabbitmq"))
    server.start()
    yield server
    server.kill()
