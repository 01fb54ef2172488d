"""The job: an orchestrator that has a trip planned, enhanced and written up by three agents, one after the other.

Whatever takes time is a keyed step: when the worker dies, another one goes on behind the last that was finished, and
when a day is tried again, nothing else is. See ``agents`` for who does what.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Final

from headway import Failed, Headway, Run

from .agents.asking import ASK, CALLS_AT_ONCE, DAYS_AT_ONCE, each
from .agents.enhancer import Enhancer
from .agents.planner import DayTask, Planner, day_item
from .agents.writer import Writer
from .book import Book
from .choice import PACES
from .enhanced import Itinerary
from .errors import NoDayPlanned, ProviderError, told
from .models import Place, Trip, city_name
from .provider_client import ProviderClient
from .settings import DemoSettings
from .spread import PLACES_PER_DAY

JOB: Final = "itinerary"
PHASES: Final = {"gather": 3, "plan": 60, "enhance": 27, "write": 10}
"""Weights by time, as measured on trips of seven and nine days with the provider as it is."""

CALL_S: Final = 0.6
"""What a call to the provider usually takes."""


def estimate(trip: Trip, search_s: float) -> float:
    """Return the expected seconds: the calls and searches that will be needed, some of them at once."""
    days = len(trip.days)
    rounds = math.ceil(days / DAYS_AT_ONCE)
    hours = math.ceil(PLACES_PER_DAY / CALLS_AT_ONCE) * CALL_S
    lookups = math.ceil(PACES[trip.pace].most_visits / CALLS_AT_ONCE) * 2 * CALL_S
    return len(trip.stays) / CALLS_AT_ONCE * CALL_S + rounds * (hours + CALL_S + search_s + lookups) + days * CALL_S


def register(hw: Headway, book: Book, settings: DemoSettings) -> None:
    """Register the job."""
    hw.job(
        name=JOB,
        phases=PHASES,
        plan=lambda trip: [day_item(day) for day in trip.days],
        estimate=lambda trip: estimate(trip, settings.search_s),
        title=lambda trip: trip.title,
    )(Orchestrator(book, settings).plan_trip)


@dataclass(frozen=True)
class Orchestrator:
    """Calls the agents in turn, and keeps the book.

    Attributes:
        book: Where itineraries stay when the log has been forgotten.
        settings: Where the provider is, and who writes.
    """

    book: Book
    settings: DemoSettings

    async def plan_trip(self, run: Run, trip: Trip) -> Itinerary:
        """Plan all days, enhance them, and write about them."""
        await self.book.begin(run.context, trip)
        try:
            itinerary = await self._orchestrate(run, trip)
        except Exception:
            await self.book.end(run.context, "failed")
            raise
        except asyncio.CancelledError:
            if run.cancel_requested:  # else the worker stops, and another one goes on
                await self.book.end(run.context, "cancelled")
            raise
        await self.book.end(run.context, "partial" if itinerary.missing else "succeeded", itinerary.summary)
        return itinerary

    async def _orchestrate(self, run: Run, trip: Trip) -> Itinerary:
        settings = self.settings
        async with ProviderClient(settings.provider) as provider:
            places = await self._gather(run, trip, provider)
            async with run.agent("planner") as planner:
                tasks = [DayTask(day, places.get(day.city)) for day in trip.days]
                planned = await Planner(provider, self.book, settings.search_s).plan(planner, tasks)
            failed = [day for day in planned if isinstance(day, Failed)]
            if len(failed) == len(planned):
                raise await _nothing_planned(run, failed)
            async with run.agent("enhancer") as enhancer:
                plans = [day for day in planned if not isinstance(day, Failed)]
                days, missing = await Enhancer(provider, self.book).enhance(enhancer, plans)
            async with run.agent("writer") as writer:
                summary = await Writer(provider, settings.model).write(writer, days)
        return Itinerary(days=days, missing=[day.key for day in failed] + missing, summary=summary)

    async def _gather(self, run: Run, trip: Trip, provider: ProviderClient) -> dict[str, list[Place]]:
        """Look around the cities. One that cannot be seen now is asked for again by its days."""
        cities = [stay.city for stay in trip.stays]
        async with run.phase("gather", total=len(cities), unit="cities") as phase:

            async def look_around(city: str) -> list[Place]:
                try:
                    places: list[Place] = await run.step(provider.places, city, key=f"places:{city}", options=ASK)
                except ProviderError as error:
                    await run.error(**told(error), severity="error")
                    return []
                await phase.advance(message=f"Looked around {city_name(city)}")
                return places

            found = await each(look_around, cities, CALLS_AT_ONCE)
        return {city: places for city, places in zip(cities, found, strict=True) if places}


async def _nothing_planned(run: Run, failed: list[Failed]) -> NoDayPlanned:
    """Report that the whole trip has failed, and return what to raise."""
    reasons = list(dict.fromkeys(day.error.message for day in failed))
    error = NoDayPlanned(
        f"{reasons[0]}. No day could be planned" if len(reasons) == 1 else "no day could be planned, each for a reason",
        hint=failed[0].error.hint,
    )
    await run.error(**told(error), severity="critical")
    return error
