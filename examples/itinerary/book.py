"""The book of itineraries: a table of this application's own, beside Headway's log.

The log tells how a trip came about, and is forgotten after a while; the book keeps what came of it. A day is written
here before the event that shows it, so whoever saw a day finds it here. Every write is an upsert of one row, fenced by
the attempt: it may be repeated, and a worker that was taken over cannot undo what its successor wrote. Each is one call
to the database, and each query goes by the primary key.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from headway import Context

from .enhanced import EnhancedDay
from .models import DayPlan, Trip, TripDay

End = Literal["succeeded", "partial", "failed", "cancelled"]
T = TypeVar("T")

_BUSY_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS itinerary (
    run_id TEXT NOT NULL PRIMARY KEY, trip TEXT NOT NULL, created_at TEXT NOT NULL,
    execution_id TEXT, attempt INTEGER NOT NULL, status TEXT, summary TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS itinerary_day (
    run_id TEXT NOT NULL, day INTEGER NOT NULL, execution_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    plan TEXT, error TEXT, PRIMARY KEY (run_id, day)
) STRICT, WITHOUT ROWID;
"""
_BEGIN: Final = """
INSERT INTO itinerary (run_id, trip, created_at, execution_id, attempt) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (run_id) DO UPDATE SET execution_id = excluded.execution_id, attempt = excluded.attempt, status = NULL
WHERE excluded.attempt > attempt
"""
_END: Final = "UPDATE itinerary SET status = ?, summary = coalesce(?, summary) WHERE run_id = ? AND attempt <= ?"
_DAY: Final = """
INSERT INTO itinerary_day (run_id, day, execution_id, attempt, plan, error) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, day) DO UPDATE SET
    execution_id = excluded.execution_id, attempt = excluded.attempt, plan = excluded.plan, error = excluded.error
WHERE excluded.attempt >= attempt
"""


class Book:
    """The finished and half-finished itineraries, in one SQLite file that several processes may use.

    Args:
        path: The file; made when it is first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def expect(self, run_id: str, trip: Trip) -> None:
        """Note that a trip was asked for; idempotent, and without effect once its planning has begun."""
        await self._write(_BEGIN, run_id, trip.model_dump_json(), _now(), None, 0)

    async def begin(self, context: Context, trip: Trip) -> None:
        """Note that an attempt at planning a trip begins."""
        await self._write(_BEGIN, context.run_id, trip.model_dump_json(), _now(), context.execution_id, context.attempt)

    async def save_day(self, context: Context, plan: DayPlan) -> None:
        """Write a day that was planned, or enhanced."""
        await self._write(_DAY, *_whose(context, plan.day), plan.model_dump_json(), None)

    async def fail_day(self, context: Context, day: TripDay, error: dict[str, Any]) -> None:
        """Write why a day could not be planned."""
        await self._write(_DAY, *_whose(context, day), None, json.dumps(error))

    async def end(self, context: Context, status: End, summary: str | None = None) -> None:
        """Write how an attempt ended."""
        await self._write(_END, status, summary, context.run_id, context.attempt)

    async def read(self, run_id: str) -> dict[str, Any] | None:
        """Return an itinerary as it stands: every day of the trip in order, planned or not; None for an unknown one."""

        def both(database: sqlite3.Connection) -> dict[str, Any] | None:
            with database:  # one transaction: the days belong to the row
                database.execute("BEGIN")
                row = database.execute("SELECT * FROM itinerary WHERE run_id = ?", (run_id,)).fetchone()
                days = database.execute("SELECT day, plan, error FROM itinerary_day WHERE run_id = ?", (run_id,))
                return None if row is None else _itinerary(row, {day["day"]: day for day in days})

        return await self._with(both)

    async def _write(self, statement: str, *values: object) -> None:
        def write(database: sqlite3.Connection) -> None:
            database.execute(statement, values)

        await self._with(write)

    async def _with(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def inside() -> T:
            with self._open() as database:
                return work(database)

        return await asyncio.to_thread(inside)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        try:
            database.row_factory = sqlite3.Row
            database.executescript(_SCHEMA)
            yield database
        finally:
            database.close()


def _itinerary(row: sqlite3.Row, days: dict[int, sqlite3.Row]) -> dict[str, Any]:
    trip = Trip.model_validate_json(row["trip"])
    return {
        "id": row["run_id"],
        "title": trip.title,
        "status": row["status"],
        "created_at": row["created_at"],
        "days": [placeholder(day) | (_day(days[day.number]) if day.number in days else {}) for day in trip.days],
        "summary": row["summary"],
    }


def placeholder(day: TripDay) -> dict[str, Any]:
    """Return a day of which nothing is known but when and where it is."""
    about = {"key": day.key, "number": day.number, "date": day.date.isoformat(), "city": day.city, "title": day.title}
    return {**about, "status": "placeholder", "plan": None, "places": [], "error": None}


def _day(row: sqlite3.Row) -> dict[str, Any]:
    if row["plan"] is None:
        return {"status": "failed", "error": json.loads(row["error"])}
    plan = EnhancedDay.model_validate_json(row["plan"])
    places = [notes.model_dump(mode="json") for notes in plan.places]
    return {"status": "planned", "plan": plan.model_dump(mode="json", exclude={"places"}), "places": places}


def _whose(context: Context, day: TripDay) -> tuple[str, int, str, int]:
    return context.run_id, day.number, context.execution_id, context.attempt


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
