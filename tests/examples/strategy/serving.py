"""The whole application as processes: server and worker on a store and a library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.integration.servers import ServerProcess

ENDED = {"succeeded", "partial", "failed", "cancelled"}
PATIENCE_S = 60


class Application:
    """A running application.

    Attributes:
        server: Its process.
        http: Asks it.
    """

    def __init__(self, folder: Path, target: str = "examples.strategy.app:app", **environment: str) -> None:
        variables = {"HEADWAY_LEASE_S": "2", "HEADWAY_WORKER": "inline"} | environment
        self.server = ServerProcess(folder, target, **variables)
        self.http = httpx.Client(base_url=self.server.url, timeout=20, trust_env=False)

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

    def log(self) -> str:
        """What it has logged."""
        return (self.server.folder / "server.log").read_text()

    def order(self, **order: Any) -> str:
        """Ask for a strategy; return the run's id."""
        answer = self.http.post("/api/strategies", json=order)
        assert answer.status_code == 202, answer.text
        run_id: str = answer.json()["id"]
        return run_id

    def snapshot(self, run_id: str) -> dict[str, Any]:
        """A run's state."""
        snapshot: dict[str, Any] = self.http.get(f"/headway/v1/runs/{run_id}").json()
        return snapshot

    def end(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has ended; return its state."""
        self.until(lambda: self.snapshot(run_id)["status"] in ENDED)
        return self.snapshot(run_id)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < deadline, self.log()[-5000:]
            time.sleep(0.05)


@contextmanager
def running_application(
    folder: Path, target: str = "examples.strategy.app:app", **environment: str
) -> Iterator[Application]:
    """Run one."""
    application = Application(folder, target, **environment)
    application.start()
    try:
        yield application
    finally:
        application.http.close()
        application.server.kill()
