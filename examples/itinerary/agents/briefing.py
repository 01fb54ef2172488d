"""What a language model is told that shall write about a trip: instructions, and the facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ..enhanced import EnhancedDay
from ..hours import format_clock

INSTRUCTIONS: Final = (
    "You describe a trip to the person who will make it. Write one paragraph of two to four plain sentences for each "
    "day, in the order given, separated by an empty line; name the weekday and the city. Say only what the facts say: "
    "invent no place, time, price or praise. No headings, no lists."
)


def facts(days: Sequence[EnhancedDay]) -> str:
    """Return what the model is told about the days, as JSON."""
    return json.dumps([_facts(day) for day in days], ensure_ascii=False)


def _facts(day: EnhancedDay) -> dict[str, Any]:
    notes = {place.place_id: place for place in day.places}
    stops = [
        {
            "name": visit.place.name,
            "arrive": format_clock(visit.arrive),
            "leave": format_clock(visit.leave),
            "walk_minutes": visit.walk_minutes,
            "about": notes[visit.place.id].about if visit.place.id in notes else None,
        }
        for visit in day.tour.visits
    ]
    return {
        "day": day.day.title,
        "stops": stops,
        "walked_km": round(day.tour.walk_metres / 1000, 1),
        "entrances": None if day.cost is None else f"about {day.cost.amount} {day.cost.currency}",
        "sun": None if day.sun is None else day.sun.model_dump(mode="json"),
    }
