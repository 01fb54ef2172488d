"""Worlds and clients most tests of the gateways begin with."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.gateways.serving import World, by_header, make_world, serving


@pytest.fixture
def world() -> World:
    """A Headway without an authenticator."""
    return make_world()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `world`, at its prefix."""
    async with serving(world) as client:
        yield client


@pytest.fixture
def shared() -> World:
    """A Headway with users."""
    return make_world(authenticate=by_header)


@pytest.fixture
async def users(shared: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `shared`, at its prefix; who asks is said by the header ``x-user``."""
    async with serving(shared) as client:
        yield client
