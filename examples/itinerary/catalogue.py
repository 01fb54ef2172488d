"""The places the provider knows, read from ``data/<city>.json``: one file per city, checked completely when read.

A further city is one more file; nothing else names the cities.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from .hours import WeekHours
from .models import Category, City, CityId, Cost, Currency, Interest, Model, Place

DATA = Path(__file__).with_name("data")


class PlaceEntry(Model):
    """A place as it stands in the file; see ``models.Place`` for the fields. The cost is in the city's currency."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: str
    category: Category
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    fame: Annotated[int, Field(ge=1, le=3)]
    visit_minutes: Annotated[int, Field(ge=10, le=300)]
    interests: Annotated[list[Interest], Field(min_length=1)]
    hours: str
    cost: Annotated[int, Field(ge=0)]
    about: str


class CityEntry(Model):
    """A city as it stands in the file."""

    notice: str
    id: CityId
    name: str
    country: str
    lat: float
    lon: float
    time_zone: str
    currency: Currency
    places: list[PlaceEntry]


@dataclass(frozen=True)
class Sight:
    """A place with everything known about it."""

    place: Place
    hours: WeekHours
    cost: Cost
    about: str
    notice: str


@dataclass(frozen=True)
class Catalogue:
    """All cities and places.

    Attributes:
        cities: By id, in the order of their names.
        sights: By city and then by place id, in the order of the file.
    """

    cities: dict[str, City]
    sights: dict[str, dict[str, Sight]]

    def sight(self, place_id: str) -> Sight | None:
        """Return a place by its id, or None."""
        return self.sights.get(place_id.partition(".")[0], {}).get(place_id)

    def point(self, point_id: str) -> tuple[float, float] | None:
        """Return where a place is, or a city's centre when given the id of a city; None for an unknown id."""
        if (city := self.cities.get(point_id)) is not None:
            return (city.lat, city.lon)
        sight = self.sight(point_id)
        return None if sight is None else sight.place.point


@functools.cache
def load(folder: Path = DATA) -> Catalogue:
    """Read every city file of a folder.

    Raises:
        ValueError: A file is not as it should be; the text names the file and the place.
    """
    entries = sorted((_read(path) for path in folder.glob("*.json")), key=lambda entry: entry.name)
    return Catalogue(
        cities={entry.id: _city(entry) for entry in entries},
        sights={
            entry.id: {(sight := _sight(entry, place)).place.id: sight for place in entry.places} for entry in entries
        },
    )


def _read(path: Path) -> CityEntry:
    try:
        entry = CityEntry.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (json.JSONDecodeError, ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error
    if entry.id != path.stem:
        raise ValueError(f"{path}: its id is {entry.id!r}; name the file {entry.id}.json")
    return entry


def _city(entry: CityEntry) -> City:
    return City(**entry.model_dump(exclude={"places", "notice"}), places=len(entry.places))


def _sight(city: CityEntry, entry: PlaceEntry) -> Sight:
    try:
        hours = WeekHours.parse(entry.hours)
    except ValueError as error:
        raise ValueError(f"{city.id}, {entry.slug}, hours: {error}") from error
    place = Place.model_validate(
        entry.model_dump(exclude={"slug", "hours", "cost", "about"})
        | {"id": f"{city.id}.{entry.slug}", "city": city.id, "closed_on": hours.closed_weekdays}
    )
    return Sight(place, hours, Cost(amount=entry.cost, currency=city.currency), entry.about, city.notice)
