"""One provider process for all tests of the example, and one of a made-up town; each test finds them calm."""

from collections.abc import AsyncIterator, Iterator

import pytest

from examples.itinerary.provider_client import ProviderClient
from tests.examples.itinerary.providing import CALM, running_provider
from tests.examples.itinerary.trips import running_troy


@pytest.fixture(scope="session")
def provider_url() -> Iterator[str]:
    """The address of a running provider."""
    with running_provider() as url:
        yield url


@pytest.fixture(scope="session")
def troy_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a provider that knows one small town."""
    with running_troy(tmp_path_factory.mktemp("troy")) as url:
        yield url


@pytest.fixture
async def provider(provider_url: str) -> AsyncIterator[ProviderClient]:
    """A client of the provider, its dial set back to calm."""
    async with ProviderClient(provider_url, timeout_s=20) as client:
        await client.turn_dial(**CALM)
        yield client
