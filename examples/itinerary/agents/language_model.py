"""A language model writes the summary, asked through pydantic-ai: any model it knows, or none.

Loaded only when a model is configured: it is an optional part (``pip install 'headway[llm]'``) that takes seconds to
import.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..enhanced import EnhancedDay
from ..errors import ModelFailed
from ..hours import format_clock

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.models import Model

INSTRUCTIONS: Final = (
    "You describe a trip to the person who will make it. Write one paragraph of two to four plain sentences for each "
    "day, in the order given, separated by an empty line; name the weekday and the city. Say only what the facts say: "
    "invent no place, time, price or praise. No headings, no lists."
)
PATIENCE_S: Final = 60.0
"""Longest silence between two pieces of text."""


async def written_by(model: Model | str, days: Sequence[EnhancedDay]) -> AsyncGenerator[str, None]:
    """Yield the text about a trip as the model writes it.

    Raises:
        ModelFailed: It cannot be asked, fell silent or broke off. What was yielded before is not the whole.
    """
    agent = await asyncio.to_thread(_agent, model)
    said = False
    try:
        async with agent.run_stream(facts(days)) as answer:
            pieces = answer.stream_text(delta=True)
            while (piece := await _next(pieces)) is not None:
                said = said or bool(piece.strip())
                yield piece
    except Exception as error:
        raise ModelFailed(f"the language model did not write to the end: {type(error).__name__}: {error}") from error
    if not said:
        raise ModelFailed("the language model wrote nothing")


async def _next(pieces: AsyncIterator[str]) -> str | None:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(pieces, None)


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


def _agent(model: Model | str) -> Agent:
    try:
        from pydantic_ai import Agent
    except ImportError as error:
        raise ModelFailed("pydantic-ai is not installed", hint="pip install 'headway[llm]'") from error
    try:
        return Agent(model, instructions=INSTRUCTIONS)
    except Exception as error:  # an unknown name, a missing key, a provider's package that is not there
        raise ModelFailed(f"the language model {model!r} cannot be used: {error}") from error
