"""Servers as processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.checkout import ROOT, python_path
from tests.integration.servers import free_port
from tests.wire import Stream

APP = "tests.hub.foreign:app"
OURS = ("--http", "headway.hub.uvicorn_protocol:HandOverProtocol")


class ServerProcess:
    """A server that runs `tests.hub.foreign`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    async def get(self, path: str) -> Any:
        """Ask for a page."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            return (await client.get(path, timeout=30)).raise_for_status().json()

    async def answers(self) -> None:
        """Wait until it does."""
        async with asyncio.timeout(60):
            while True:
                try:
                    await self.get("/statistics")
                except httpx.HTTPError:
                    assert self.process.poll() is None, "the server ended"
                    await asyncio.sleep(0.05)
                else:
                    return

    async def forgets_all(self) -> dict[str, Any]:
        """Wait until no stream is open, and return the statistics."""
        async with asyncio.timeout(60):
            while (found := await self.get("/statistics"))["open"]:
                await asyncio.sleep(0.02)
        return dict(found)

    async def stream(self, run_id: str) -> Stream:
        """Open a stream of a run."""
        return await Stream.open(self.port, f"/headway/v1/runs/{run_id}/stream")

    async def exits(self) -> int:
        """Wait until it has ended."""
        return await asyncio.to_thread(self.process.wait, 60)


def _start(command: Sequence[str], cwd: Path) -> ServerProcess:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *(part.format(port=port) for part in command)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": python_path(cwd, ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return ServerProcess(process, port)


@asynccontextmanager
async def server_process(*command: str, cwd: Path = ROOT) -> AsyncIterator[ServerProcess]:
    """Run ``python -m`` with a command, ``{port}`` in it being a free one, until the block ends."""
    server = _start(command, cwd)
    try:
        await server.answers()
        yield server
    finally:
        if server.process.poll() is None:
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
