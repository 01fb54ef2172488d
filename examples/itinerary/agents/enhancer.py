"""The enhancer: looks every visited place up, and rounds each day off with daylight and the sum of the entrances.

Each place is an item below its day, shown as it is enhanced. One that cannot be looked up fails alone: the day stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headway import Agent, Failed, Item, Run

from ..book import Book
from ..enhanced import DayCost, EnhancedDay, Leg, PlaceNotes
from ..errors import ProviderError, ProviderGarbled, told
from ..hours import WeekHours
from ..models import City, DayPlan, Opening, Place, PlaceDetails, TripDay, Walk
from ..provider_client import ProviderClient
from ..sun import sun_on
from .asking import ASK, CALLS_AT_ONCE, DAYS_AT_ONCE, each
from .planner import place_item

COST_NOTICE = "Entrances for one adult, typical and not checked; places that could not be looked up are not in it."


@dataclass(frozen=True)
class Stop:
    """A place of a day, and the one before it."""

    day: TripDay
    place: Place
    before: Place | None


class Enhancer:
    """Enhances planned days, two at a time.

    Args:
        provider: Knows the places.
        book: An enhanced day is written there before it is shown.
    """

    def __init__(self, provider: ProviderClient, book: Book) -> None:
        self._provider = provider
        self._book = book

    async def enhance(self, agent: Agent, days: Sequence[DayPlan]) -> tuple[list[EnhancedDay], list[str]]:
        """Return the days with all that was found out, and the keys of places that could not be looked up."""
        cities = await self._cities(agent)

        async def one(plan: DayPlan) -> tuple[EnhancedDay, list[str]]:
            return await self._enhance_day(agent, plan, cities.get(plan.day.city))

        async with agent.phase("enhance"):
            pairs = await each(one, days, DAYS_AT_ONCE)
        return [day for day, _ in pairs], [key for _, failed in pairs for key in failed]

    async def _cities(self, agent: Agent) -> dict[str, City]:
        """Where the cities are; without it there is no sunset, and that is no reason to stop."""
        try:
            cities: list[City] = await agent.step(self._provider.cities, key="cities", options=ASK)
        except ProviderError as error:
            await agent.error(**told(error), severity="warning")
            return {}
        return {city.id: city for city in cities}

    async def _enhance_day(self, agent: Agent, plan: DayPlan, city: City | None) -> tuple[EnhancedDay, list[str]]:
        places = [visit.place for visit in plan.tour.visits]
        found = await agent.map(
            self.enhance_place,
            [Stop(plan.day, place, before) for place, before in zip(places, [None, *places], strict=False)],
            item=lambda stop: place_item(stop.day, stop.place),
            concurrency=CALLS_AT_ONCE,
            on_error="partial",
        )
        notes = [place for place in found if not isinstance(place, Failed)]
        # A place looked up in a retry belongs into the sum: with more places, or with the sun, it is another step.
        key = f"{plan.day.key}/round_off:{len(notes)}{'' if city else ':dark'}"
        day = await agent.step(self.round_off, plan, notes, city, key=key)
        return day, [place.key for place in found if isinstance(place, Failed)]

    async def enhance_place(self, item: Item, stop: Stop) -> PlaceNotes:
        """Look one place up, and the walk that leads there.

        Raises:
            ProviderError: The provider does not answer, although it was asked again.
        """
        try:
            details = await item.step(self._provider.details, stop.place.id, key="details", options=ASK)
            walk = None
            if stop.before is not None:
                walk = await item.step(self._provider.walk, stop.before.id, stop.place.id, key="walk", options=ASK)
            return _notes(stop, details, walk)
        except Exception as error:
            await item.error(**told(error), severity="warning", item=item.key)
            raise

    async def round_off(self, run: Run, plan: DayPlan, notes: list[PlaceNotes], city: City | None) -> EnhancedDay:
        """Add daylight and the sum of the entrances to a day, keep it, and show it."""
        sun = None if city is None else sun_on(city, plan.day.date)
        day = EnhancedDay(**plan.model_dump(), sun=sun, cost=_sum(notes), places=notes)
        await self._book.save_day(run.context, day)
        await run.item(plan.day.key).update(day.model_dump(mode="json", exclude={"places"}))
        return day


def _notes(stop: Stop, details: PlaceDetails, walk: Walk | None) -> PlaceNotes:
    try:
        openings = WeekHours.parse(details.hours).on(stop.day.date)
    except ValueError as error:
        raise ProviderGarbled(f"the opening hours of {stop.place.name} cannot be read: {error}") from error
    return PlaceNotes(
        place_id=stop.place.id,
        about=details.about,
        hours=[Opening(opens=opens, closes=closes) for opens, closes in openings],
        cost=details.cost,
        walk=None if walk is None else Leg(minutes=walk.minutes, metres=walk.metres, heading=walk.heading),
    )


def _sum(notes: Sequence[PlaceNotes]) -> DayCost | None:
    """Add the entrances up; a day is spent in one city, which has one currency."""
    if not notes:
        return None
    amount = sum(place.cost.amount for place in notes)
    return DayCost(amount=amount, currency=notes[0].cost.currency, notice=COST_NOTICE)
