"""The pieces together: a trip planned over HTTP against the real provider, with asyncio and nothing else."""

import asyncio
import itertools

import pytest

from examples.itinerary.choice import Candidate
from examples.itinerary.errors import CityUnknown, ProviderDown
from examples.itinerary.models import DayPlan, PlaceDetails, Tour, Trip, TripDay, Walk, WalkTable
from examples.itinerary.provider_client import ProviderClient
from examples.itinerary.search import DaySearch, find_tour
from examples.itinerary.spread import spread
from tests.examples.itinerary.planning import check_plan, check_tour


async def gather_candidates(provider: ProviderClient, day: TripDay) -> tuple[list[Candidate], WalkTable]:
    """Ask for the places of the city, the hours of this day's share of them, and the walks between them."""
    places = spread(await provider.places(day.city), day.stay_dates, day.interests)[day.stay_day - 1]
    choice = [Candidate(place, (await provider.hours(place.id, day.date)).open) for place in places]
    return choice, await provider.walks([place.id for place in places])


async def plan_one(provider: ProviderClient, day: TripDay, budget_s: float) -> tuple[DayPlan, list[Tour]]:
    """Plan one day and check everything that was published on the way."""
    choice, walks = await gather_candidates(provider, day)
    tours: list[Tour] = []
    plan = await find_tour(DaySearch(day, choice, walks, budget_s=budget_s, on_better=tours.append))
    check_plan(plan, tours)
    for tour in tours:
        check_tour(tour, day, choice, walks, None)
    return plan, tours


async def enhance(provider: ProviderClient, plan: DayPlan) -> tuple[list[PlaceDetails], list[Walk]]:
    """Ask for what is worth knowing about each visit, and for the way there."""
    ids = [visit.place.id for visit in plan.tour.visits]
    details = [await provider.details(place_id) for place_id in ids]
    return details, [await provider.walk(*pair) for pair in itertools.pairwise(ids)]


def trip(**stays: int) -> Trip:
    """A trip beginning on a Saturday."""
    return Trip.model_validate({"stays": [{"city": c, "days": d} for c, d in stays.items()], "start": "2026-12-05"})


async def test_a_trip_is_planned_day_by_day(provider: ProviderClient) -> None:
    """Three days in two cities, two at a time: no place twice, every day full, every visit described."""
    days = trip(rome=2, lisbon=1).days
    two_at_a_time = asyncio.Semaphore(2)

    async def whole_day(day: TripDay) -> tuple[DayPlan, list[PlaceDetails], list[Walk]]:
        async with two_at_a_time:
            plan, _ = await plan_one(provider, day, 0.2)
            return plan, *await enhance(provider, plan)

    results = await asyncio.gather(*map(whole_day, days))
    visited = [visit.place.id for plan, _, _ in results for visit in plan.tour.visits]
    assert len(visited) == len(set(visited)) >= 12
    for day, (plan, details, walks) in zip(days, results, strict=True):
        assert plan.day == day
        assert [it.place.id for it in details] == [visit.place.id for visit in plan.tour.visits]
        assert [walk.minutes for walk in walks] == [visit.walk_minutes for visit in plan.tour.visits[1:]]
        assert DayPlan.model_validate_json(plan.model_dump_json()) == plan


async def test_one_day_may_fail_while_the_other_succeeds(provider: ProviderClient) -> None:
    """The provider is down for one city; when it is back, planning that day again works."""
    rome, lisbon = trip(rome=1, lisbon=1).days
    await provider.turn_dial(down_city="rome")
    failed, planned = await asyncio.gather(
        plan_one(provider, rome, 0.2), plan_one(provider, lisbon, 0.2), return_exceptions=True
    )
    assert isinstance(failed, ProviderDown)
    assert not isinstance(planned, BaseException)
    await provider.turn_dial(down_city=None)
    assert (await plan_one(provider, rome, 0.2))[0].day == rome


async def test_a_city_the_provider_does_not_know_fails_for_good(provider: ProviderClient) -> None:
    """The request is well-formed, so it is the provider that says so."""
    [day] = trip(atlantis=1).days
    with pytest.raises(CityUnknown):
        await plan_one(provider, day, 0.2)
