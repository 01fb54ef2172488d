"""Fixtures of the engines' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines.world import World, world
from tests.stores.conftest import postgres_server, redis_server

__all__ = ["here", "postgres_server", "redis_server"]


@pytest.fixture(params=["memory", "sqlite"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """One process on a real store of each kind."""
    async with world(request.param, tmp_path) as made:
        yield made
