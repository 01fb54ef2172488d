"""A server that is really served, once for all proxies."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.checkout import python_path
from tests.deploy.proxies import Certificate, client_at, make_certificate
from tests.integration.servers import ServerProcess


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """`headway serve`."""
    server = ServerProcess(
        tmp_path_factory.mktemp("server"), "deployed:hw", PYTHONPATH=python_path(Path(__file__).parent)
    )
    asyncio.run(server.start())
    yield server
    server.kill()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Of the proxies."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def client(proxy: str, certificate: Certificate) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the proxy that a test's module has."""
    async with client_at(proxy, certificate) as client:
        yield client
