"""The whole application as processes: server and worker on a store and a book, with the provider of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.examples.itinerary.providing import CALM
from tests.examples.serving import Served


class Site(Served):
    """A running application."""

    def __init__(self, folder: Path, provider: str, **environment: str) -> None:
        variables = {"HEADWAY_DEMO_PROVIDER": provider, "HEADWAY_DEMO_SEARCH_S": "0.1", "HEADWAY_LOG_FORMAT": "json"}
        super().__init__(folder, "examples.itinerary.app:app", **(variables | environment))
        self._provider = provider

    def create(self, start: str = "2026-12-05", **stays: int) -> dict[str, Any]:
        """Ask for a trip: cities with their days."""
        wishes = [{"city": city, "days": days} for city, days in stays.items()]
        answer = self.http.post("/itineraries", json={"stays": wishes, "start": start})
        assert answer.status_code == 202, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def turn(self, **change: Any) -> None:
        """Turn the provider's dial; calls are counted from here on."""
        assert httpx.put(f"{self._provider}/dial", json=change, timeout=20, trust_env=False).status_code == 200

    def calls(self) -> dict[str, int]:
        """Return how often each address of the provider was called."""
        calls: dict[str, int] = httpx.get(f"{self._provider}/calls", timeout=20, trust_env=False).json()
        return calls


@contextmanager
def running_site(folder: Path, provider: str, **environment: str) -> Iterator[Site]:
    """Run one whose provider is quick and well."""
    site = Site(folder, provider, **environment)
    site.turn(**CALM)
    site.start()
    try:
        yield site
    finally:
        site.stop()
