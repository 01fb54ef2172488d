"""The whole application as processes: server and worker on a store and a book, with the provider of the tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.examples.itinerary.providing import CALM
from tests.integration.servers import ServerProcess

ENDED = {"succeeded", "partial", "failed", "cancelled"}
PATIENCE_S = 60


class Site:
    """A running application.

    Attributes:
        server: Its process.
        http: Asks it as a page of its own would.
    """

    def __init__(self, folder: Path, provider: str, **environment: str) -> None:
        variables = {"HEADWAY_DEMO_PROVIDER": provider, "HEADWAY_DEMO_SEARCH_S": "0.1", "HEADWAY_LOG_FORMAT": "json"}
        self.server = ServerProcess(folder, "examples.itinerary.app:app", **(variables | environment))
        self.http = httpx.Client(base_url=self.server.url, timeout=20, trust_env=False)
        self.http.headers["Origin"] = self.server.url
        self._provider = provider

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
        """Return what it has logged."""
        return (self.server.folder / "server.log").read_text()

    def create(self, start: str = "2026-12-05", **stays: int) -> dict[str, Any]:
        """Ask for a trip: cities with their days."""
        wishes = [{"city": city, "days": days} for city, days in stays.items()]
        answer = self.http.post("/itineraries", json={"stays": wishes, "start": start})
        assert answer.status_code == 202, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def snapshot(self, run_id: str) -> dict[str, Any]:
        """Return a run's state."""
        snapshot: dict[str, Any] = self.http.get(f"/headway/v1/runs/{run_id}").json()
        return snapshot

    def end(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has ended; return its state."""
        self.until(lambda: self.snapshot(run_id)["status"] in ENDED)
        return self.snapshot(run_id)

    def turn(self, **change: Any) -> None:
        """Turn the provider's dial; calls are counted from here on."""
        assert httpx.put(f"{self._provider}/dial", json=change, timeout=20, trust_env=False).status_code == 200

    def calls(self) -> dict[str, int]:
        """Return how often each address of the provider was called."""
        calls: dict[str, int] = httpx.get(f"{self._provider}/calls", timeout=20, trust_env=False).json()
        return calls

    def until(self, true: Any, within_s: float = PATIENCE_S) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < deadline, self.log()[-5000:]
            time.sleep(0.05)


@contextmanager
def running_site(folder: Path, provider: str, **environment: str) -> Iterator[Site]:
    """Run one whose provider is quick and well."""
    site = Site(folder, provider, **environment)
    site.turn(**CALM)
    site.start()
    try:
        yield site
    finally:
        site.http.close()
        site.server.kill()
