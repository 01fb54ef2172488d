"""One provider process for all tests of the example; each test finds it calm."""

from collections.abc import AsyncIterator, Iterator

import pytest

from examples.itinerary.provider_client import ProviderClient
from tests.examples.itinerary.providing import CALM, running_provider


@pytest.fixture(scope="session")
def provider_url() -> Iterator[str]:
    """The address of a running provider."""
    with running_provider() as url:
        yield url


@pytest.fixture
async def provider(provider_url: str) -> AsyncIterator[ProviderClient]:
    """A client of the provider, its dial set back to calm."""
    async with ProviderClient(provider_url, timeout_s=20) as client:
        await client.turn_dial(**CALM)
        yield client
