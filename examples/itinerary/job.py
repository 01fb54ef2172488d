"""The job: a trip is planned day by day, each day an item of its own that fails, is retried and is kept alone."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from headway import Failed, Item, ItemPlanned, Phase, Run

from .models import DayPlan, Place, Tour, Trip, TripDay
from .planner import Candidate, DaySearch, plan_day
from .provider_client import ProviderClient
from .settings import DemoSettings
from .spread import spread

PHASES = {"gather": 10, "plan": 75, "write": 15}
DAYS_AT_ONCE = 2
CALLS_AT_ONCE = 2


class PlannedDay(DayPlan):
    """A planned day with a word about each visit.

    Attributes:
        about: One sentence per place, by its id.
    """

    about: dict[str, str]


class Itinerary(BaseModel):
    """The finished trip: every day that could be planned, and a summary."""

    days: list[PlannedDay]
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
    return 8.0 + math.ceil(len(trip.days) / DAYS_AT_ONCE) * (6.5 + DemoSettings().search_s)


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
    numbers = ",".join(str(day.day.number) for day in days)
    async with run.phase("write", total=len(days), unit="days") as phase:
        # A day planned in a retry belongs into the text: about other days, it is another step.
        summary = await run.step(write_summary, days, phase, key=f"summary:{numbers}")
    return Itinerary(days=days, missing=[day.key for day in planned if isinstance(day, Failed)], summary=summary)


class NoDayPlanned(Exception):
    """Nothing came of the trip."""

    code = "no_day_planned"
    category = "planning"


async def _places_of(city: str) -> list[Place]:
    async with _provider() as provider:
        return await provider.places(city)


async def plan_one_day(item: Item, day: TripDay) -> PlannedDay:
    """Plan one day; every better tour is shown as it is found.

    Raises:
        DayImpossible: nothing is open, or all is too far.
        ProviderDown: the provider does not answer; the day is tried again.
    """
    async with _provider() as provider:
        await item.progress(0, 5, message="Choosing places")
        places = await provider.places(day.city)
        chosen = spread(places, day.stay_dates, day.interests)[day.stay_day - 1]
        await item.progress(1, 5, message="Asking for opening hours")
        candidates = await _candidates(item, provider, day, chosen)
        await item.progress(2, 5, message="Measuring the walks")
        walks = await provider.walks([place.id for place in chosen])
        await item.progress(3, 5, message="Looking for the best tour")
        search = DaySearch(
            day,
            candidates,
            walks,
            budget_s=DemoSettings().search_s,
            # called in the solver's thread, so by the plain face
            on_better=lambda tour, plain=item.plain: plain.update(_shown(day, tour)),  # type: ignore[misc]
        )
        plan = await plan_day(search)
        await item.progress(4, 5, message="Reading about the places")
        about = await _about(item, provider, plan)
        return PlannedDay(**plan.model_dump(), about=about)


async def _candidates(item: Item, provider: ProviderClient, day: TripDay, places: Sequence[Place]) -> list[Candidate]:
    slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(place: Place) -> Candidate:
        async with slots:
            hours = await provider.hours(place.id, day.date)
            await item.progress(1, 5, message=f"Opening hours of {place.name}")
            return Candidate(place, hours.open)

    return list(await asyncio.gather(*(one(place) for place in places)))


async def _about(item: Item, provider: ProviderClient, plan: DayPlan) -> dict[str, str]:
    """Ask for each visited place, two at a time."""
    slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(place: Place) -> tuple[str, str]:
        async with slots:
            details = await provider.details(place.id)
            await item.progress(4, 5, message=f"Read about {place.name}")
            return place.id, details.about

    return dict(await asyncio.gather(*(one(visit.place) for visit in plan.tour.visits)))


def _shown(day: TripDay, tour: Tour) -> dict[str, Any]:
    """What a card shows of a tour that may still get better."""
    return {"day": day.model_dump(mode="json"), "tour": tour.model_dump(mode="json")}


async def write_summary(run: Run, days: Sequence[PlannedDay], phase: Phase) -> str:
    """Write a few sentences a day, asking the provider how its first walk leads as it goes."""
    async with _provider() as provider, run.output("summary") as out:
        for done, day in enumerate(days, 1):
            for sentence in await _sentences(day, provider):
                await out.write(sentence)
            await phase.progress(done)
    return out.text


async def _sentences(day: PlannedDay, provider: ProviderClient) -> list[str]:
    places = [visit.place for visit in day.tour.visits]
    names = [place.name for place in places]
    best = max(places, key=lambda place: place.fame)
    sentences = [f"{day.day.date:%A} in {day.day.city.replace('-', ' ').title()}: "]
    sentences.append(f"{', '.join(names[:-1])} and {names[-1]}. " if len(names) > 1 else f"{names[0]}. ")
    sentences.append(f"{day.about[best.id]} ")
    if len(places) > 1:
        walk = await provider.walk(places[0].id, places[1].id)
        sentences.append(f"It begins with {walk.minutes} minutes on foot heading {walk.heading}. ")
    sentences.append(f"{day.tour.walk_metres / 1000:.1f} km are walked that day.\n\n")
    return sentences


def _provider() -> ProviderClient:
    return ProviderClient(DemoSettings().provider)
