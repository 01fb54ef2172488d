"""The itinerary: one application with Headway mounted in it, and the page that shows a trip while it is planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from headway import Headway

from .errors import ProviderError
from .job import PHASES, day_item, estimate, plan_trip
from .models import City, Trip
from .provider_client import ProviderClient
from .settings import DemoSettings

STATIC = Path(__file__).parent / "static"

hw = Headway()
app = FastAPI(title="Itinerary", lifespan=hw.lifespan)

hw.job(
    name="itinerary",
    phases=PHASES,
    plan=lambda trip: [day_item(day) for day in trip.days],
    estimate=estimate,
    title=lambda trip: " · ".join(stay.city.replace("-", " ").title() for stay in trip.stays),
)(plan_trip)
hw.mount(app, "/headway")


@app.exception_handler(ProviderError)
async def provider_error(_: Request, error: ProviderError) -> JSONResponse:
    """Say what is wrong with the provider; it is no mistake of this application."""
    return JSONResponse({"code": error.code, "detail": error.detail}, 503 if error.retryable else 502)


@app.get("/api/cities")
async def cities() -> list[City]:
    """The cities a trip may visit, as the provider knows them."""
    async with ProviderClient(DemoSettings().provider) as provider:
        return await provider.cities()


@app.post("/api/trips", status_code=202)
async def create(trip: Trip) -> dict[str, Any]:
    """Ask for a trip; answered at once with the placeholder days."""
    handle = await hw.start("itinerary", trip)
    return {"id": handle.id, "snapshot": await handle.snapshot(), "links": handle.links}


@app.api_route("/api/dial", methods=["GET", "PUT"])
async def dial(change: dict[str, Any] | None = None) -> Any:
    """Read the provider's dial, or turn it: latency and faults of the service the planner depends on."""
    async with httpx.AsyncClient(base_url=DemoSettings().provider, timeout=5, trust_env=False) as provider:
        try:
            answer = await (provider.put("/dial", json=change) if change else provider.get("/dial"))
        except httpx.HTTPError as error:
            raise HTTPException(502, "the place provider does not answer") from error
    return answer.json()


if STATIC.is_dir():
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
