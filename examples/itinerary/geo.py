"""Distances on the ground, and the estimate of how long it takes to walk them."""

from __future__ import annotations

import math
from typing import Final

EARTH_RADIUS_M: Final = 6_371_000.0
DETOUR: Final = 1.3  # streets are longer than the straight line; between 1.2 and 1.4 in most European centres
WALKING_KMH: Final = 4.5
ESTIMATE: Final = (
    f"Estimated: straight-line distance x {DETOUR} for the streets, at {WALKING_KMH} km/h. No map was asked."
)

_HEADINGS: Final = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")

Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""


def distance_m(origin: Point, destination: Point) -> float:
    """Return the great-circle distance in metres (haversine)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*origin, *destination))
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def walking_metres(origin: Point, destination: Point) -> int:
    """Return the estimated length of the walk in metres; see ``ESTIMATE``."""
    return round(distance_m(origin, destination) * DETOUR)


def walking_minutes(metres: int) -> int:
    """Return the minutes needed to walk so many metres, rounded up, so that a plan never runs late by rounding."""
    return math.ceil(metres / (WALKING_KMH * 1000 / 60))


def heading(origin: Point, destination: Point) -> str:
    """Return the compass direction of the straight line, in words (``north-east``)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*origin, *destination))
    east = math.sin(lon2 - lon1) * math.cos(lat2)
    north = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    return _HEADINGS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
