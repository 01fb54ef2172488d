"""The book: upserts that may be repeated, fenced by the attempt, read in one go."""

import asyncio
import dataclasses
from pathlib import Path

import pytest

from examples.itinerary.book import Book
from examples.itinerary.models import DayPlan, TripDay
from examples.itinerary.search import DaySearch
from examples.itinerary.settings import DemoSettings
from headway import Context
from tests.examples.itinerary.planning import real_problem
from tests.examples.itinerary.trips import trip

FIRST = Context("run_1", "exec_1", 1, None)
SECOND = dataclasses.replace(FIRST, execution_id="exec_2", attempt=2)
TRIP = trip(rome=2)
ERROR = {"message": "no answer", "code": "provider_down", "category": "provider", "retryable": True}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """An empty one."""
    return Book(tmp_path / "book.db")


def plan_of(day: TripDay) -> DayPlan:
    """A real plan, quickly."""
    return DaySearch(day, *real_problem(day), budget_s=0.05).run()


async def days(book: Book) -> list[str]:
    """How the days stand."""
    found = await book.read("run_1")
    assert found is not None
    return [day["status"] for day in found["days"]]


async def test_an_expected_trip_has_placeholders(book: Book) -> None:
    """All days in order; nothing else is known. Another id is not known at all."""
    await book.expect("run_1", TRIP)
    found = await book.read("run_1")
    assert found is not None
    assert (found["title"], found["status"], found["summary"]) == ("Rome", None, None)
    assert [day["title"] for day in found["days"]] == ["Rome, Sat 5 Dec", "Rome, Sun 6 Dec"]
    assert await days(book) == ["placeholder", "placeholder"]
    assert await book.read("run_2") is None


async def test_a_planned_day_reads_as_it_was_written(book: Book) -> None:
    """However often it is written."""
    await book.begin(FIRST, TRIP)
    plan = plan_of(TRIP.days[0])
    await book.save_day(FIRST, plan)
    await book.save_day(FIRST, plan)
    found = await book.read("run_1")
    assert found is not None
    assert DayPlan.model_validate(found["days"][0]["plan"]) == plan
    assert await days(book) == ["planned", "placeholder"]


async def test_a_worker_that_was_taken_over_changes_nothing(book: Book) -> None:
    """Its attempt is the older one: a late failure of it hides no plan, and it ends nothing."""
    await book.begin(FIRST, TRIP)
    await book.begin(SECOND, TRIP)
    await book.save_day(SECOND, plan_of(TRIP.days[0]))
    await book.fail_day(FIRST, TRIP.days[0], ERROR)
    await book.end(FIRST, "failed")
    await book.begin(FIRST, TRIP)
    found = await book.read("run_1")
    assert found is not None
    assert (found["status"], found["days"][0]["status"]) == (None, "planned")


async def test_a_new_attempt_may_plan_what_failed(book: Book) -> None:
    """And the trip has not ended any more; its text stays until there is another."""
    await book.begin(FIRST, TRIP)
    await book.fail_day(FIRST, TRIP.days[0], ERROR)
    await book.end(FIRST, "partial", "in words")
    assert await days(book) == ["failed", "placeholder"]
    await book.begin(SECOND, TRIP)
    await book.save_day(SECOND, plan_of(TRIP.days[0]))
    found = await book.read("run_1")
    assert found is not None
    assert (found["status"], found["summary"], found["days"][0]["error"]) == (None, "in words", None)
    await book.end(SECOND, "succeeded", "in other words")
    assert ((await book.read("run_1")) or {})["summary"] == "in other words"


async def test_expecting_what_has_begun_changes_nothing(book: Book) -> None:
    """The worker may be quicker than the answer to who asked."""
    await book.begin(FIRST, TRIP)
    await book.end(FIRST, "succeeded", "in words")
    await book.expect("run_1", trip(paris=1))
    found = await book.read("run_1")
    assert found is not None
    assert (found["title"], found["status"]) == ("Rome", "succeeded")


async def test_many_write_at_once(tmp_path: Path) -> None:
    """Twenty trips through connections of their own, from the first write on: none is lost."""
    runs = [dataclasses.replace(FIRST, run_id=f"run_{number}") for number in range(20)]
    await asyncio.gather(*(Book(tmp_path / "book.db").begin(run, TRIP) for run in runs))
    book = Book(tmp_path / "book.db")
    assert all([await book.read(run.run_id) for run in runs])


@pytest.mark.parametrize(
    ("store", "place"),
    [
        ("sqlite:////var/lib/headway.db", "/var/lib/headway-itineraries.db"),
        ("sqlite:///headway.db", "headway-itineraries.db"),
        ("memory://", "headway-itineraries.db"),
    ],
)
def test_it_lies_beside_the_store(store: str, place: str) -> None:
    """Unless it is told where to lie."""
    assert DemoSettings().book_beside(store) == Path(place)
    assert DemoSettings(book=Path("elsewhere.db")).book_beside(store) == Path("elsewhere.db")
