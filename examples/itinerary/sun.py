"""Sunrise and sunset of a day in a city, computed by ``astral``: no service is asked."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset

from .enhanced import Sun
from .models import City


def sun_on(city: City, day: dt.date) -> Sun | None:
    """Return when the sun rises and sets by the city's own clocks; None where it does not do both that day."""
    observer, zone = Observer(city.lat, city.lon), ZoneInfo(city.time_zone)
    try:
        rise, fall = sunrise(observer, day, tzinfo=zone), sunset(observer, day, tzinfo=zone)
    except ValueError:
        return None
    return Sun(sunrise=_minute(rise), sunset=_minute(fall))


def _minute(moment: dt.datetime) -> int:
    return moment.hour * 60 + moment.minute
