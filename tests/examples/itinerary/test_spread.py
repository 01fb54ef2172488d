import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.itinerary.catalogue import load
from examples.itinerary.geo import distance_m
from examples.itinerary.hours import WEEKDAYS
from examples.itinerary.models import Interest, Place
from examples.itinerary.spread import PLACES_PER_DAY, spread

MONDAY = date(2026, 12, 7)
CITIES = sorted(load().cities)


def places_of(city: str) -> list[Place]:
    """All places of a city."""
    return [sight.place for sight in load().sights[city].values()]


def dates(count: int, first: date = MONDAY) -> list[date]:
    """Consecutive days."""
    return [first + timedelta(days=index) for index in range(count)]


@settings(max_examples=60, deadline=None)
@given(
    city=st.sampled_from(CITIES),
    count=st.integers(1, 5),
    weekday=st.integers(0, 6),
    interests=st.sets(st.sampled_from(Interest)),
    seed=st.integers(0, 1000),
)
def test_days_share_nothing_and_the_order_of_the_input_does_not_matter(
    city: str, count: int, weekday: int, interests: set[Interest], seed: int
) -> None:
    """Each day can compute the spread by itself and take its share."""
    places, stay = places_of(city), dates(count, MONDAY + timedelta(days=weekday))
    days = spread(places, stay, interests)
    ids = [place.id for day in days for place in day]
    assert len(ids) == len(set(ids))
    assert all(1 <= len(day) <= PLACES_PER_DAY for day in days)
    shuffled = random.Random(seed).sample(places, len(places))
    assert spread(shuffled, stay, sorted(interests, reverse=True)) == days


@pytest.mark.parametrize("city", CITIES)
def test_days_stay_in_one_neighbourhood(city: str) -> None:
    """Places of one day are closer to each other than to those of the other days."""

    def mean(pairs: list[tuple[Place, Place]]) -> float:
        return sum(distance_m(one.point, other.point) for one, other in pairs) / len(pairs)

    days = spread(places_of(city), dates(3, MONDAY + timedelta(days=1)), [], per_day=8)
    inside = [(one, other) for day in days for one in day for other in day if one is not other]
    across = [(one, other) for day in days for rest in days if rest is not day for one in day for other in rest]
    assert mean(inside) < 0.8 * mean(across)


@pytest.mark.parametrize("city", CITIES)
def test_little_is_closed_on_its_day(city: str) -> None:
    """Monday does not get the museums that are closed on Mondays while Tuesday could have them."""
    days = spread(places_of(city), dates(2), [])
    closed = [place for day, at in zip(days, dates(2), strict=True) for place in day if is_closed(place, at)]
    always = [place for place in places_of(city) if all(is_closed(place, at) for at in dates(2))]
    assert len(closed) <= len(always) + 1


def is_closed(place: Place, day: date) -> bool:
    """Whether the weekday is one on which it is not open."""
    return WEEKDAYS[day.weekday()] in place.closed_on


def test_interests_decide_which_part_of_the_city_a_single_day_gets() -> None:
    """A day in London for science is spent around the museums of South Kensington."""
    names = {place.id for place in spread(places_of("london"), dates(1), [Interest.SCIENCE, Interest.NATURE])[0]}
    assert names >= {"london.science-museum", "london.natural-history-museum"}


def test_few_places_and_no_days() -> None:
    """With fewer places than days some days are empty; without days there is nothing to spread."""
    few = places_of("rome")[:2]
    days = spread(few, dates(3), [])
    assert sorted(len(day) for day in days) == [0, 1, 1]
    assert spread(few, [], []) == []
    assert spread([], dates(2), []) == [[], []]
