"""Daylight, against the textbook's formula, in every city of the catalogue."""

import datetime as dt
import math

import pytest

from examples.itinerary.catalogue import load
from examples.itinerary.enhanced import Sun
from examples.itinerary.models import City
from examples.itinerary.sun import sun_on

DATES = [dt.date(2026, month, 21) for month in (1, 3, 6, 9, 12)]
HORIZON = math.radians(-0.833)  # refraction, and half the disc


def length_of_day(lat: float, day: dt.date) -> float:
    """Minutes between sunrise and sunset by Cooper's declination: good to a few minutes."""
    tilt = math.radians(23.44) * math.sin(2 * math.pi * (284 + day.timetuple().tm_yday) / 365)
    phi = math.radians(lat)
    angle = (math.sin(HORIZON) - math.sin(phi) * math.sin(tilt)) / (math.cos(phi) * math.cos(tilt))
    return math.degrees(math.acos(angle)) * 2 * 4


@pytest.mark.parametrize("city", load().cities.values(), ids=lambda city: city.id)
def test_days_are_as_long_as_they_should_be(city: City) -> None:
    """In the clocks of the city: noon is in the middle of the day, within the width of a time zone and summer time."""
    for day in DATES:
        sun = sun_on(city, day)
        assert sun is not None
        length = (sun.sunset - sun.sunrise) % (24 * 60)  # far in the north it may set after midnight
        assert length == pytest.approx(length_of_day(city.lat, day), abs=20), day
        assert 10.5 * 60 < sun.sunrise + length / 2 < 15.5 * 60, day


def test_times_are_told_as_clocks_show_them() -> None:
    """To the minute, as an almanac has them."""
    sun = sun_on(load().cities["london"], dt.date(2026, 6, 21))
    assert sun == Sun.model_validate({"sunrise": "04:43", "sunset": "21:21"})


@pytest.mark.parametrize("day", [dt.date(2026, 6, 21), dt.date(2026, 12, 21)])
def test_where_the_sun_does_not_set_there_is_nothing_to_tell(day: dt.date) -> None:
    """Nor where it does not rise."""
    tromso = {"id": "tromso", "name": "Tromsø", "country": "Norway", "lat": 69.65, "lon": 18.96}
    city = City.model_validate({**tromso, "time_zone": "Europe/Oslo", "currency": "NOK", "places": 0})
    assert sun_on(city, day) is None
