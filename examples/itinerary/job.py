"""The job: a trip is planned day by day, each day an item of its own that fails, is retried and is kept alone."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from headway import Failed, Item, ItemPlanned, Phase, Run

from .models import DayPlan, Place, PlaceDetails, Trip, TripDay
from .planner import Candidate, DaySearch, plan_day
from .provider_client import ProviderClient
from .settings import DemoSettings
from .spread import spread

PHASES = {"gather": 10, "plan": 75, "write": 15}
DAYS_AT_ONCE = 2
CALLS_AT_ONCE = 2


class Itinerary(BaseModel):
    """The finished trip: every day that could be planned, and a summary."""

    days: list[DayPlan]
    missing: list[str]
    summary: str


def day_key(day: TripDay) -> str:
    """Key of a day's item."""
    return f"day:{day.number}"


def day_item(day: TripDay) -> ItemPlanned:
    """The placeholder of a day, there before anything is planned."""
    title = f"{day.city.replace('-', ' ').title()}, {day.date:%a} {day.date.day} {day.date:%b}"
    return ItemPlanned(key=day_key(day), kind="day", title=title, phase="plan")


def estimate(trip: Trip) -> float:
    """Expected seconds: opening hours, the search, a word on each visit; two days at a time."""
    return 12.0 + math.ceil(len(trip.days) / DAYS_AT_ONCE) * (6.5 + DemoSettings().search_s)


async def plan_trip(run: Run, trip: Trip) -> Itinerary:
    """Plan all days, two at a time, and write a summary while asking what is worth saying about them."""
    async with run.phase("gather", total=len(trip.stays), unit="cities") as phase:
        for stay in trip.stays:
            await run.step(_places_of, stay.city, key=f"places:{stay.city}")
            await phase.advance(message=f"Looked around {stay.city.replace('-', ' ').title()}")
    planned = await run.map(
        plan_one_day,
        trip.days,
        phase="plan",
        item=day_item,
        concurrency=DAYS_AT_ONCE,
        on_error="partial",
        retries=1,
    )
    days = [day for day in planned if not isinstance(day, Failed)]
    if not days:
        raise NoDayPlanned("no day could be planned; the place provider may be down")
    async with run.phase("write", total=len(days), unit="days") as phase:
        summary = await run.step(write_summary, days, phase, key="summary")
    return Itinerary(days=days, missing=[day.key for day in planned if isinstance(day, Failed)], summary=summary)


class NoDayPlanned(Exception):
    """Nothing came of the trip."""

    code = "no_day_planned"
    category = "planning"


async def _places_of(city: str) -> list[Place]:
    async with _provider() as provider:
        return await provider.places(city)


async def plan_one_day(item: Item, day: TripDay) -> DayPlan:
    """Plan one day; every better tour is shown as it is found.

    Raises:
        DayImpossible: nothing is open, or all is too far.
        ProviderDown: the provider does not answer; the day is tried again.
    """
    async with _provider() as provider:
        await item.progress(0, 4, message="Choosing places")
        places = await provider.places(day.city)
        chosen = spread(places, day.stay_dates, day.interests)[day.stay_day - 1]
        await item.progress(1, 4, message="Asking for opening hours")
        candidates = await _candidates(item, provider, day, chosen)
        await item.progress(2, 4, message="Measuring the walks")
        walks = await provider.walks([place.id for place in chosen])
        await item.progress(3, 4, message="Looking for the best tour")
        search = DaySearch(
            day,
            candidates,
            walks,
            budget_s=DemoSettings().search_s,
            # called in the solver's thread, so by the plain face
            on_better=lambda tour, plain=item.plain: plain.update(_shown(day, tour)),  # type: ignore[misc]
        )
        plan = await plan_day(search)
        await item.progress(4, 4, message="Planned")
        return plan


async def _candidates(item: Item, provider: ProviderClient, day: TripDay, places: Sequence[Place]) -> list[Candidate]:
    slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(place: Place) -> Candidate:
        async with slots:
            hours = await provider.hours(place.id, day.date)
            await item.progress(1, 4, message=f"Opening hours of {place.name}")
            return Candidate(place, hours.open)

    return list(await asyncio.gather(*(one(place) for place in places)))


def _shown(day: TripDay, tour: Any) -> dict[str, Any]:
    """What a card shows of a tour that may still get better."""
    return {"day": day.model_dump(mode="json"), "tour": tour.model_dump(mode="json")}


async def write_summary(run: Run, days: Sequence[DayPlan], phase: Phase) -> str:
    """Write a few sentences a day, asking the provider about its best visit as it goes."""
    async with _provider() as provider, run.output("summary") as out:
        for done, day in enumerate(days):
            best = max((visit.place for visit in day.tour.visits), key=lambda place: place.fame)
            details = await provider.details(best.id)
            for sentence in _sentences(day, details):
                await out.write(sentence)
            await phase.progress(done + 1)
    return out.text


def _sentences(day: DayPlan, details: PlaceDetails) -> list[str]:
    visits = day.tour.visits
    names = [visit.place.name for visit in visits]
    walked = f"{day.tour.walk_metres / 1000:.1f} km on foot"
    first = f"{day.day.date:%A}: {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"{names[0]}"
    return [f"{first} - {walked}. ", f"{details.about}\n\n"]


def _provider() -> ProviderClient:
    return ProviderClient(DemoSettings().provider)
