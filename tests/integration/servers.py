"""`headway serve` as a process of its own, to be killed and started again on the same port and store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.checkout import ROOT, python_path

HEADWAY = str(Path(sys.executable).with_name("headway"))


PORTS = range(10_000, 32_000)
"""Below those the system gives to clients: what it gives away freely, it may give to two test processes at once."""


def free_port() -> int:
    """Return a port nobody listens on, and no other test process has just been given."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class ServerProcess:
    """A server.

    Args:
        folder: Where its store and its log are kept.
        target: ``module:app`` to serve; None for Headway's own routes.
        environment: Variables beside the test's own.
    """

    def __init__(self, folder: Path, target: str | None = None, **environment: str) -> None:
        self.folder = folder
        self.store = folder / "runs.db"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._target = target
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it; returns before it answers."""
        command = [HEADWAY, "serve", *([self._target] if self._target else []), "--port", str(self.port)]
        environment = {
            **os.environ,
            "HEADWAY_STORE": str(self.store),
            "PYTHONPATH": python_path(ROOT, self.folder),
            **self._environment,
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)

    async def ready(self, within_s: float = 60) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(within_s), httpx.AsyncClient() as http:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"{self.url}/healthz")).status_code < 500:
                        return
                assert self.process is not None
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                await asyncio.sleep(0.05)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.spawn()
        await self.ready()

    def kill(self) -> None:
        """``kill -9``."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def terminate(self, within_s: float = 20) -> int:
        """SIGTERM; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(within_s)
        self.process = None
        return code

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:  # nobody else ends a server that was not ready in time
            self.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
