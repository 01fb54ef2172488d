"""Search the best tour of one day, publishing every better one, until it is proven best or the budget is spent.

The solver (CP-SAT of OR-tools, see ``tour_model`` for what it optimises) uses one thread, so that two days can be
searched side by side on two cores; it releases the interpreter lock while it works. ``find_tour`` is the usual way in;
``DaySearch`` is the same for code that brings its own thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from ortools.sat.python import cp_model

from .appeal import appeal
from .choice import PACES, Candidate, PaceRules
from .errors import DayImpossible, SearchStopped
from .hours import format_clock
from .models import DayPlan, Tour, TripDay, WalkTable
from .tour_model import Legs, Option, TourModel

SEARCH_BUDGET_S: Final = 4.0
FIRST_TOUR_LIMIT_S: Final = 30.0  # a budget too short for even one tour is overrun until there is one


class DaySearch:
    """One search for the best tour of a day. Runs once.

    Args:
        day: The day, with the traveller's pace and interests.
        candidates: Places to choose from.
        walks: Walks between all of them, and from the start if one is given.
        start: Id of the point where the day begins (a hotel, a city's centre); None begins at the first place.
        budget_s: Seconds of search; ended earlier when a tour is proven best.
        on_better: Called with each better tour, from the thread in which ``run`` works, in rising order of score. An
            exception it raises ends the search and comes out of ``run``.
    """

    def __init__(
        self,
        day: TripDay,
        candidates: Sequence[Candidate],
        walks: WalkTable,
        *,
        start: str | None = None,
        budget_s: float = SEARCH_BUDGET_S,
        on_better: Callable[[Tour], None] | None = None,
    ) -> None:
        self._day = day
        self._rules = PACES[day.pace]
        self._options = _options(day, candidates, self._rules)
        legs = Legs.between(self._options, walks, start)
        if start is not None:
            _check_reach(legs, len(self._options), self._rules)
        self._tours = TourModel(self._options, legs, self._rules, has_start=start is not None)
        self._on_better = on_better
        self._budget_s = budget_s
        self._solver = cp_model.CpSolver()
        self._stopped = False

    def run(self) -> DayPlan:
        """Search and return the best tour. Blocks for the budget: call it in a thread.

        Raises:
            DayImpossible: No tour exists.
            SearchStopped: ``stop`` was called before the first tour was found.
        """
        watcher = _Watcher(self._tours, self._publish)
        status = self._solve(watcher, self._budget_s)
        if status == cp_model.UNKNOWN and not self._stopped:
            self._solver.parameters.stop_after_first_solution = True
            status = self._solve(watcher, FIRST_TOUR_LIMIT_S)
        if watcher.failure is not None:
            raise watcher.failure
        if watcher.best is None:
            raise self._no_tour(status)
        return DayPlan(
            day=self._day,
            tour=watcher.best,
            tours=watcher.best.number,
            search_s=round(watcher.searched_s, 3),
            proven=status == cp_model.OPTIMAL,
        )

    def stop(self) -> None:
        """End the search soon (milliseconds, usually); ``run`` returns the best tour so far. Any thread may call it."""
        self._stopped = True
        self._solver.stop_search()

    def _solve(self, watcher: _Watcher, budget_s: float) -> cp_model.CpSolverStatus:
        if self._stopped:
            return cp_model.UNKNOWN
        self._solver.parameters.num_workers = 1
        self._solver.parameters.random_seed = self._day.number
        self._solver.parameters.max_time_in_seconds = budget_s
        # A stop that comes before the solver has begun finds nothing to stop: look again at the first sign of life.
        self._solver.best_bound_callback = self._stop_if_asked
        status = self._solver.solve(self._tours.model, watcher)
        watcher.searched_s += self._solver.wall_time
        return status

    def _publish(self, tour: Tour) -> None:
        self._stop_if_asked()
        if self._on_better is not None:
            self._on_better(tour)

    def _stop_if_asked(self, _bound: float = 0.0) -> None:
        if self._stopped:
            self._solver.stop_search()

    def _no_tour(self, status: cp_model.CpSolverStatus) -> Exception:
        if self._stopped:
            return SearchStopped("the search was stopped before it had found a tour")
        if status == cp_model.UNKNOWN:
            return DayImpossible("no_time", f"no tour was found within {FIRST_TOUR_LIMIT_S:.0f} s of search")
        hours = f"{format_clock(self._rules.opens)} and {format_clock(self._rules.closes)}"
        return DayImpossible("no_time", f"no visit of day {self._day.number} fits around lunch between {hours}")


class _Watcher(cp_model.CpSolverSolutionCallback):
    """Turns the solver's solutions into tours; keeps what goes wrong, because the solver cannot carry an exception."""

    def __init__(self, tours: TourModel, publish: Callable[[Tour], None]) -> None:
        super().__init__()
        self.best: Tour | None = None
        self.failure: BaseException | None = None
        self.searched_s = 0.0  # by searches that are over
        self._tours = tours
        self._publish = publish

    def on_solution_callback(self) -> None:
        score = round(self.objective_value)
        if self.failure is not None or (self.best is not None and score <= self.best.score):
            return
        try:
            self.best = self._tour(score)
            self._publish(self.best)
        except BaseException as error:  # noqa: BLE001 - carried over the solver's frames and raised by run()
            self.failure = error
            self.stop_search()

    def _tour(self, score: int) -> Tour:
        visits, lunch = self._tours.read(self.value)
        return Tour(
            number=1 if self.best is None else self.best.number + 1,
            score=score,
            found_after_s=round(self.searched_s + self.wall_time, 3),
            visits=visits,
            lunch=lunch,
            walk_minutes=sum(visit.walk_minutes for visit in visits),
            walk_metres=sum(visit.walk_metres for visit in visits),
        )


async def find_tour(search: DaySearch) -> DayPlan:
    """Run a search in a thread of its own.

    Cancelling stops the search and waits for its thread, so that no tour is published afterwards.

    Raises:
        DayImpossible: No tour exists.
        SearchStopped: The search was stopped by somebody else before the first tour.
    """
    work = asyncio.ensure_future(asyncio.to_thread(search.run))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        search.stop()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # seen; the cancellation is what the caller asked for
        raise


def _options(day: TripDay, candidates: Sequence[Candidate], rules: PaceRules) -> list[Option]:
    """Keep the candidates that can be visited on the day.

    Raises:
        DayImpossible: There is none.
    """
    if not candidates:
        raise DayImpossible(
            "no_places", f"there is no place left for day {day.number}", hint=f"Spend fewer days in {day.city}."
        )
    fitting = (
        Option.within(candidate.place, appeal(candidate.place, day.interests), candidate.openings, rules)
        for candidate in candidates
    )
    options = [option for option in fitting if option is not None]
    if not options:
        raise DayImpossible(
            "all_closed",
            f"none of the {len(candidates)} places is open long enough on {day.date:%A, %d %B %Y} "
            f"between {format_clock(rules.opens)} and {format_clock(rules.closes)}",
            hint="Move the trip by a day, or choose a fuller pace.",
        )
    return options


def _check_reach(legs: Legs, count: int, rules: PaceRules) -> None:
    nearest = min(legs.minutes[-1, index] for index in range(count))
    if nearest > rules.longest_walk:
        raise DayImpossible(
            "too_far",
            f"the nearest open place is {nearest} minutes on foot from the start of the day, "
            f"and this pace walks at most {rules.longest_walk} minutes at a time",
            hint="Choose a fuller pace, or begin the day elsewhere.",
        )
