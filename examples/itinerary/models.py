"""What travels between the traveller, the planner and the place provider. Everything here goes through JSON unchanged.

Times of day are minutes after midnight in Python and ``"HH:MM"`` in JSON, local time of the city.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator, model_validator

from .hours import MINUTES_PER_DAY, format_clock, parse_clock

MAX_DAYS = 14
MAX_CITIES = 6
MAX_DAYS_PER_CITY = 5  # a city has about twenty places; more days would leave some of them empty


def _minutes(value: Any) -> Any:
    return parse_clock(value) if isinstance(value, str) else value


Clock = Annotated[
    int,
    Field(ge=0, le=MINUTES_PER_DAY),
    BeforeValidator(_minutes, json_schema_input_type=str),
    PlainSerializer(format_clock, return_type=str),
]
"""A time of day: minutes after midnight here, ``"HH:MM"`` in JSON."""

Weekday = Literal["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
CityId = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
PlaceId = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""A code of ISO 4217, such as ``EUR``."""


def city_name(city: str) -> str:
    """Return the name that belongs to a city's id: ``New York`` for ``new-york``."""
    return city.replace("-", " ").title()


class Interest(StrEnum):
    """What a traveller may care about, and what a place offers."""

    ART = "art"
    HISTORY = "history"
    ARCHITECTURE = "architecture"
    NATURE = "nature"
    FOOD = "food"
    FAITH = "faith"
    VIEWS = "views"
    SCIENCE = "science"
    LIFE = "life"


class Category(StrEnum):
    """What kind of place it is."""

    MUSEUM = "museum"
    MONUMENT = "monument"
    WORSHIP = "worship"
    PALACE = "palace"
    PARK = "park"
    SQUARE = "square"
    MARKET = "market"
    VIEWPOINT = "viewpoint"
    QUARTER = "quarter"
    RUINS = "ruins"


class Pace(StrEnum):
    """How much a day may hold."""

    RELAXED = "relaxed"
    BALANCED = "balanced"
    FULL = "full"


class Model(BaseModel):
    """Base of the models: immutable, unknown fields ignored."""

    model_config = ConfigDict(frozen=True)


# ------------------------------------------------------------------------------------------------ the traveller wishes


class Stay(Model):
    """Some days in one city.

    Attributes:
        start: Place at which each day begins (a sight near the hotel), or the city's id for its centre; None begins
            each day at its first sight.
    """

    city: CityId
    days: Annotated[int, Field(ge=1, le=MAX_DAYS_PER_CITY)]
    start: CityId | PlaceId | None = None

    @field_validator("city", mode="before")
    @classmethod
    def _spelling(cls, value: Any) -> Any:
        """Take ``New York`` for ``new-york``."""
        return re.sub(r"\s+", "-", value.strip().lower()) if isinstance(value, str) else value


class Trip(Model):
    """What the traveller asks for: cities in the order in which they are visited, and how to spend the days.

    Attributes:
        stays: One to six cities, each once, fourteen days at most together.
        start: First day of the trip.
        pace: How full the days are.
        interests: What to prefer; none means the famous places of every kind.
    """

    stays: Annotated[list[Stay], Field(min_length=1, max_length=MAX_CITIES)]
    start: dt.date
    pace: Pace = Pace.BALANCED
    interests: list[Interest] = Field(default=[], max_length=len(Interest))

    @model_validator(mode="after")
    def _bounds(self) -> Trip:
        total = sum(stay.days for stay in self.stays)
        if total > MAX_DAYS:
            raise ValueError(
                f"the trip has {total} days: at most {MAX_DAYS} are planned at once, so make a stay shorter"
            )
        twice = [city for city, times in Counter(stay.city for stay in self.stays).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is listed twice: put its days together in one stay")
        return self

    @property
    def days(self) -> list[TripDay]:
        """Every day of the trip in order, each with all that is needed to plan it alone."""
        places = [(stay, index) for stay in self.stays for index in range(stay.days)]
        return [
            TripDay(
                number=number + 1,
                date=self.start + dt.timedelta(days=number),
                city=stay.city,
                stay_day=index + 1,
                stay_days=stay.days,
                pace=self.pace,
                interests=sorted(set(self.interests)),
                start=stay.start,
            )
            for number, (stay, index) in enumerate(places)
        ]

    @property
    def title(self) -> str:
        """The cities by their names."""
        return " · ".join(city_name(stay.city) for stay in self.stays)


class TripDay(Model):
    """One day of a trip before it is planned: the placeholder, and the input of its planning.

    Attributes:
        number: 1 for the first day of the trip.
        stay_day: 1 for the first day in this city.
        stay_days: Days in this city altogether.
        start: Where the day begins; None: at its first sight.
    """

    number: int
    date: dt.date
    city: CityId
    stay_day: int
    stay_days: int
    pace: Pace
    interests: list[Interest]
    start: CityId | PlaceId | None = None

    @property
    def key(self) -> str:
        """Key of the day among the items of its run."""
        return f"day:{self.number}"

    @property
    def title(self) -> str:
        """What a card of the day is called."""
        return f"{city_name(self.city)}, {self.date:%a} {self.date.day} {self.date:%b}"

    @property
    def stay_dates(self) -> list[dt.date]:
        """The dates of all days in this city."""
        first = self.date - dt.timedelta(days=self.stay_day - 1)
        return [first + dt.timedelta(days=index) for index in range(self.stay_days)]


# ------------------------------------------------------------------------------------------------ the provider answers


class City(Model):
    """A city the provider knows.

    Attributes:
        currency: In which entrances are paid.
    """

    id: CityId
    name: str
    country: str
    lat: float
    lon: float
    time_zone: str
    currency: Currency
    places: int


class Place(Model):
    """A sight as a list of places shows it.

    Attributes:
        fame: 1 to 3; 3 is what everybody has heard of.
        visit_minutes: Typical length of a visit; not checked.
        closed_on: Weekdays on which it is not open at all; typical, not checked.
    """

    id: PlaceId
    city: CityId
    name: str
    category: Category
    lat: float
    lon: float
    fame: Annotated[int, Field(ge=1, le=3)]
    visit_minutes: Annotated[int, Field(ge=10, le=300)]
    interests: list[Interest]
    closed_on: list[Weekday]

    @property
    def point(self) -> tuple[float, float]:
        """Latitude and longitude."""
        return (self.lat, self.lon)


class Cost(Model):
    """A sum of money.

    Attributes:
        amount: Whole units of the currency; 0 is free.
    """

    amount: Annotated[int, Field(ge=0)]
    currency: Currency


class PlaceDetails(Model):
    """What is worth knowing about one place once it is in the plan.

    Attributes:
        hours: Opening hours of the week in the notation of ``hours``; typical, not checked.
        cost: Entrance for one adult; typical, not checked.
        nearby: Names of the closest other places.
        notice: How far the data can be trusted.
    """

    place: Place
    about: str
    hours: str
    cost: Cost
    nearby: list[str]
    notice: str


class Opening(Model):
    """One stretch of time in which a place is open."""

    opens: Clock
    closes: Clock


class OpeningDay(Model):
    """The opening hours of a place on one date; an empty list means closed."""

    place_id: PlaceId
    date: dt.date
    open: list[Opening]
    notice: str


class Walk(Model):
    """An estimated walk.

    Attributes:
        heading: Compass direction in words.
        notice: How the estimate is made.
    """

    origin: str
    destination: str
    minutes: int
    metres: int
    heading: str
    notice: str


class WalkTable(Model):
    """Estimated walks between all pairs of some points; ``minutes[i][j]`` leads from ``points[i]`` to ``points[j]``."""

    points: list[str]
    minutes: list[list[int]]
    metres: list[list[int]]
    notice: str


# ------------------------------------------------------------------------------------------------ the plan


class Visit(Model):
    """One stop of a day.

    Attributes:
        walk_minutes: Walk from the stop before (or from the start of the day, if one was given); 0 at the first one.
        walk_metres: Length of that walk.
        wait_minutes: Spare time before ``arrive``, over and above the walk and the meal.
    """

    place: Place
    arrive: Clock
    leave: Clock
    walk_minutes: int
    walk_metres: int
    wait_minutes: int


class Meal(Model):
    """The lunch break, taken near the stop before it."""

    starts: Clock
    ends: Clock


class Tour(Model):
    """A possible day: where to be when.

    Attributes:
        number: 1 for the first tour found for the day, rising with each better one.
        score: What the solver maximises; only tours of one day can be compared.
        found_after_s: Seconds of search until it was found.
    """

    number: int
    score: int
    found_after_s: float
    visits: list[Visit]
    lunch: Meal | None
    walk_minutes: int
    walk_metres: int


class DayPlan(Model):
    """The best tour found for a day, and how it was found.

    Attributes:
        tours: Number of tours found, each better than the one before.
        search_s: Seconds of search.
        proven: No better tour exists; else the budget ended or the search was stopped.
    """

    day: TripDay
    tour: Tour
    tours: int
    search_s: float
    proven: bool
