"""Opening hours of a week, in a small part of the notation used by OpenStreetMap.

::

    Mo-Fr 09:00-12:00,14:00-18:00; Sa,Su 10:00-16:00

Rules are separated by ``;`` and read from left to right, a later one replacing an earlier one on the days it names.
A day that no rule names is closed. Hours end on the day they began (at the latest at ``24:00``).
Times of day are counted in minutes after midnight, local time of the place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MINUTES_PER_DAY: Final = 24 * 60

_INTERVAL: Final = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_CLOCK: Final = re.compile(r"(\d\d):(\d\d)")

Interval = tuple[int, int]
"""Opening and closing minute; the second is later than the first."""


def parse_clock(text: str) -> int:
    """Return the minutes after midnight of an ``HH:MM``; ``24:00`` is the end of the day.

    Raises:
        ValueError: The text is not a time of day.
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time of day: write HH:MM, such as 09:30")
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > MINUTES_PER_DAY:
        raise ValueError(f"{text!r} is not a time of day: it lies beyond 24:00")
    return hours * 60 + minutes


def format_clock(minutes: int) -> str:
    """Return minutes after midnight as ``HH:MM``."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True)
class WeekHours:
    """When a place is open, weekday by weekday.

    Attributes:
        text: The notation it was read from.
        days: For Monday to Sunday the intervals in ascending order; none means closed.
    """

    text: str
    days: tuple[tuple[Interval, ...], ...]

    @classmethod
    def parse(cls, text: str) -> WeekHours:
        """Read the notation described in this module.

        Raises:
            ValueError: A rule, weekday or interval cannot be read, or intervals overlap.
        """
        days: list[tuple[Interval, ...]] = [()] * len(WEEKDAYS)
        for rule in text.split(";"):
            names, _, times = rule.strip().partition(" ")
            intervals = _parse_intervals(times)
            for weekday in _parse_weekdays(names):
                days[weekday] = intervals
        return cls(text, tuple(days))

    def on(self, day: date) -> tuple[Interval, ...]:
        """Return the intervals in which the place is open on a date, by its weekday alone (no public holidays)."""
        return self.days[day.weekday()]

    @property
    def closed_weekdays(self) -> tuple[str, ...]:
        """The weekdays without any opening hours, such as ``("Mo",)``."""
        return tuple(name for name, intervals in zip(WEEKDAYS, self.days, strict=True) if not intervals)


def _parse_weekdays(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        unknown = [name for name in (first, last or first) if name not in WEEKDAYS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a weekday: write one of {', '.join(WEEKDAYS)}")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        if end < begin:
            raise ValueError(f"{part!r} runs backwards: write {first}-Su,Mo-{last} instead of wrapping around the week")
        found.extend(range(begin, end + 1))
    return found


def _parse_intervals(text: str) -> tuple[Interval, ...]:
    if text == "closed":
        return ()
    intervals: list[Interval] = []
    for part in text.split(","):
        match = _INTERVAL.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part!r} is not an interval: write HH:MM-HH:MM, or the word closed")
        opens, closes = parse_clock(match[1]), parse_clock(match[2])
        if closes <= opens:
            raise ValueError(f"{part!r} ends before it begins: hours past midnight are not supported")
        if intervals and opens < intervals[-1][1]:
            raise ValueError(f"{part!r} overlaps the interval before it: write them in ascending order")
        intervals.append((opens, closes))
    return tuple(intervals)
