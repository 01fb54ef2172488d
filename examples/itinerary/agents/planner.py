"""The planner: chooses places for each day and searches the best tour through them; every better one is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headway import Agent, Failed, Item, ItemPlanned

from ..book import Book
from ..choice import Candidate
from ..errors import told
from ..models import DayPlan, OpeningDay, Place, Tour, TripDay, WalkTable
from ..provider_client import ProviderClient
from ..spread import spread
from .asking import ASK, CALLS_AT_ONCE, DAYS_AT_ONCE, each


@dataclass(frozen=True)
class DayTask:
    """A day to be planned.

    Attributes:
        places: Places of the city; None when they could not be listed before: they are asked for again.
    """

    day: TripDay
    places: list[Place] | None


def day_item(day: TripDay) -> ItemPlanned:
    """The placeholder of a day, there before anything is planned."""
    return ItemPlanned(key=day.key, kind="day", title=day.title, phase="plan")


def place_item(day: TripDay, place: Place) -> ItemPlanned:
    """The placeholder of a visited place, below its day, there from when the day is planned."""
    return ItemPlanned(key=f"{day.key}/{place.id}", kind="place", title=place.name, parent=day.key, phase="enhance")


class Planner:
    """Plans days, two at a time, each by itself: one that fails leaves the others alone.

    Args:
        provider: Knows places, hours and walks.
        book: A planned day is written there before it is shown.
        search_s: Seconds of search for the best tour of a day.
    """

    def __init__(self, provider: ProviderClient, book: Book, search_s: float) -> None:
        self._provider = provider
        self._book = book
        self._search_s = search_s

    async def plan(self, agent: Agent, tasks: Sequence[DayTask]) -> list[DayPlan | Failed]:
        """Plan all days; one that was planned in an earlier attempt is not planned again."""
        return await agent.map(
            self.plan_one_day,
            tasks,
            phase="plan",
            item=lambda task: day_item(task.day),
            concurrency=DAYS_AT_ONCE,
            on_error="partial",
        )

    async def plan_one_day(self, item: Item, task: DayTask) -> DayPlan:
        """Plan one day; its places become items, to be enhanced.

        Raises:
            DayImpossible: Nothing is open, or all is too far.
            ProviderError: The provider does not answer, although it was asked again.
        """
        try:
            plan = await self._plan(item, task)
            await self._book.save_day(item.context, plan)
        except Exception as error:
            reason = told(error)
            await self._book.fail_day(item.context, task.day, reason)
            await item.error(**reason, severity="error", item=item.key)
            raise
        for visit in plan.tour.visits:
            placeholder = place_item(task.day, visit.place)
            await item.item(**placeholder.model_dump()).plan()
        return plan

    async def _plan(self, item: Item, task: DayTask) -> DayPlan:
        day = task.day
        places = task.places or await item.step(self._provider.places, day.city, key="places", options=ASK)
        chosen = spread(places, day.stay_dates, day.interests)[day.stay_day - 1]
        progress = _Progress(item, len(chosen))
        candidates = await self._candidates(item, day, chosen, progress)
        await progress.say("Measuring the walks")
        points = [place.id for place in chosen if place.id != day.start] + ([day.start] if day.start else [])
        walks = await item.step(self._provider.walks, points, key="walks", options=ASK) if chosen else _NO_WALKS
        await progress.say("Looking for the best tour")
        plan: DayPlan = await item.step(self._search, item, day, candidates, walks, key="search")
        return plan

    async def _candidates(
        self, item: Item, day: TripDay, places: Sequence[Place], progress: _Progress
    ) -> list[Candidate]:
        async def one(place: Place) -> Candidate:
            hours: OpeningDay = await item.step(
                self._provider.hours, place.id, day.date, key=f"hours:{place.id}", options=ASK
            )
            await progress.say(f"Opening hours of {place.name}", done=1)
            return Candidate(place, hours.open)

        return await each(one, places, CALLS_AT_ONCE)

    async def _search(self, item: Item, day: TripDay, candidates: list[Candidate], walks: WalkTable) -> DayPlan:
        await asyncio.to_thread(_load_solver)
        from ..search import DaySearch, find_tour

        plain = item.plain  # the solver calls from its own thread
        search = DaySearch(
            day,
            candidates,
            walks,
            start=day.start,
            budget_s=self._search_s,
            on_better=lambda tour: plain.update(_shown(day, tour)),
        )
        return await find_tour(search)


_NO_WALKS = WalkTable(points=[], minutes=[], metres=[], notice="")


def _load_solver() -> None:
    """Takes seconds the first time; servers never do it."""
    from .. import search  # noqa: F401


class _Progress:
    """How far a day is. The search counts as much as all opening hours together: it takes about as long."""

    def __init__(self, item: Item, places: int) -> None:
        self._item = item
        self._done = 0
        self._total = 2 * places

    async def say(self, message: str, *, done: int = 0) -> None:
        self._done += done
        await self._item.progress(self._done, self._total, message=message)


def _shown(day: TripDay, tour: Tour) -> dict[str, Any]:
    """What a card shows of a tour that may still get better."""
    return {"day": day.model_dump(mode="json"), "tour": tour.model_dump(mode="json")}
