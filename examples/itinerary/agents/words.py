"""A day in words, by templates: what is said where no language model is configured, or where it fails."""

from __future__ import annotations

from collections.abc import Iterator

from ..enhanced import EnhancedDay
from ..hours import format_clock
from ..models import Cost, Walk, city_name


def sentences(day: EnhancedDay, way_back: Walk | None) -> Iterator[str]:
    """Yield the sentences about one day, to be shown one after the other.

    Args:
        day: The day.
        way_back: From its last place to the centre, if that is known.
    """
    places = [visit.place for visit in day.tour.visits]
    notes = {place.place_id: place for place in day.places}
    yield f"{day.day.date:%A} in {city_name(day.day.city)}: {_listed([place.name for place in places])}. "
    best = max(places, key=lambda place: place.fame)
    if best.id in notes:
        yield f"{best.name}: {notes[best.id].about} "
    second = notes.get(places[1].id) if len(places) > 1 else None
    if second is not None and second.walk is not None:
        yield f"It begins with {second.walk.minutes} minutes on foot heading {second.walk.heading}. "
    yield f"{day.tour.walk_metres / 1000:.1f} km are walked that day{_entrances(day.cost)}. "
    if day.sun is not None:
        yield f"The sun sets at {format_clock(day.sun.sunset)}. "
    if way_back is not None:
        yield f"The centre is {way_back.minutes} minutes on foot from the last stop. "


def _entrances(cost: Cost | None) -> str:
    if cost is None:
        return ""
    return (
        f", and entrances come to about {cost.amount} {cost.currency}"
        if cost.amount
        else ", and every entrance is free"
    )


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
