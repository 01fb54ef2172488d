"""An example's whole application as a process, with a store of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.integration.servers import ServerProcess

ENDED = {"succeeded", "partial", "failed", "cancelled"}
PATIENCE_S = 60


class Served:
    """A running application.

    Attributes:
        server: Its process.
        http: Asks it as a page of its own would.
    """

    def __init__(self, folder: Path, target: str, **environment: str) -> None:
        self.server = ServerProcess(folder, target, **environment)
        self.http = httpx.Client(base_url=self.server.url, timeout=20, trust_env=False)
        self.http.headers["Origin"] = self.server.url

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.server.spawn()
        self.until(self._answers)

    def _answers(self) -> bool:
        process = self.server.process
        assert process is not None
        assert process.poll() is None, self.log()
        try:
            return self.http.get("/headway/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """``kill -9``, and forget it."""
        self.http.close()
        self.server.kill()

    def log(self) -> str:
        """Return what it has logged."""
        return (self.server.folder / "server.log").read_text()

    def snapshot(self, run_id: str) -> dict[str, Any]:
        """Return a run's state."""
        snapshot: dict[str, Any] = self.http.get(f"/headway/v1/runs/{run_id}").json()
        return snapshot

    def end(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has ended; return its state."""
        self.until(lambda: self.snapshot(run_id)["status"] in ENDED)
        return self.snapshot(run_id)

    def until(self, true: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < deadline, self.log()[-5000:]
            time.sleep(0.05)
