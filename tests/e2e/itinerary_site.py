"""The itinerary as a traveller meets it: the place provider, the server and its worker, each a process of its own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tests.integration.servers import ServerProcess

PATIENCE_S: Final = 60
PING_S: Final = 1
"""Seconds between heartbeats: a stalled stream is noticed within three of them."""

CALM: Final = {
    "latency_min_s": 0.02,
    "latency_max_s": 0.06,
    "fault_rate": 0.0,
    "down": False,
    "down_city": None,
    "slow_city": None,
    "slow_extra_s": 3.0,
}


class Site:
    """A running itinerary.

    Args:
        folder: For the store and the server's log.
        provider: Where the place provider listens.
        search_s: Seconds of search for the best tour of a day.
        kill: Its processes may be killed from the page.
    """

    def __init__(self, folder: Path, provider: str, search_s: str = "0.2", *, kill: bool = False) -> None:
        self.server = ServerProcess(
            folder,
            "examples.itinerary.app:app",
            HEADWAY_DEMO_PROVIDER=provider,
            HEADWAY_DEMO_SEARCH_S=search_s,
            HEADWAY_DEMO_KILL=str(int(kill)),
            HEADWAY_PING_S=str(PING_S),
        )
        self.url = self.server.url
        self.port = self.server.port

    def start(self) -> None:
        """Start the server, and wait until it answers and has its worker."""
        self.server.spawn()
        deadline = time.monotonic() + PATIENCE_S
        while not (self._answers() and self.workers()):
            process = self.server.process
            log = self.server.folder / "server.log"
            assert process is not None, log.read_text()
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """``kill -9``; its worker ends with it."""
        self.server.kill()

    def killed(self) -> None:
        """Wait until somebody else has killed it."""
        process = self.server.process
        assert process is not None
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
        self.server.process = None

    def workers(self) -> list[int]:
        """Return the process ids of the server's worker: one, or none between the end of one and the next."""
        process = self.server.process
        assert process is not None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        return [int(child) for child in children.read_text().split() if _is_worker(int(child))]

    def kill_worker(self) -> None:
        """``kill -9``; the server starts another."""
        for worker in self.workers():
            os.kill(worker, 9)

    def snapshot(self, run_id: str) -> dict[str, Any]:
        """Return a trip as the server knows it."""
        snapshot: dict[str, Any] = httpx.get(f"{self.url}/headway/v1/runs/{run_id}", timeout=PATIENCE_S).json()
        return snapshot

    def turn(self, **change: Any) -> None:
        """Turn the provider's dial."""
        assert httpx.put(f"{self.url}/api/dial", json=change, timeout=PATIENCE_S).status_code == 200

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/headway/healthz").status_code == 200
        except httpx.TransportError:
            return False


def _is_worker(pid: int) -> bool:
    try:
        return b"headway.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
