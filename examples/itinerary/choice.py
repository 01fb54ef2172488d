"""What the search for a day's tour begins with: the places to choose from, and how full the day may be.

Kept apart from the search, which needs the solver: loading that takes seconds, and only a worker needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .hours import parse_clock
from .models import Opening, Pace, Place


@dataclass(frozen=True)
class Candidate:
    """A place to choose from, with its openings on the day."""

    place: Place
    openings: Sequence[Opening]


@dataclass(frozen=True)
class PaceRules:
    """How full a day may be; times in minutes after midnight, lengths in minutes."""

    opens: int
    closes: int
    lunch: int
    most_visits: int
    longest_walk: int


PACES: Final = {
    Pace.RELAXED: PaceRules(parse_clock("10:00"), parse_clock("18:00"), lunch=75, most_visits=4, longest_walk=30),
    Pace.BALANCED: PaceRules(parse_clock("09:00"), parse_clock("19:00"), lunch=60, most_visits=6, longest_walk=40),
    Pace.FULL: PaceRules(parse_clock("08:30"), parse_clock("21:00"), lunch=45, most_visits=8, longest_walk=50),
}
