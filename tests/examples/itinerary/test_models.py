import json
from datetime import date

import pytest
from pydantic import ValidationError

from examples.itinerary.models import Interest, Opening, Pace, Trip, TripDay


def trip(*stays: tuple[str, int], **more: object) -> Trip:
    """A trip beginning on a Monday."""
    wishes = {"stays": [{"city": city, "days": days} for city, days in stays], "start": "2026-12-07"}
    return Trip.model_validate(wishes | more)


def test_the_days_of_a_trip_stand_alone() -> None:
    """Each day knows its date, its place in the stay and the traveller's wishes."""
    days = trip(("rome", 2), ("paris", 1), pace="full", interests=["views", "art", "art"]).days
    assert [(day.number, day.date.isoformat(), day.city, day.stay_day, day.stay_days) for day in days] == [
        (1, "2026-12-07", "rome", 1, 2),
        (2, "2026-12-08", "rome", 2, 2),
        (3, "2026-12-09", "paris", 1, 1),
    ]
    assert {day.pace for day in days} == {Pace.FULL}
    assert days[0].interests == [Interest.ART, Interest.VIEWS]
    assert days[1].stay_dates == [date(2026, 12, 7), date(2026, 12, 8)]


def test_days_go_through_json() -> None:
    """A day is the input of a step that may run in another process."""
    for day in trip(("rome", 2)).days:
        assert TripDay.model_validate_json(day.model_dump_json()) == day


def test_city_names_are_taken_as_people_write_them() -> None:
    """Capitals and spaces do not matter."""
    assert trip(("  New York ", 1)).stays[0].city == "new-york"


def test_times_are_minutes_here_and_text_in_json() -> None:
    """Both forms are read; only text is written."""
    opening = Opening.model_validate({"opens": "09:30", "closes": 1440})
    assert (opening.opens, opening.closes) == (570, 1440)
    assert json.loads(opening.model_dump_json()) == {"opens": "09:30", "closes": "24:00"}
    assert Opening.model_validate_json(opening.model_dump_json()) == opening


@pytest.mark.parametrize(
    ("stays", "more", "complaint"),
    [
        ([("rome", 5), ("paris", 5), ("london", 5)], {}, "the trip has 15 days: at most 14"),
        ([("rome", 1), ("Rome", 2)], {}, "rome is listed twice: put its days together"),
        ([("rome", 6)], {}, "less than or equal to 5"),
        ([("rome", 0)], {}, "greater than or equal to 1"),
        ([], {}, "at least 1 item"),
        ([(name, 1) for name in ("a", "b", "c", "d", "e", "f", "g")], {}, "at most 6 items"),
        ([("../etc", 1)], {}, "should match pattern"),
        ([("rome", 1)], {"pace": "hasty"}, "'relaxed', 'balanced' or 'full'"),
        ([("rome", 1)], {"interests": ["shoes"]}, "'art', 'history'"),
        ([("rome", 1)], {"start": "soon"}, "valid date"),
    ],
)
def test_a_wish_that_cannot_be_planned_is_explained(stays: list, more: dict, complaint: str) -> None:
    """The message tells the traveller what to change."""
    with pytest.raises(ValidationError, match=complaint):
        trip(*stays, **more)
