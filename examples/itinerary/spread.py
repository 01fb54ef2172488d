"""Spread the places of a city over the days spent there, so that each day has a neighbourhood of its own.

Pure and deterministic: every day of a stay is planned by itself, maybe in another process or again after a crash, and
each computes the whole spread and takes its share. Equal input gives an equal spread, so days never share a place.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from .appeal import appeal
from .geo import distance_m
from .hours import WEEKDAYS
from .models import Interest, Place

PLACES_PER_DAY: Final = 12
NEIGHBOURHOOD: Final = 7  # places in a neighbourhood, about; what a full day can hold
MOST_NEIGHBOURHOODS: Final = 5  # every assignment of neighbourhoods to dates is tried, 120 with five of each
_ROUNDS: Final = 20  # Lloyd's algorithm settles in about five on twenty places

_Point = tuple[float, float]


def spread(
    places: Sequence[Place], dates: Sequence[date], interests: Collection[Interest], per_day: int = PLACES_PER_DAY
) -> list[list[Place]]:
    """Return the places to choose from on each date, nearest neighbours together.

    The city is cut into neighbourhoods, as many as days or more. Each date gets the one that is worth most on it, and
    then the nearest of the places nobody got.

    Args:
        places: All places of the city, in any order.
        dates: The days spent there; at most five.
        interests: What the traveller prefers.
        per_day: Most places a day may get.

    Returns:
        One list per date, without a place in common. A day is empty only if there are fewer places than days.
    """
    if not dates or not places:
        return [[] for _ in dates]
    ordered = sorted(places, key=lambda place: place.id)
    groups = _neighbourhoods(ordered, max(len(dates), min(MOST_NEIGHBOURHOODS, len(places) // NEIGHBOURHOOD)))
    chosen = _match_dates(groups, dates, interests)
    days = [sorted(group, key=lambda place: -appeal(place, interests))[:per_day] for group in chosen]
    _move_closed(days, dates, per_day)
    _add_nearest(days, dates, per_day, ordered)
    return days


def _neighbourhoods(places: Sequence[Place], count: int) -> list[list[Place]]:
    """Cut into groups of about equal size and small extent: balanced k-means, the best of one try per first seed."""
    if len(places) <= count:
        return [[place] for place in places] + [[] for _ in range(count - len(places))]
    points = _flatten(places)
    tries = (_settle(points, _seeds(points, first, count)) for first in range(len(points)))
    _, members = min(tries)
    return [[places[index] for index in group] for group in members]


def _flatten(places: Sequence[Place]) -> list[_Point]:
    """Project on a plane in which distances within a city compare as on the ground."""
    squeeze = math.cos(math.radians(places[0].lat))
    return [(place.lon * squeeze, place.lat) for place in places]


def _seeds(points: Sequence[_Point], first: int, count: int) -> list[_Point]:
    """Begin somewhere and add the point farthest from all seeds, again and again."""
    seeds = [points[first]]
    while len(seeds) < count:
        seeds.append(max(points, key=lambda point: min(math.dist(point, seed) for seed in seeds)))
    return seeds


def _settle(points: Sequence[_Point], centres: list[_Point]) -> tuple[float, list[list[int]]]:
    """Move the centres until nothing changes; return the extent (lower is better) and the members of each group."""
    groups = _assign(points, centres)
    for _ in range(_ROUNDS):
        centres = [_middle([points[index] for index in group]) for group in groups]
        moved = _assign(points, centres)
        if moved == groups:
            break
        groups = moved
    extent = sum(math.dist(points[index], centres[at]) for at, group in enumerate(groups) for index in group)
    return extent, groups


def _assign(points: Sequence[_Point], centres: Sequence[_Point]) -> list[list[int]]:
    """Give every point to a near centre that has room; the closest pairs choose first, and no group stays empty."""
    room = math.ceil(len(points) / len(centres))
    spare = len(points) - len(centres)  # points that may join a group which has one already
    groups: list[list[int]] = [[] for _ in centres]
    pairs = sorted(
        (math.dist(point, centre), i, at) for i, point in enumerate(points) for at, centre in enumerate(centres)
    )
    placed: set[int] = set()
    for _, index, at in pairs:
        if index in placed or len(groups[at]) == room or (groups[at] and spare == 0):
            continue
        spare -= bool(groups[at])
        groups[at].append(index)
        placed.add(index)
    return [sorted(group) for group in groups]


def _middle(points: Sequence[_Point]) -> _Point:
    return (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))


def _match_dates(
    groups: list[list[Place]], dates: Sequence[date], interests: Collection[Interest]
) -> list[list[Place]]:
    """Give each date a neighbourhood, so that the places open on their dates are worth most together."""
    worth = [
        [sum(appeal(place, interests) for place in group if not _closed(place, day)) for group in groups]
        for day in dates
    ]
    orders = itertools.permutations(range(len(groups)), len(dates))
    best = max(orders, key=lambda order: sum(row[at] for row, at in zip(worth, order, strict=True)))
    return [groups[at] for at in best]


def _move_closed(days: list[list[Place]], dates: Sequence[date], per_day: int) -> None:
    """Move places that are closed on their date to the nearest day on which they are open and there is room."""
    for index, day in enumerate(dates):
        for place in [place for place in days[index] if _closed(place, day)]:
            others = [
                (_distance(place, days[at]), at)
                for at, other in enumerate(dates)
                if days[at] and len(days[at]) < per_day and not _closed(place, other)
            ]
            if others and len(days[index]) > 1:
                days[index].remove(place)
                days[min(others)[1]].append(place)


def _add_nearest(days: list[list[Place]], dates: Sequence[date], per_day: int, places: Sequence[Place]) -> None:
    """Fill the days up with open places nobody got, the closest pair of day and place first."""
    left = {place.id: place for place in places if not any(place in day for day in days)}
    pairs = sorted(
        (_distance(place, days[at]), place.id, at)
        for place in left.values()
        for at, day in enumerate(dates)
        if days[at] and not _closed(place, day)
    )
    for _, place_id, at in pairs:
        if place_id in left and len(days[at]) < per_day:
            days[at].append(left.pop(place_id))


def _distance(place: Place, group: Sequence[Place]) -> float:
    """Metres from a place to the middle of a group."""
    return distance_m(place.point, _middle([member.point for member in group]))


def _closed(place: Place, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in place.closed_on
