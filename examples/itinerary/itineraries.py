"""``/itineraries``: a trip is asked for and answered at once, and what came of it stays when its log is forgotten."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from headway import Headway, RunStatus, errors

from .book import Book, placeholder
from .job import JOB, estimate
from .models import Trip
from .problems import Problem


class DayCard(BaseModel):
    """One day, as far as it is known.

    Attributes:
        status: ``placeholder`` until it is ``planned`` or has ``failed``.
        plan: The planned day; also with daylight and cost once it was enhanced.
        places: What was found out about its places.
        error: Why it failed.
    """

    key: str
    number: int
    date: dt.date
    city: str
    title: str
    status: str
    plan: dict[str, Any] | None
    places: list[dict[str, Any]]
    error: dict[str, Any] | None


class ItineraryCreated(BaseModel):
    """The answer to who asks for a trip, before anything is planned.

    Attributes:
        execution_id: Of the attempt that waits for a worker.
        days: Placeholders of all days.
        stream: Where it can be watched.
        snapshot: The run as it is.
    """

    id: str
    execution_id: str
    status: RunStatus
    title: str
    created_at: str
    estimated_completion_at: str
    days: list[DayCard]
    stream: str
    links: dict[str, str]
    snapshot: dict[str, Any]


class ItineraryRead(BaseModel):
    """An itinerary as it stands in the book.

    Attributes:
        status: Of its run; when that was deleted, how it ended, or None where nobody was there to note it.
    """

    id: str
    title: str
    status: RunStatus | None
    created_at: str
    days: list[DayCard]
    summary: str | None


def itineraries(hw: Headway, book: Book, search_s: float) -> APIRouter:
    """Return the routes.

    Args:
        hw: Plans.
        book: Remembers.
        search_s: Seconds of search for a day, to estimate the end.
    """
    router = APIRouter(tags=["itineraries"])

    @router.post("/itineraries", status_code=202)
    async def create(
        trip: Trip, response: Response, idempotency_key: Annotated[str | None, Header()] = None
    ) -> ItineraryCreated:
        """Ask for a trip. With an `Idempotency-Key` the same request gives the same itinerary."""
        handle = await hw.start(JOB, trip, key=idempotency_key)
        await book.expect(handle.id, trip)
        snapshot = await handle.snapshot()
        links = handle.model_dump()["links"]
        response.headers["Location"] = links["self"]
        return ItineraryCreated(
            id=handle.id,
            execution_id=snapshot["execution_id"],
            status=snapshot["status"],
            title=snapshot["title"],
            created_at=snapshot["created_at"],
            estimated_completion_at=_later(snapshot["created_at"], estimate(trip, search_s)),
            days=[DayCard.model_validate(placeholder(day)) for day in trip.days],
            stream=links["stream"],
            links=links,
            snapshot=snapshot,
        )

    @router.get("/itineraries/{itinerary_id}")
    async def read(itinerary_id: str) -> ItineraryRead:
        """Read what was planned, from the book: also after the log was trimmed or the run deleted."""
        found = await book.read(itinerary_id)
        if found is None:
            raise Problem(404, "itinerary_not_found", f"there is no itinerary {itinerary_id[:64]!r}")
        return ItineraryRead.model_validate(found | await _status_of(hw, itinerary_id))

    return router


async def _status_of(hw: Headway, run_id: str) -> dict[str, Any]:
    """While the run is there it knows best: whether it is queued, was cancelled, or is being tried again."""
    try:
        snapshot = await (await hw.get(run_id)).snapshot()
    except errors.RunNotFound:
        return {}
    return {"status": snapshot["status"]}


def _later(time: str, seconds: float) -> str:
    moment = dt.datetime.fromisoformat(time) + dt.timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
