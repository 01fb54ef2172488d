"""One day as a constraint model: which places to see, in which order, when, for how long, and when to eat.

A travelling-salesman problem with optional stops and time windows. A tour earns points for

* each place seen, by its appeal to this traveller,
* time spent there, from a short visit to a long one, with falling returns,
* viewpoints late in the day, when the light is low,

and loses points for

* every minute walked or waited, and for starting late,
* lunch away from 12:45, or none at all,
* famous indoor places reached after the late morning, when the queues are long,
* the third and each further place of one category.

The terms pull against each other: a longer visit here costs a place there, and the best order changes with every
length. That is why better tours keep turning up for seconds.

All times in the model are slots of five minutes after midnight; walks are rounded up to whole slots, visits and
openings inwards, so what holds in slots holds in minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ortools.sat.python import cp_model

from .choice import PaceRules
from .hours import MINUTES_PER_DAY, parse_clock
from .models import Category, Meal, Opening, Place, Visit, WalkTable

SLOT: Final = 5
"""Minutes per slot; every arrival and departure is a multiple of it."""

LUNCH_STARTS: Final = (parse_clock("12:00"), parse_clock("14:00"))
LUNCH_IDEAL: Final = parse_clock("12:45")
HALF_DAY: Final = parse_clock("12:30")
"""A day that is over by then, or begins then or later, has no lunch."""

SHORT_VISIT, LONG_VISIT = 0.7, 1.3  # of the typical length
QUEUES_FROM: Final = parse_clock("11:00")
LOW_LIGHT_FROM: Final = parse_clock("16:00")
CROWDED: Final = frozenset({Category.MUSEUM, Category.PALACE, Category.RUINS, Category.WORSHIP})

# Points. A place of average appeal (100) is worth 1000, as much as about three hours on foot or eight of waiting.
PER_APPEAL: Final = 10
PER_SLOT_OF_VISIT: Final = 20  # of appeal 100, up to the typical length
PER_SLOT_OF_LINGERING: Final = 8  # beyond it
PER_MINUTE_WALKED: Final = -6
PER_SLOT_WAITED: Final = -10
PER_SLOT_STARTED_LATE: Final = -8
PER_SLOT_OFF_LUNCH: Final = -3
FOR_NO_LUNCH: Final = -400
PER_SLOT_IN_QUEUES: Final = -4
FOR_LOW_LIGHT: Final = 100
PER_REPETITION: Final = -400
REPETITIONS_ALLOWED: Final = 2


@dataclass(frozen=True)
class Option:
    """A place that could be visited on the day; lengths and windows in slots."""

    place: Place
    appeal: int
    windows: tuple[tuple[int, int], ...]
    shortest: int
    typical: int
    longest: int

    @classmethod
    def within(cls, place: Place, appeal: int, openings: Sequence[Opening], rules: PaceRules) -> Option | None:
        """Return the place with those of its openings that fall into the day, or None if no visit fits."""
        shortest = -(-round(place.visit_minutes * SHORT_VISIT) // SLOT)
        typical = max(shortest, place.visit_minutes // SLOT)
        longest = max(typical, int(place.visit_minutes * LONG_VISIT) // SLOT)
        clipped = [(max(hours.opens, rules.opens), min(hours.closes, rules.closes)) for hours in openings]
        slots = [(-(-opens // SLOT), closes // SLOT) for opens, closes in clipped]
        windows = tuple((opens, closes) for opens, closes in slots if closes - opens >= shortest)
        return cls(place, appeal, windows, shortest, typical, longest) if windows else None


@dataclass(frozen=True)
class Legs:
    """Walks between the options, by index, with the start of the day as index -1 (if there is one)."""

    minutes: dict[tuple[int, int], int]
    metres: dict[tuple[int, int], int]

    @classmethod
    def between(cls, options: Sequence[Option], walks: WalkTable, start: str | None) -> Legs:
        """Look the walks up in a table that names all options, and the start if it is given.

        Raises:
            KeyError: The table lacks a point.
        """
        at = {point: row for row, point in enumerate(walks.points)}
        rows = {index: at[option.place.id] for index, option in enumerate(options)}
        if start is not None:
            rows[-1] = at[start]
        pairs = [(i, j) for i in rows for j in rows if i != j]
        return cls(
            {(i, j): walks.minutes[rows[i]][rows[j]] for i, j in pairs},
            {(i, j): walks.metres[rows[i]][rows[j]] for i, j in pairs},
        )


class TourModel:
    """The constraint model of one day, and the way back from a solution to visits.

    Args:
        options: Places that can be visited at all; at least one.
        legs: Walks between them.
        rules: How full the day may be.
        has_start: The day begins at the start of ``legs``, else at its first place.
    """

    def __init__(self, options: Sequence[Option], legs: Legs, rules: PaceRules, *, has_start: bool) -> None:
        self.model = cp_model.CpModel()
        self._options = options
        self._legs = legs
        self._rules = rules
        self._has_start = has_start
        self._first, self._last = -(-rules.opens // SLOT), rules.closes // SLOT
        self._lunch = -(-rules.lunch // SLOT)
        self._points: list[cp_model.LinearExprT] = []
        slot: Callable[[str], cp_model.IntVar] = partial(self.model.new_int_var, self._first, self._last)
        count = range(len(options))
        self._seen = [self.model.new_bool_var(f"seen {i}") for i in count]
        self._arrive = [slot(f"arrive {i}") for i in count]
        self._leave = [slot(f"leave {i}") for i in count]
        self._depart = [slot(f"depart {i}") for i in count]  # later than leave if lunch comes between
        self._lunch_after = [self.model.new_bool_var(f"lunch after {i}") for i in count]
        self._lunch_at = self.model.new_int_var(LUNCH_STARTS[0] // SLOT, LUNCH_STARTS[1] // SLOT, "lunch")
        self._start, self._end = slot("start"), slot("end")
        for index in count:
            self._add_visit(index)
        self._add_lunch()
        self._add_route()
        self._add_taste()
        self.model.maximize(sum(self._points))

    # -------------------------------------------------------------------------------------------- constraints

    def _add_visit(self, i: int) -> None:
        """A visit lies inside one opening, lasts a sensible time, and is worth something."""
        model, option, seen = self.model, self._options[i], self._seen[i]
        visit = model.new_int_var(0, option.typical - option.shortest, f"visit {i}")
        linger = model.new_int_var(0, option.longest - option.typical, f"linger {i}")
        model.add(visit == 0).only_enforce_if(~seen)
        model.add(linger == 0).only_enforce_if(~seen)
        model.add(self._arrive[i] == self._first).only_enforce_if(~seen)
        model.add(self._leave[i] == self._arrive[i] + option.shortest * seen + visit + linger)
        inside = [model.new_bool_var(f"window {i}.{k}") for k in range(len(option.windows))]
        for chosen, (opens, closes) in zip(inside, option.windows, strict=True):
            model.add(self._arrive[i] >= opens).only_enforce_if(chosen)
            model.add(self._leave[i] <= closes).only_enforce_if(chosen)
        model.add(sum(inside) == seen)
        model.add(self._start <= self._arrive[i]).only_enforce_if(seen)
        model.add(self._end >= self._depart[i]).only_enforce_if(seen)
        self._points += [
            PER_APPEAL * option.appeal * seen,
            PER_SLOT_OF_VISIT * option.appeal // 100 * visit,
            PER_SLOT_OF_LINGERING * option.appeal // 100 * linger,
        ]

    def _add_lunch(self) -> None:
        """Lunch follows exactly one visit, except on half days."""
        model = self.model
        early, late = model.new_bool_var("ends early"), model.new_bool_var("starts late")
        model.add_exactly_one([*self._lunch_after, early, late])
        for seen, arrive, leave, depart, lunch in zip(
            self._seen, self._arrive, self._leave, self._depart, self._lunch_after, strict=True
        ):
            model.add_implication(lunch, seen)
            model.add(self._lunch_at >= leave).only_enforce_if(lunch)
            model.add(depart == self._lunch_at + self._lunch).only_enforce_if(lunch)
            model.add(depart == leave).only_enforce_if(~lunch)
            model.add(leave <= HALF_DAY // SLOT).only_enforce_if(early)
            model.add(arrive >= HALF_DAY // SLOT).only_enforce_if(late, seen)
        off = model.new_int_var(0, MINUTES_PER_DAY // SLOT, "lunch off its time")
        model.add(off >= self._lunch_at - LUNCH_IDEAL // SLOT)
        model.add(off >= LUNCH_IDEAL // SLOT - self._lunch_at)
        self._points += [PER_SLOT_OFF_LUNCH * off, FOR_NO_LUNCH * early, FOR_NO_LUNCH * late]

    def _add_route(self) -> None:
        """One round through the places seen, in walks that are not too long; what is left of the day is waiting."""
        model, count = self.model, len(self._options)
        arcs: list[tuple[int, int, cp_model.LiteralT]] = [(i, i, ~self._seen[i]) for i in range(count)]
        arcs += [(i, count, model.new_bool_var(f"last {i}")) for i in range(count)]
        walked: list[cp_model.LinearExprT] = []
        for i in range(-1, count):
            for j in (j for j in range(count) if j != i):
                if (minutes := self._leg(i, j)) > self._rules.longest_walk:
                    continue
                taken = model.new_bool_var(f"walk {i} to {j}")
                arcs.append((count if i < 0 else i, j, taken))
                slots = -(-minutes // SLOT)
                model.add(self._arrive[j] >= (self._start if i < 0 else self._depart[i] + slots)).only_enforce_if(taken)
                if i < 0:
                    model.add(self._arrive[j] >= self._first + slots).only_enforce_if(taken)
                else:
                    walked.append(slots * taken)
                self._points.append(PER_MINUTE_WALKED * minutes * taken)
        model.add_circuit(arcs)
        model.add(sum(self._seen) <= self._rules.most_visits)
        total = cp_model.LinearExpr.sum
        waited = (
            (self._end - self._start)
            - (total(self._leave) - total(self._arrive))
            - total(walked)
            - self._lunch * total(self._lunch_after)
        )
        self._points += [PER_SLOT_WAITED * waited, PER_SLOT_STARTED_LATE * (self._start - self._first)]

    def _add_taste(self) -> None:
        """Queues, light and variety."""
        model = self.model
        for option, seen, arrive in zip(self._options, self._seen, self._arrive, strict=True):
            place = option.place
            if place.fame == 3 and place.category in CROWDED:
                queue = model.new_int_var(0, self._last, f"queue at {place.id}")
                model.add(queue >= arrive - QUEUES_FROM // SLOT).only_enforce_if(seen)
                self._points.append(PER_SLOT_IN_QUEUES * queue)
            if place.category is Category.VIEWPOINT:
                low_light = model.new_bool_var(f"low light at {place.id}")
                model.add_implication(low_light, seen)
                model.add(arrive >= LOW_LIGHT_FROM // SLOT).only_enforce_if(low_light)
                self._points.append(FOR_LOW_LIGHT * low_light)
        for category, total in Counter(option.place.category for option in self._options).items():
            if total > REPETITIONS_ALLOWED:
                same = [seen for o, seen in zip(self._options, self._seen, strict=True) if o.place.category is category]
                excess = model.new_int_var(0, total, f"repetitions of {category}")
                model.add(excess >= sum(same) - REPETITIONS_ALLOWED)
                self._points.append(PER_REPETITION * excess)

    def _leg(self, i: int, j: int) -> int:
        return 0 if i < 0 and not self._has_start else self._legs.minutes[i, j]

    # -------------------------------------------------------------------------------------------- solutions

    def read(self, value: Callable[[cp_model.IntVar], int]) -> tuple[list[Visit], Meal | None]:
        """Return the visits in order, and lunch, of a solution.

        Args:
            value: Gives the value of a variable in the solution.
        """
        order = sorted((i for i, seen in enumerate(self._seen) if value(seen)), key=lambda i: value(self._arrive[i]))
        lunch_after = next((i for i in order if value(self._lunch_after[i])), None)
        visits: list[Visit] = []
        before = -1
        for i in order:
            arrive = value(self._arrive[i]) * SLOT
            walked = before >= 0 or self._has_start
            walk = self._legs.minutes[before, i] if walked else 0
            free_from = value(self._depart[before]) * SLOT if before >= 0 else arrive - walk
            early = self._early_for_lunch(before, value) if before == lunch_after else 0
            visits.append(
                Visit(
                    place=self._options[i].place,
                    arrive=arrive,
                    leave=value(self._leave[i]) * SLOT,
                    walk_minutes=walk,
                    walk_metres=self._legs.metres[before, i] if walked else 0,
                    wait_minutes=arrive - free_from - walk + early,
                )
            )
            before = i
        if lunch_after is None:
            return visits, None
        lunch = value(self._lunch_at)
        return visits, Meal(starts=lunch * SLOT, ends=(lunch + self._lunch) * SLOT)

    def _early_for_lunch(self, i: int, value: Callable[[cp_model.IntVar], int]) -> int:
        return (value(self._lunch_at) - value(self._leave[i])) * SLOT
