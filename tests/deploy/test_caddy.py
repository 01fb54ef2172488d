"""Behind Caddy: with our file, and with everything compressed."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.expectations import (
    a_cut_stream_goes_on,
    frames_come_one_by_one,
    open_run,
    told_by_polling_and_at_the_end,
)
from tests.deploy.proxies import Certificate, caddy, client_at
from tests.integration.servers import ServerProcess


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, server: ServerProcess, certificate: Certificate) -> Iterator[str]:
    """Caddy with our file."""
    with caddy(tmp_path_factory.mktemp("caddy"), server.port, certificate) as url:
        yield url


async def test_frames_come_one_by_one(client: httpx.AsyncClient) -> None:
    """Nothing waits for anything after it."""
    await frames_come_one_by_one(client)


async def test_a_cut_stream_goes_on(client: httpx.AsyncClient) -> None:
    """The cursor gets through."""
    await a_cut_stream_goes_on(client)


async def test_answers_are_compressed_and_streams_are_not(client: httpx.AsyncClient) -> None:
    """Whatever the client says it could read."""
    run_id = await open_run(client)
    headers = {"Accept-Encoding": "gzip"}
    async with client.stream("GET", f"/v1/runs/{run_id}/stream", headers=headers) as stream:
        assert "content-encoding" not in stream.headers
    assert (await client.get(f"/v1/runs/{run_id}", headers=headers)).headers["content-encoding"] == "gzip"


async def test_a_machine_that_compresses_everything(
    tmp_path: Path, server: ServerProcess, certificate: Certificate
) -> None:
    """Caddy 2.6 then holds streams back until they end; polling works, which is what our clients do."""
    with caddy(tmp_path, server.port, certificate, everything=True) as url:
        async with client_at(url, certificate) as client:
            await told_by_polling_and_at_the_end(client)
