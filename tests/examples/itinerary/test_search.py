import asyncio
import functools
import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.itinerary.catalogue import load
from examples.itinerary.choice import Candidate
from examples.itinerary.errors import DayImpossible, SearchStopped
from examples.itinerary.models import Category, DayPlan, Interest, Pace, Place, Tour, TripDay, WalkTable
from examples.itinerary.search import DaySearch, find_tour
from tests.examples.itinerary.planning import candidate, check_plan, check_tour, real_problem, table, trip_days

SHORT = 0.2
ENDLESS = 3600.0  # a search that is not stopped runs into the time limit of the test


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    """A handful of places in one part of a city, with any opening hours at all."""

    def place(number: int) -> Place:
        return Place(
            id=f"troy.place-{number}",
            city="troy",
            name=f"Place {number}",
            category=draw(st.sampled_from(Category)),
            lat=39.9575 + draw(st.floats(-0.02, 0.02)),
            lon=26.2389 + draw(st.floats(-0.02, 0.02)),
            fame=draw(st.integers(1, 3)),
            visit_minutes=draw(st.integers(10, 180)),
            interests=draw(st.lists(st.sampled_from(Interest), max_size=3)),
            closed_on=[],
        )

    return [candidate(place(number), *draw(openings())) for number in range(draw(st.integers(1, 6)))]


@st.composite
def openings(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Closed, open all day, or one or two separate openings."""
    if draw(st.integers(0, 3)) == 0:
        return [(8 * 60, 22 * 60)]
    times = sorted(draw(st.sets(st.integers(0, 1440), max_size=4)))
    return list(zip(times[0::2], times[1::2], strict=False))


def plan_or_reason(
    day: TripDay, choice: list[Candidate], walks: WalkTable, start: str | None, tours: list[Tour]
) -> DayPlan | str:
    """The plan, or why there is none."""
    try:
        return DaySearch(day, choice, walks, start=start, budget_s=SHORT, on_better=tours.append).run()
    except DayImpossible as error:
        return error.reason


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    choice=candidates(),
    pace=st.sampled_from(Pace),
    interests=st.lists(st.sampled_from(Interest), max_size=3),
    with_start=st.booleans(),
)
def test_every_tour_keeps_the_rules(
    choice: list[Candidate], pace: Pace, interests: list[Interest], with_start: bool
) -> None:
    """Not only the last one: each published tour could be walked. A day without one is impossible for a reason."""
    [day] = trip_days("troy", pace=pace, interests=interests)
    points = {it.place.id: it.place.point for it in choice}
    walks = table(points | {"troy": (39.9575, 26.2389)})
    start = "troy" if with_start else None
    tours: list[Tour] = []
    plan = plan_or_reason(day, choice, walks, start, tours)
    if isinstance(plan, str):
        assert plan in {"all_closed", "too_far", "no_time"}
        assert not tours
        return
    check_plan(plan, tours)
    for tour in tours:
        check_tour(tour, day, choice, walks, start)


@pytest.mark.parametrize("city", sorted(load().cities))
def test_every_city_fills_two_days_at_every_pace(city: str) -> None:
    """Real places, beginning on a Monday: the search reaches a day with several visits and lunch."""
    for pace, least in ((Pace.RELAXED, 3), (Pace.BALANCED, 4), (Pace.FULL, 5)):
        for day in trip_days(city, 2, pace=pace):
            choice, walks = real_problem(day)
            plan, tours = search_until(functools.partial(is_full, least), day, choice, walks)
            check_plan(plan, tours)
            check_tour(plan.tour, day, choice, walks, None)


def is_full(least: int, tour: Tour) -> bool:
    """Whether the day has enough visits, and lunch."""
    return len(tour.visits) >= least and tour.lunch is not None


def search_until(
    enough: Callable[[Tour], bool], day: TripDay, choice: list[Candidate], walks: WalkTable
) -> tuple[DayPlan, list[Tour]]:
    """Search without a budget and stop at the first tour that is good enough, however fast the machine is."""
    tours: list[Tour] = []

    def listen(tour: Tour) -> None:
        tours.append(tour)
        if enough(tour):
            search.stop()

    search = DaySearch(day, choice, walks, budget_s=ENDLESS, on_better=listen)
    plan = search.run()
    assert enough(plan.tour), "the best tour of all is not good enough"
    return plan, tours


def test_better_tours_keep_being_found() -> None:
    """A real day is not solved at once."""
    [day] = trip_days("new-york")
    plan, tours = search_until(lambda tour: tour.number >= 5, day, *real_problem(day))
    check_plan(plan, tours)
    assert not plan.proven


def test_the_budget_ends_the_search() -> None:
    """A real day is not proven best within it."""
    [day] = trip_days("new-york")
    plan = DaySearch(day, *real_problem(day), budget_s=SHORT).run()
    assert not plan.proven


def test_interests_decide_what_is_seen() -> None:
    """Two museums open at the same hour: the traveller who loves science goes to the other one."""
    art, science = (
        load().sights["vienna"][f"vienna.{slug}"].place for slug in ("kunsthistorisches", "naturhistorisches")
    )
    walks = table({art.id: art.point, science.id: science.point})
    for interests, expected in ([], art), ([Interest.SCIENCE, Interest.NATURE], science):
        [day] = trip_days("vienna", interests=interests)
        choice = [candidate(place, (600, 600 + 120)) for place in (art, science)]
        plan = DaySearch(day, choice, walks, budget_s=SHORT).run()
        assert [visit.place.id for visit in plan.tour.visits] == [expected.id]
        assert plan.proven


def test_the_same_search_proves_the_same_tour() -> None:
    """What is proven best does not depend on how fast the machine is."""
    [day] = trip_days("rome", pace=Pace.RELAXED)
    choice, walks = real_problem(day)
    plans = [DaySearch(day, choice[:4], walks, budget_s=60).run() for _ in range(2)]
    assert plans[0].proven
    assert plans[0].tour.score == plans[1].tour.score
    assert plans[0].tour.visits == plans[1].tour.visits


def test_a_budget_too_short_for_one_tour_is_overrun() -> None:
    """A loaded machine gets a plan, too."""
    [day] = trip_days("rome")
    plan = DaySearch(day, *real_problem(day), budget_s=0.0).run()
    assert plan.tours == 1
    assert 0 < plan.tour.found_after_s <= plan.search_s


def closed_everywhere() -> list[Candidate]:
    """Places of Rome, all closed."""
    [day] = trip_days("rome")
    return [Candidate(it.place, []) for it in real_problem(day)[0]]


def test_a_day_on_which_all_is_closed_says_so() -> None:
    """The reason names the date."""
    [day] = trip_days("rome")
    with pytest.raises(DayImpossible, match="is open long enough on Monday, 07 December 2026") as caught:
        DaySearch(day, closed_everywhere(), real_problem(day)[1])
    assert caught.value.reason == "all_closed"
    assert caught.value.hint is not None


def test_a_day_without_places_says_so() -> None:
    """A long stay in a small city."""
    [day] = trip_days("rome")
    with pytest.raises(DayImpossible) as caught:
        DaySearch(day, [], table({}))
    assert (caught.value.reason, caught.value.retryable) == ("no_places", False)


def test_a_day_out_of_reach_says_how_far_it_is() -> None:
    """Nothing lies within a walk of the start."""
    [day] = trip_days("rome")
    choice, _ = real_problem(day)
    walks = table({it.place.id: it.place.point for it in choice} | {"rome": (41.5, 12.5)})
    with pytest.raises(DayImpossible, match="minutes on foot from the start") as caught:
        DaySearch(day, choice, walks, start="rome")
    assert caught.value.reason == "too_far"


def test_a_day_that_lunch_makes_impossible_says_so() -> None:
    """The only place is open over lunch, for exactly as long as the shortest visit."""
    [day] = trip_days("paris")
    louvre = load().sights["paris"]["paris.louvre"].place
    with pytest.raises(DayImpossible, match="no visit of day 1 fits around lunch") as caught:
        DaySearch(day, [candidate(louvre, (12 * 60 + 10, 14 * 60 + 20))], table({louvre.id: louvre.point})).run()
    assert caught.value.reason == "no_time"


def test_a_search_stopped_by_another_thread_returns_its_best() -> None:
    """The search runs in one thread and is stopped from another, whatever it is doing."""
    [day] = trip_days("new-york")
    first = threading.Event()
    search = DaySearch(day, *real_problem(day), budget_s=ENDLESS, on_better=lambda tour: first.set())

    def stop_after_first() -> None:
        first.wait()
        search.stop()

    stopper = threading.Thread(target=stop_after_first)
    stopper.start()
    plan = search.run()
    stopper.join()
    assert not plan.proven


def test_a_search_stopped_before_it_began_has_nothing() -> None:
    """A stop is never lost."""
    [day] = trip_days("rome")
    search = DaySearch(day, *real_problem(day), budget_s=ENDLESS)
    search.stop()
    with pytest.raises(SearchStopped):
        search.run()


def test_an_error_of_the_listener_ends_the_search() -> None:
    """It comes out unchanged, and no further tour is published."""
    [day] = trip_days("new-york")
    heard: list[int] = []

    def refuse(tour: Tour) -> None:
        heard.append(tour.number)
        raise PermissionError("fenced")

    with pytest.raises(PermissionError, match="fenced"):
        DaySearch(day, *real_problem(day), budget_s=ENDLESS, on_better=refuse).run()
    assert heard == [1]


async def test_the_loop_goes_on_while_a_day_is_planned() -> None:
    """Tours arrive in another thread; the loop hears of each while the search is still running."""
    [day] = trip_days("new-york")
    loop, heard = asyncio.get_running_loop(), asyncio.Queue[Tour]()

    def tell(tour: Tour) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, tour)

    search = DaySearch(day, *real_problem(day), budget_s=ENDLESS, on_better=tell)
    work = asyncio.create_task(find_tour(search))
    assert [(await heard.get()).number for _ in range(2)] == [1, 2]
    assert not work.done()
    search.stop()
    assert (await work).tours >= 2


async def test_cancelling_ends_the_search_and_waits_for_it() -> None:
    """After the cancellation nothing is published any more, because the thread is gone."""
    [day] = trip_days("new-york")
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    over, late = threading.Event(), []

    def listen(tour: Tour) -> None:
        if over.is_set():
            late.append(tour)
        loop.call_soon_threadsafe(begun.set)

    work = asyncio.create_task(find_tour(DaySearch(day, *real_problem(day), budget_s=ENDLESS, on_better=listen)))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    over.set()
    await loop.shutdown_default_executor()  # would wait for a search that goes on
    assert late == []


async def test_cancelling_before_the_first_tour_is_a_cancellation() -> None:
    """Whatever the search has to say about being stopped, the caller asked for a cancellation."""
    [day] = trip_days("new-york")
    work = asyncio.create_task(find_tour(DaySearch(day, *real_problem(day), budget_s=ENDLESS)))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_an_impossible_day_comes_out_of_the_thread() -> None:
    """The error reaches the caller as it is."""
    [day] = trip_days("paris")
    louvre = load().sights["paris"]["paris.louvre"].place
    search = DaySearch(day, [candidate(louvre, (12 * 60 + 10, 14 * 60 + 20))], table({louvre.id: louvre.point}))
    with pytest.raises(DayImpossible):
        await find_tour(search)
