"""Behind nginx: with our file, in a machine's own configuration, and with what goes wrong."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from headway.cli.doctor.findings import Level
from headway.cli.doctor.streaming import streaming
from headway.client import Client
from tests.deploy.expectations import (
    a_cut_stream_goes_on,
    frames_come_one_by_one,
    open_run,
    told_by_polling_and_at_the_end,
)
from tests.deploy.proxies import ADA, PATIENCE_S, Certificate, client_at, nginx
from tests.integration.servers import ServerProcess

BUFFERING = """
    proxy_buffering on;
    proxy_buffers 8 64k;
    gzip on;
    gzip_proxied any;
    gzip_types *;
    gzip_min_length 0;
"""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, server: ServerProcess, certificate: Certificate) -> Iterator[str]:
    """Nginx with our file."""
    with nginx(tmp_path_factory.mktemp("nginx"), server.port, certificate) as url:
        yield url


async def test_frames_come_one_by_one(client: httpx.AsyncClient) -> None:
    """Nothing waits for anything after it."""
    await frames_come_one_by_one(client)


async def test_a_cut_stream_goes_on(client: httpx.AsyncClient) -> None:
    """The cursor gets through."""
    await a_cut_stream_goes_on(client)


async def test_waiting_polls_get_through(client: httpx.AsyncClient) -> None:
    """With their tag, and without a time-out of the proxy."""
    path = f"/v1/runs/{await open_run(client)}"
    tag = (await client.get(path)).headers["etag"]
    assert (await client.get(f"{path}?wait=0.2", headers={"If-None-Match": tag})).status_code == 304


async def test_the_application_sees_who_asks(client: httpx.AsyncClient) -> None:
    """Everybody else is refused, and not taken for somebody at this machine."""
    assert (await client.get("/v1/runs", headers={"Authorization": ""})).status_code == 401


async def test_http_2(client: httpx.AsyncClient, proxy: str) -> None:
    """One connection of a browser carries all streams."""
    url = f"{proxy}/v1/runs/{await open_run(client)}/stream"
    curl = await asyncio.create_subprocess_exec(
        "curl", "--http2", "--insecure", "--silent", "--no-buffer", "--include", "--max-time", "20",
        "--header", f"Authorization: {ADA['Authorization']}", url, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert curl.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        told = await curl.stdout.readuntil(b"event: snapshot")
    curl.kill()
    await curl.wait()
    assert told.startswith(b"HTTP/2 200")


async def test_queries_are_not_logged(client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    """They may hold tokens."""
    await client.get("/v1/runs?token=secret")
    log = (tmp_path_factory.getbasetemp() / "nginx0" / "access.log").read_text()
    assert '"GET /v1/runs"' in log
    assert "secret" not in log


async def test_a_machine_that_buffers_and_compresses(
    tmp_path: Path, server: ServerProcess, certificate: Certificate
) -> None:
    """Our headers switch the first off; compressed frames come one by one, too."""
    with nginx(tmp_path, server.port, certificate, more=BUFFERING) as url:
        async with client_at(url, certificate) as client:
            answer = await frames_come_one_by_one(client, encoding="gzip")
            assert answer.headers["content-encoding"] == "gzip"
            await frames_come_one_by_one(client)


async def test_a_machine_that_ignores_our_header(
    tmp_path: Path, server: ServerProcess, certificate: Certificate
) -> None:
    """Then nothing comes through streams before they end; polling works, which is what our clients do.

    `headway doctor` finds it out.
    """
    ignoring = "proxy_ignore_headers X-Accel-Buffering; proxy_buffering on;"
    with nginx(tmp_path, server.port, certificate, location=ignoring) as url:
        async with client_at(url, certificate) as client:
            assert await told_by_polling_and_at_the_end(client) == []
            async with Client(url) as doctor:
                await doctor.http.aclose()
                doctor.http = client  # which trusts the certificate
                (finding,) = [finding async for finding in streaming(doctor)]
    assert (finding.level, "something on the way holds streams back" in finding.text) == (Level.FAIL, True)
