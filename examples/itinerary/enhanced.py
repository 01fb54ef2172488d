"""What stands in a finished itinerary beyond the tours: places that were looked up, the light and the cost of a day."""

from __future__ import annotations

from pydantic import Field

from .models import Clock, Cost, DayPlan, Model, Opening


class Leg(Model):
    """The walk to a place from the stop before it."""

    minutes: int
    metres: int
    heading: str


class PlaceNotes(Model):
    """A visited place, looked up.

    Attributes:
        about: One sentence.
        hours: When it is open on the day of the visit; typical, not checked.
        cost: Entrance for one adult; typical, not checked.
        walk: None at the first stop of a day.
    """

    place_id: str
    about: str
    hours: list[Opening]
    cost: Cost
    walk: Leg | None


class Sun(Model):
    """Daylight, by the clocks of the city."""

    sunrise: Clock
    sunset: Clock


class DayCost(Cost):
    """What the entrances of a day come to.

    Attributes:
        notice: How far the sum can be trusted.
    """

    notice: str


class EnhancedDay(DayPlan):
    """A planned day with what the enhancer found out about it.

    Attributes:
        sun: None where the sun does not rise or set that day, or where the city's position is not known.
        cost: None while none of its places was looked up.
        places: In the order of the tour; those that could not be looked up are missing.
    """

    sun: Sun | None = None
    cost: DayCost | None = None
    places: list[PlaceNotes] = Field(default=[])


class Itinerary(Model):
    """The finished trip.

    Attributes:
        days: Every day that could be planned.
        missing: Keys of days that could not be planned, and of places that could not be looked up.
        summary: The trip in words.
    """

    days: list[EnhancedDay]
    missing: list[str]
    summary: str
