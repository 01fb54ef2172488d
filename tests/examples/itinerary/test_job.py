"""The job with its three agents: what is shown and kept, what may fail, and what a retry does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from examples.itinerary.enhanced import EnhancedDay, PlaceNotes
from tests.examples.itinerary.trips import MONDAY, SUNDAY, Office, items, open_office


@pytest.fixture
async def office(provider_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Plans trips, with the real provider."""
    async with open_office(tmp_path, provider_url) as office:
        yield office


@pytest.fixture
async def troy_office(troy_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Plans trips to a small town that is closed on Mondays."""
    async with open_office(tmp_path, troy_url) as office:
        yield office


async def events(office: Office, run_id: str) -> list[dict[str, Any]]:
    """The whole log of a run."""
    return [event.envelope() for event in (await office.hw.store.read(run_id)).events]


def told(snapshot: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    """The errors that were reported like this."""
    return [error for error in snapshot["errors"] if wanted.items() <= error.items()]


# -- all goes well


async def test_a_trip_is_planned_enhanced_and_written(office: Office) -> None:
    """Every day with daylight and cost, every place an item below it, the text streamed, the result complete."""
    handle, snapshot = await office.plan(rome=2, lisbon=1)
    assert snapshot["status"] == "succeeded"
    assert [phase["status"] for phase in snapshot["phases"]] == ["finished"] * 4
    days = items(snapshot, "day", "finished")
    assert list(days) == ["day:1", "day:2", "day:3"]
    for key, item in days.items():
        day = EnhancedDay.model_validate(item["data"])
        assert day.sun is not None
        assert day.sun.sunrise < 12 * 60 < day.sun.sunset
        below = {name: place for name, place in items(snapshot, "place", "finished").items() if place["parent"] == key}
        assert set(below) == {f"{key}/{visit.place.id}" for visit in day.tour.visits}
        assert {place["phase"] for place in below.values()} == {"enhance"}
        notes = [PlaceNotes.model_validate(below[f"{key}/{visit.place.id}"]["data"]) for visit in day.tour.visits]
        assert day.cost is not None
        assert day.cost.amount == sum(place.cost.amount for place in notes)
        assert [place.walk.minutes if place.walk else 0 for place in notes] == [
            visit.walk_minutes for visit in day.tour.visits
        ]
        for place, visit in zip(notes, day.tour.visits, strict=True):
            assert any(it.opens <= visit.arrive and visit.leave <= it.closes for it in place.hours)
    summary = snapshot["outputs"]["summary"]
    assert summary["finished"]
    assert snapshot["result"]["summary"] == summary["text"]
    assert [text in summary["text"] for text in ("Saturday in Rome", "Sunday in Rome", "Monday in Lisbon")] == [
        True
    ] * 3
    assert [len(day["places"]) for day in snapshot["result"]["days"]] == [
        len(day["tour"]["visits"]) for day in snapshot["result"]["days"]
    ]
    assert handle.id == snapshot["run_id"]


async def test_every_event_names_its_agent(office: Office) -> None:
    """Days are the planner's, places the enhancer's, text the writer's; the orchestrator is the run itself."""
    handle, _ = await office.plan(lisbon=1)
    log = await events(office, handle.id)
    by_agent = {agent: {event["type"] for event in log if event["agent"] == agent} for agent in (None, *AGENTS)}
    assert {event["agent"] for event in log} == set(by_agent)
    assert {"run.started", "run.succeeded", "phase.finished"} <= by_agent[None]
    assert {"item.started", "item.updated", "item.finished"} <= by_agent["planner"]
    assert {"item.started", "item.updated", "item.finished"} <= by_agent["enhancer"]
    assert {"output.started", "output.appended", "output.finished"} <= by_agent["writer"]
    assert len({event["execution_id"] for event in log}) == 1


AGENTS = ("planner", "enhancer", "writer")


async def test_a_day_is_in_the_book_before_it_is_shown(office: Office) -> None:
    """Whoever sees an event of a day finds at least as much in the book."""
    handle = await office.start(rome=1, lisbon=1)
    seen = Counter[str]()
    async for _, event in handle.watch():
        if event is None or event["type"] not in {"item.finished", "item.updated"}:
            continue
        key, data = event["data"]["key"], event["data"]["data"]
        if "/" in key or "tours" not in data:  # a place; or a tour that may still get better
            continue
        kept = await office.book.read(handle.id)
        assert kept is not None
        [day] = [day for day in kept["days"] if day["key"] == key]
        assert day["status"] == "planned"
        if data.get("cost"):
            assert day["plan"] == data
            assert len(day["places"]) == len(data["tour"]["visits"])
        seen[event["type"]] += 1
    assert seen == {"item.finished": 2, "item.updated": 2}
    kept = await office.book.read(handle.id)
    assert kept is not None
    assert kept["status"] == "succeeded"
    assert kept["summary"] == (await handle.snapshot())["outputs"]["summary"]["text"]


async def test_nothing_is_asked_twice(office: Office) -> None:
    """What one agent has learnt, the next one is given."""
    await office.turn()
    await office.plan(rome=2, lisbon=1)
    assert set((await office.calls()).values()) == {1}


# -- something fails


async def test_a_day_that_fails_is_tried_again_alone(office: Office) -> None:
    """The provider is down for one city; the retry plans its day, enhances its places, and touches nothing else."""
    await office.turn(down_city="rome")
    handle, snapshot = await office.plan(lisbon=1, rome=1)
    assert snapshot["status"] == "partial"
    assert list(items(snapshot, "day", "failed")) == snapshot["result"]["missing"] == ["day:2"]
    assert snapshot["items"]["day:2"]["error"]["code"] == "provider_down"
    assert told(snapshot, item="day:2", severity="warning", category="provider", retryable=True)
    assert len(told(snapshot, item="day:2", severity="error", category="provider", code="provider_down")) == 1
    assert "Rome" not in snapshot["outputs"]["summary"]["text"]
    kept = await office.book.read(handle.id)
    assert kept is not None
    assert [day["status"] for day in kept["days"]] == ["planned", "failed"]
    assert kept["days"][1]["error"]["code"] == "provider_down"
    assert kept["status"] == "partial"

    await office.turn(down_city=None)
    again = await office.again(handle, "day:2")
    assert again["status"] == "succeeded"
    assert again["items"]["day:1"] == snapshot["items"]["day:1"]
    assert await office.calls("lisbon") == {}
    assert len(await office.calls("rome", "/hours")) == 12
    assert len(items(again, "place", "finished")) == sum(len(day["tour"]["visits"]) for day in again["result"]["days"])
    assert "in Lisbon" in again["outputs"]["summary"]["text"]
    assert "in Rome" in again["outputs"]["summary"]["text"]
    kept = await office.book.read(handle.id)
    assert kept is not None
    assert [day["status"] for day in kept["days"]] == ["planned", "planned"]
    assert [day["error"] for day in kept["days"]] == [None, None]


async def test_a_day_that_was_not_named_stays_failed(office: Office) -> None:
    """Of two failed days one is tried again: the solver runs for that one only."""
    await office.turn(down_city="rome")
    handle, _ = await office.plan(lisbon=1, rome=2)
    await office.turn(down_city=None)
    again = await office.again(handle, "day:3")
    assert again["status"] == "partial"
    assert {key: item["status"] for key, item in items(again, "day").items()} == {
        "day:1": "finished",
        "day:2": "failed",
        "day:3": "finished",
    }
    searched = [event["data"]["key"] for event in await events(office, handle.id) if event["type"] == "step.finished"]
    assert [key for key in searched if key.endswith("/search")] == [
        f"planner/day:{number}/plan_one_day/search" for number in (1, 3)
    ]


async def test_the_provider_is_down_for_all(office: Office) -> None:
    """The run fails, critically, for the reason all days give; tried again it succeeds."""
    await office.turn(down=True)
    handle, snapshot = await office.plan(rome=1, lisbon=1)
    assert snapshot["status"] == "failed"
    assert snapshot["error"]["code"] == "no_day_planned"
    assert snapshot["error"]["message"].startswith("the place provider answered 503. ")
    assert len(told(snapshot, severity="critical", code="no_day_planned", item=None)) == 1
    assert len(items(snapshot, "day", "failed")) == 2
    kept = await office.book.read(handle.id)
    assert kept is not None
    assert kept["status"] == "failed"
    await office.turn(down=False)
    assert (await office.again(handle))["status"] == "succeeded"


async def test_all_is_closed_on_a_day(troy_office: Office) -> None:
    """Said with the day and a hint, and not tried again by itself: it would be closed once more."""
    handle, snapshot = await troy_office.plan(start=SUNDAY, troy=2)
    searches = await events(troy_office, handle.id)
    assert snapshot["status"] == "partial"
    assert list(items(snapshot, "day", "failed")) == ["day:2"]
    error = snapshot["items"]["day:2"]["error"]
    assert (error["code"], error["category"], error["retryable"]) == ("day_impossible", "plan", False)
    assert "Monday, 07 December 2026" in error["message"]
    assert error["hint"]
    assert [entry["severity"] for entry in told(snapshot, item="day:2")] == ["error"]
    assert [event for event in searches if event["type"] == "attempt.discarded"] == []


async def test_the_only_day_is_impossible(troy_office: Office) -> None:
    """The trip fails and says why."""
    _, snapshot = await troy_office.plan(start=MONDAY, troy=1)
    assert snapshot["status"] == "failed"
    assert "is open long enough on Monday" in snapshot["error"]["message"]
    assert snapshot["error"]["hint"]


async def test_all_is_too_far_from_where_the_day_begins(troy_office: Office) -> None:
    """Twenty kilometres out there is nothing to walk to; from the gate there is."""
    _, far = await troy_office.plan(start=SUNDAY, begins="troy.camp", troy=1)
    _, nowhere = await troy_office.plan(start=SUNDAY, begins="istanbul", troy=1)
    _, near = await troy_office.plan(start=SUNDAY, begins="troy.gate", troy=1)
    assert (far["status"], nowhere["status"], near["status"]) == ("failed", "failed", "succeeded")
    [reason] = told(far, severity="error", item="day:1", category="plan", code="day_impossible", retryable=False)
    assert "minutes on foot from the start of the day" in reason["message"]
    assert told(nowhere, severity="error", item="day:1", category="input", code="place_unknown", retryable=False)
    assert near["items"]["day:1"]["data"]["tour"]["visits"][0]["place"]["id"] == "troy.gate"


async def test_places_that_cannot_be_looked_up_leave_the_day(office: Office) -> None:
    """The provider goes away between planning and enhancing: the days stay, and are enhanced by a retry alone."""
    handle = await office.start(rome=1)
    async for _, event in handle.watch():
        if event is not None and event["type"] == "phase.started" and event["data"]["id"] == "enhance":
            await office.turn(down_city="rome")
    snapshot = await handle.snapshot()
    assert snapshot["status"] == "partial"
    assert items(snapshot, "day", "failed") == {}
    lost = items(snapshot, "place", "failed")
    assert list(lost) == snapshot["result"]["missing"]
    assert all(told(snapshot, item=key, severity="warning", category="provider") for key in lost)
    assert snapshot["outputs"]["summary"]["finished"]
    await office.turn(down_city=None)
    again = await office.again(handle, *lost)
    assert again["status"] == "succeeded"
    assert again["items"]["day:1"]["data"]["cost"]["amount"] == sum(
        place["data"]["cost"]["amount"] for place in items(again, "place", "finished").values()
    )
    assert await office.calls("/hours") == {}


async def test_an_unreliable_provider_is_asked_again(office: Office) -> None:
    """A call in eight fails, and no day does; what was tried again is told, with its item."""
    await office.turn(fault_rate=0.125, fault_kinds=["unavailable", "garbage"], seed=4)
    _, snapshot = await office.plan(rome=1, lisbon=1)
    assert snapshot["status"] == "succeeded"
    assert {error["severity"] for error in snapshot["errors"]} == {"warning"}
    assert {error["code"] for error in snapshot["errors"]} == {"provider_down", "provider_garbled"}
    assert {error["item"] for error in snapshot["errors"] if error["item"]} <= set(snapshot["items"])
    assert max((await office.calls()).values()) > 1


async def test_a_trip_is_cancelled(office: Office) -> None:
    """The book says so, too; days that were planned stay in it, and a retry goes on behind them."""
    handle = await office.start(rome=1, lisbon=1, paris=1)
    async for _, event in handle.watch():
        if event is not None and event["type"] == "item.finished" and event["data"]["key"].startswith("day:"):
            await handle.cancel()
    snapshot = await handle.snapshot()
    assert snapshot["status"] == "cancelled"
    kept = await office.book.read(handle.id)
    assert kept is not None
    assert kept["status"] == "cancelled"
    assert [day["status"] for day in kept["days"]].count("planned") >= 1
    planned = items(snapshot, "day", "finished")
    again = await office.again(handle)
    assert again["status"] == "succeeded"
    assert {key: again["items"][key]["data"]["tour"] for key in planned} == {
        key: item["data"]["tour"] for key, item in planned.items()
    }


async def test_two_trips_at_once_keep_apart(office: Office) -> None:
    """Each has its own days."""
    handles = await asyncio.gather(office.start(rome=1), office.start(lisbon=1))
    snapshots = await asyncio.gather(*map(office.end, handles))
    assert [snapshot["status"] for snapshot in snapshots] == ["succeeded", "succeeded"]
    for handle, city in zip(handles, ("rome", "lisbon"), strict=True):
        kept = await office.book.read(handle.id)
        assert kept is not None
        assert [day["city"] for day in kept["days"]] == [city]
