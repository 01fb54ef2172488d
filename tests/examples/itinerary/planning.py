"""Problems for the planner, from the real data without a provider, and the rules every plan must keep."""

import datetime as dt
import itertools

from examples.itinerary import geo
from examples.itinerary.catalogue import load
from examples.itinerary.choice import PACES, Candidate
from examples.itinerary.models import DayPlan, Opening, Place, Tour, Trip, TripDay, WalkTable
from examples.itinerary.spread import spread
from examples.itinerary.tour_model import LUNCH_STARTS, SLOT

MONDAY = dt.date(2026, 12, 7)


def trip_days(city: str = "rome", days: int = 1, **wishes: object) -> list[TripDay]:
    """The days of a trip to one city."""
    return Trip.model_validate({"stays": [{"city": city, "days": days}], "start": MONDAY} | wishes).days


def table(points: dict[str, tuple[float, float]]) -> WalkTable:
    """The walks between points, estimated as the provider does."""
    metres = [[geo.walking_metres(begin, end) for end in points.values()] for begin in points.values()]
    minutes = [[geo.walking_minutes(length) for length in row] for row in metres]
    return WalkTable(points=list(points), minutes=minutes, metres=metres, notice=geo.ESTIMATE)


def real_problem(day: TripDay) -> tuple[list[Candidate], WalkTable]:
    """What the provider would answer for one day, from the same catalogue."""
    sights = load().sights[day.city]
    places = [sight.place for sight in sights.values()]
    chosen = spread(places, day.stay_dates, day.interests)[day.stay_day - 1]
    return (
        [candidate(place, *sights[place.id].hours.on(day.date)) for place in chosen],
        table({place.id: place.point for place in chosen}),
    )


def candidate(place: Place, *openings: tuple[int, int]) -> Candidate:
    """A place with its openings in minutes."""
    return Candidate(place, [Opening(opens=opens, closes=closes) for opens, closes in openings])


def check_tour(tour: Tour, day: TripDay, candidates: list[Candidate], walks: WalkTable, start: str | None) -> None:
    """Every rule a tour must keep, whatever the solver made of it."""
    rules, visits = PACES[day.pace], tour.visits
    openings = {candidate.place.id: candidate.openings for candidate in candidates}
    assert 1 <= len(visits) <= rules.most_visits
    assert len({visit.place.id for visit in visits}) == len(visits)
    for visit in visits:
        assert rules.opens <= visit.arrive < visit.leave <= rules.closes
        assert visit.arrive % SLOT == visit.leave % SLOT == 0
        assert any(it.opens <= visit.arrive and visit.leave <= it.closes for it in openings[visit.place.id])
        assert visit.leave - visit.arrive <= visit.place.visit_minutes * 1.3 + SLOT
        assert visit.leave - visit.arrive >= visit.place.visit_minutes * 0.7 - 1
        assert visit.wait_minutes >= 0
        assert visit.walk_minutes <= rules.longest_walk
    check_way(tour, walks, start, rules.opens)
    check_lunch(tour, rules.lunch)


def check_way(tour: Tour, walks: WalkTable, start: str | None, opens: int) -> None:
    """Walks are those of the table, and the times leave room for them and for lunch."""
    row = {point: index for index, point in enumerate(walks.points)}
    first = tour.visits[0]
    if start is None:
        assert (first.walk_minutes, first.walk_metres, first.wait_minutes) == (0, 0, 0)
    else:
        assert first.walk_minutes == walks.minutes[row[start]][row[first.place.id]]
        assert first.arrive >= opens + first.walk_minutes
    for before, visit in itertools.pairwise(tour.visits):
        begin, end = row[before.place.id], row[visit.place.id]
        assert (visit.walk_minutes, visit.walk_metres) == (walks.minutes[begin][end], walks.metres[begin][end])
        lunch = tour.lunch
        between = lunch is not None and before.leave <= lunch.starts and lunch.ends <= visit.arrive
        eaten = lunch.ends - lunch.starts if lunch is not None and between else 0
        assert visit.arrive == before.leave + eaten + visit.walk_minutes + visit.wait_minutes
    assert tour.walk_minutes == sum(visit.walk_minutes for visit in tour.visits)
    assert tour.walk_metres == sum(visit.walk_metres for visit in tour.visits)


def check_lunch(tour: Tour, length: int) -> None:
    """Lunch overlaps no visit, has its length and its hour; only half days go without."""
    if tour.lunch is None:
        assert tour.visits[-1].leave <= 12 * 60 + 30 or tour.visits[0].arrive >= 12 * 60 + 30
        return
    starts, ends = tour.lunch.starts, tour.lunch.ends
    assert LUNCH_STARTS[0] <= starts <= LUNCH_STARTS[1]
    assert length <= ends - starts < length + SLOT
    assert all(visit.leave <= starts or visit.arrive >= ends for visit in tour.visits)


def check_plan(plan: DayPlan, tours: list[Tour]) -> None:
    """What was published rises, and the plan is the last of it."""
    assert [tour.number for tour in tours] == list(range(1, len(tours) + 1))
    assert all(one.score < better.score for one, better in itertools.pairwise(tours))
    assert plan.tour == tours[-1]
    assert plan.tours == len(tours)
