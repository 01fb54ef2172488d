"""The place provider: a service of its own, in a process of its own, asked over HTTP.

``python -m examples.itinerary.provider --port 8801`` serves

| address                                    | answers                                                      |
|--------------------------------------------|--------------------------------------------------------------|
| ``GET /cities``                            | the cities                                                   |
| ``GET /cities/{city}/places``              | its places, without opening hours                            |
| ``GET /places/{id}``                       | what is worth knowing about one                              |
| ``GET /places/{id}/hours?date=YYYY-MM-DD`` | when it is open on that date                                 |
| ``GET /walk?from=…&to=…``                  | one walk, estimated                                          |
| ``GET /walks?points=…,…``                  | the walks between up to 30 points                            |
| ``GET /dial``, ``PUT /dial``               | how slow and unreliable it plays; see ``dial``               |
| ``GET /calls``                             | how often each address was asked since the dial was turned   |
| ``GET /healthz``                           | 204                                                          |

A point of a walk is the id of a place, or of a city for its centre. Errors are ``{"code", "detail"}``.
Opening hours, visit lengths and costs are typical, not checked; walks are estimates. Answers that hold them say so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import socket
from pathlib import Path
from typing import Annotated, Any, Final

import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.types import ASGIApp

from . import geo
from .catalogue import DATA, Catalogue, Sight, load
from .dial import Dial, PlayedRemote
from .models import City, Opening, OpeningDay, Place, PlaceDetails, Walk, WalkTable

DEFAULT_PORT: Final = 8801
MOST_POINTS: Final = 30
NEARBY: Final = 3


class Unknown(Exception):
    """A city, place or point is not in the catalogue."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def create_app(catalogue: Catalogue | None = None, dial: Dial | None = None) -> ASGIApp:
    """Return the provider as an ASGI application, dial included."""
    api = FastAPI(title="Place provider", docs_url="/docs", redoc_url=None)
    remote = PlayedRemote(api, dial or Dial())
    api.add_exception_handler(Unknown, _answer_unknown)
    _add_places(api, catalogue or load())
    _add_walks(api, catalogue or load())
    _add_dial(api, remote)
    return remote


def _add_places(api: FastAPI, catalogue: Catalogue) -> None:
    @api.get("/cities")
    async def cities() -> list[City]:
        """All cities, by name."""
        return list(catalogue.cities.values())

    @api.get("/cities/{city}/places")
    async def places(city: str) -> list[Place]:
        """All places of a city."""
        if city not in catalogue.sights:
            raise Unknown("city_unknown", f"there is no city {city!r}")
        return [sight.place for sight in catalogue.sights[city].values()]

    @api.get("/places/{place_id}")
    async def details(place_id: str) -> PlaceDetails:
        """What is worth knowing about one place."""
        sight = _sight(catalogue, place_id)
        return PlaceDetails(
            place=sight.place,
            about=sight.about,
            hours=sight.hours.text,
            cost=sight.cost,
            nearby=_nearby(catalogue, sight),
            notice=sight.notice,
        )

    @api.get("/places/{place_id}/hours")
    async def hours(place_id: str, date: dt.date) -> OpeningDay:
        """When a place is open on a date, by its weekday; public holidays are not known."""
        sight = _sight(catalogue, place_id)
        openings = [Opening(opens=opens, closes=closes) for opens, closes in sight.hours.on(date)]
        return OpeningDay(place_id=place_id, date=date, open=openings, notice=sight.notice)


def _add_walks(api: FastAPI, catalogue: Catalogue) -> None:
    @api.get("/walk")
    async def walk(origin: Annotated[str, Query(alias="from")], destination: Annotated[str, Query(alias="to")]) -> Walk:
        """One walk, estimated."""
        begin, end = _point(catalogue, origin), _point(catalogue, destination)
        metres = geo.walking_metres(begin, end)
        return Walk(
            origin=origin,
            destination=destination,
            minutes=geo.walking_minutes(metres),
            metres=metres,
            heading=geo.heading(begin, end),
            notice=geo.ESTIMATE,
        )

    @api.get("/walks")
    async def walks(points: str) -> WalkTable:
        """The walks between all pairs of points, their ids separated by commas."""
        ids = points.split(",")
        if len(ids) > MOST_POINTS:
            raise Unknown("too_many_points", f"{len(ids)} points are asked for, at most {MOST_POINTS} are answered")
        found = [_point(catalogue, point) for point in ids]
        metres = [[geo.walking_metres(begin, end) for end in found] for begin in found]
        minutes = [[geo.walking_minutes(length) for length in row] for row in metres]
        return WalkTable(points=ids, minutes=minutes, metres=metres, notice=geo.ESTIMATE)


def _add_dial(api: FastAPI, remote: PlayedRemote) -> None:
    @api.get("/dial")
    async def get_dial() -> Dial:
        """How the provider behaves now."""
        return remote.dial

    @api.put("/dial")
    async def put_dial(change: dict[str, Any]) -> JSONResponse:
        """Change how it behaves; fields left out keep their value."""
        try:
            remote.dial = Dial.model_validate(remote.dial.model_dump() | change)
        except ValidationError as error:
            text = "; ".join(f"{'.'.join(map(str, at['loc'])) or 'dial'}: {at['msg']}" for at in error.errors())
            return JSONResponse({"code": "dial_invalid", "detail": text}, status_code=422)
        return JSONResponse(remote.dial.model_dump(mode="json"))

    @api.get("/calls")
    async def calls() -> dict[str, int]:
        """How often each address was asked since the dial was last turned."""
        return remote.calls

    @api.get("/healthz", status_code=204)
    async def healthz() -> None:
        """Answer at once, whatever the dial says."""


async def _answer_unknown(_: Request, error: Exception) -> JSONResponse:
    known = error if isinstance(error, Unknown) else Unknown("unknown", str(error))
    status = 404 if known.code.endswith("unknown") else 422
    return JSONResponse({"code": known.code, "detail": known.detail}, status_code=status)


def _sight(catalogue: Catalogue, place_id: str) -> Sight:
    if (sight := catalogue.sight(place_id)) is None:
        raise Unknown("place_unknown", f"there is no place {place_id!r}")
    return sight


def _point(catalogue: Catalogue, point_id: str) -> geo.Point:
    if (point := catalogue.point(point_id)) is None:
        raise Unknown("place_unknown", f"there is no place or city {point_id!r}")
    return point


def _nearby(catalogue: Catalogue, sight: Sight) -> list[str]:
    here = sight.place
    others = [other.place for other in catalogue.sights[here.city].values() if other.place.id != here.id]
    return [place.name for place in sorted(others, key=lambda other: geo.distance_m(here.point, other.point))[:NEARBY]]


# ------------------------------------------------------------------------------------------------ the process


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped. Prints one line with the address once connections are accepted."""
    parser = argparse.ArgumentParser(
        prog="provider", description="A place provider with a dial for latency and faults."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes any free port")
    parser.add_argument("--dial", default="{}", help="initial dial as JSON, such as '{\"latency_max_s\": 0.5}'")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the cities (default: those of the example)")
    options = parser.parse_args(arguments)
    try:
        dial = Dial.model_validate_json(options.dial)
    except ValidationError as error:
        parser.error(f"--dial: {error}")
    listener = socket.create_server((options.host, options.port))
    host, port = listener.getsockname()[:2]
    print(f"place provider on http://{host}:{port}", flush=True)  # noqa: T201 - whoever started it waits for this
    config = uvicorn.Config(create_app(load(options.data), dial), log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
