"""An application that plans trips, in this process, with the real provider, a real store and a real book."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from examples.itinerary.book import Book
from examples.itinerary.job import JOB, Orchestrator, register
from examples.itinerary.models import Trip
from examples.itinerary.settings import DemoSettings
from headway import Headway, RunHandle
from headway.testing import Clock
from tests.examples.itinerary.providing import CALM, running_provider

MONDAY = "2026-12-07"
SUNDAY = "2026-12-06"


class Office:
    """Plans trips.

    Attributes:
        hw: The Headway.
        book: Where itineraries stay.
    """

    def __init__(self, hw: Headway, book: Book, provider: str) -> None:
        self.hw = hw
        self.book = book
        self._provider = provider

    async def start(self, start: str = "2026-12-05", *, begins: str | None = None, **stays: int) -> RunHandle:
        """Ask for a trip: cities with their days."""
        trip = {"stays": [{"city": city, "days": days, "start": begins} for city, days in stays.items()]}
        return await self.hw.start(JOB, {**trip, "start": start})

    async def end(self, handle: RunHandle) -> dict[str, Any]:
        """Wait until a run has ended; return its snapshot."""
        async with asyncio.timeout(60):
            async for _ in handle.watch():
                pass
        return await handle.snapshot()

    async def plan(self, **wishes: Any) -> tuple[RunHandle, dict[str, Any]]:
        """Ask for a trip and wait for its end."""
        handle = await self.start(**wishes)
        return handle, await self.end(handle)

    async def again(self, handle: RunHandle, *items: str) -> dict[str, Any]:
        """Try failed items again, all of them if none is named, and wait for the end."""
        await handle.retry(list(items) or None)
        return await self.end(handle)

    async def turn(self, **change: Any) -> None:
        """Turn the provider's dial; calls are counted from here on."""
        async with httpx.AsyncClient(base_url=self._provider, timeout=20, trust_env=False) as http:
            assert (await http.put("/dial", json=change)).status_code == 200

    async def calls(self, *words: str) -> dict[str, int]:
        """Return how often addresses with all these words in them were called."""
        async with httpx.AsyncClient(base_url=self._provider, timeout=20, trust_env=False) as http:
            calls: dict[str, int] = (await http.get("/calls")).json()
        return {address: times for address, times in calls.items() if all(word in address for word in words)}


@asynccontextmanager
async def open_office(folder: Path, provider: str, **settings: Any) -> AsyncIterator[Office]:
    """Open one whose provider is quick and well."""
    hw = Headway(f"sqlite:///{folder / 'runs.db'}", worker="inline", clock=Clock())  # waits before a retry take no time
    book = Book(folder / "book.db")
    register(hw, book, DemoSettings(**{"provider": provider, "search_s": 0.1, **settings}))
    async with hw:
        office = Office(hw, book, provider)
        await office.turn(**CALM)
        yield office


def items(snapshot: dict[str, Any], kind: str, status: str | None = None) -> dict[str, Any]:
    """Return the items of a kind, and of a status if one is given."""
    wanted = snapshot["items"].items()
    return {key: item for key, item in wanted if item["kind"] == kind and status in (None, item["status"])}


@contextmanager
def running_troy(folder: Path) -> Iterator[str]:
    """Run a provider with one small town, closed on Mondays, and with a camp far out that opens on Saturdays."""
    sights = ["gate", "palace", "temple", "tower", "well", "wall", "camp"]
    about = {"category": "ruins", "fame": 2, "visit_minutes": 60, "interests": ["history"], "cost": 3}
    places = [
        {
            **about,
            "slug": slug,
            "name": slug.title(),
            "lat": 39.9570 + 0.001 * number + (0.2 if slug == "camp" else 0),
            "lon": 26.2380,
            "hours": "Sa 08:00-20:00" if slug == "camp" else "Tu-Su 08:00-20:00",
            "about": f"The {slug} of Troy, nine times built and nine times burnt.",
        }
        for number, slug in enumerate(sights)
    ]
    city = {"id": "troy", "name": "Troy", "country": "Turkey", "lat": 39.9575, "lon": 26.2389, "currency": "TRY"}
    entry = {**city, "notice": "Made up.", "time_zone": "Europe/Istanbul", "places": places}
    (folder / "troy.json").write_text(json.dumps(entry), encoding="utf-8")
    with running_provider(CALM, "--data", str(folder)) as url:
        yield url


def orchestrator(folder: Path, provider: str, **settings: Any) -> Orchestrator:
    """Return the job's own, for runs that are played in memory."""
    return Orchestrator(Book(folder / "book.db"), DemoSettings(**{"provider": provider, "search_s": 0.1, **settings}))


def trip(start: str = "2026-12-05", **stays: int) -> Trip:
    """A trip: cities with their days."""
    wishes = [{"city": city, "days": days} for city, days in stays.items()]
    return Trip.model_validate({"stays": wishes, "start": start})
