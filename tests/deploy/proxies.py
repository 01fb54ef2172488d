"""nginx and Caddy as processes, with the files of deploy/ in which only places are replaced."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

from headway.core.sse import Frame, Parser
from tests.integration.servers import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
PATIENCE_S = 20.0
ADA = {"Authorization": "Bearer ada"}

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {more}
    include {folder}/headway.conf;
}}
"""


@dataclass(frozen=True)
class Certificate:
    """Of localhost, and what trusts it."""

    pem: Path
    key: Path
    trust: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """Make one."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    pem, key = folder / "localhost.pem", folder / "localhost.key"
    pem.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    trust = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    return Certificate(pem, key, trust)


def placed(text: str, places: Mapping[str, str]) -> str:
    """Replace places, each of which stands in the file once."""
    for old, new in places.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
        text = text.replace(old, new)
    return text


def program(name: str) -> str:
    """Where a program is."""
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.fail(f"there is no {name}: run `scripts/ensure_system.sh {name}`")
    return found


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[str]:
    """Run a proxy while the block lasts; gives its address once it listens."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        _until_it_listens(process, port, log)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on port {port}")


@contextmanager
def nginx(folder: Path, server: int, certificate: Certificate, *, more: str = "", location: str = "") -> Iterator[str]:
    """Run nginx before a server.

    Args:
        folder: For its files.
        server: Port of the server.
        certificate: Of the proxy.
        more: Directives in its `http` block, where the rest of a machine's configuration stands.
        location: Directives added to our location.
    """
    port = free_port()
    places = {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{server};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "/etc/ssl/headway.example.pem": str(certificate.pem),
        "/etc/ssl/headway.example.key": str(certificate.key),
        "/var/log/nginx/headway.log": f"{folder}/access.log",
        "proxy_pass http://headway;": f"proxy_pass http://headway;\n{location}",
    }
    (folder / "headway.conf").write_text(placed((DEPLOY / "nginx/headway.conf").read_text(), places))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, more=more))
    command = [program("nginx"), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with running(command, port, folder / "error.log") as url:
        yield url


@contextmanager
def caddy(folder: Path, server: int, certificate: Certificate, *, everything: bool = False) -> Iterator[str]:
    """Run Caddy before a server.

    Args:
        folder: For its files.
        server: Port of the server.
        certificate: Of the proxy, so that it makes none.
        everything: Compress whatever Caddy compresses unless it is told otherwise.
    """
    port = free_port()
    places = {
        "headway.example {": f"https://localhost:{port} {{\n\ttls {certificate.pem} {certificate.key}",
        "127.0.0.1:8000": f"127.0.0.1:{server}",
    }
    text = placed((DEPLOY / "caddy/Caddyfile").read_text(), places)
    if everything:
        text, count = re.subn(r"encode \{.*?\n\t\}", "encode gzip", text, flags=re.DOTALL)
        assert count == 1
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
    command = [program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, port, folder / "caddy.log") as url:
        yield url


class Viewer:
    """Reads a stream frame by frame, whatever it is compressed with.

    Args:
        response: Its body is not read yet.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._pieces = response.aiter_bytes()
        self._parser = Parser()
        self._frames: list[Frame] = []

    async def next(self) -> Frame:
        """Return the next frame."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._frames:
                self._frames += [
                    frame for frame in self._parser.feed(await anext(self._pieces)) if frame.event != "ping"
                ]
        return self._frames.pop(0)


@asynccontextmanager
async def client_at(url: str, certificate: Certificate) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a proxy that is one of the application's users."""
    async with httpx.AsyncClient(
        base_url=url, headers=ADA, verify=certificate.trust, trust_env=False, timeout=PATIENCE_S
    ) as client:
        yield client


@asynccontextmanager
async def viewing(client: httpx.AsyncClient, run_id: str, **headers: str) -> AsyncIterator[Viewer]:
    """Open a run's stream."""
    async with client.stream("GET", f"/v1/runs/{run_id}/stream", headers=headers) as response:
        yield Viewer(response)
