"""The itinerary: one application with Headway mounted in it, and the page that shows a trip while it is planned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from headway import Headway

from .book import Book
from .demo.routes import demo
from .demo.viewers import Viewers
from .itineraries import itineraries
from .job import register
from .models import City
from .problems import Problem, answer_problems
from .provider_client import ProviderClient
from .settings import DemoSettings

PREFIX = "/headway"
STATIC = Path(__file__).parent / "static"

hw = Headway()
settings = DemoSettings()
book = Book(settings.book_beside(hw.settings.store))
viewers = Viewers()


@asynccontextmanager
async def with_viewers(_app: FastAPI) -> AsyncIterator[None]:
    """Send the viewers home when the application stops."""
    yield
    await viewers.close()


app = FastAPI(title="Itinerary", lifespan=hw.lifespan(with_viewers))

register(hw, book, settings)
hw.mount(app, PREFIX)
answer_problems(app)
app.include_router(itineraries(hw, book, settings.search_s))
app.include_router(demo(hw, PREFIX, settings, viewers))


@app.get("/api/cities")
async def cities() -> list[City]:
    """The cities a trip may visit, as the provider knows them."""
    async with ProviderClient(settings.provider) as provider:
        return await provider.cities()


@app.api_route("/api/dial", methods=["GET", "PUT"])
async def dial(change: dict[str, Any] | None = None) -> Any:
    """Read the provider's dial, or turn it: latency and faults of the service the planner depends on."""
    async with httpx.AsyncClient(base_url=settings.provider, timeout=5, trust_env=False) as provider:
        try:
            answer = await (provider.put("/dial", json=change) if change else provider.get("/dial"))
        except httpx.HTTPError as error:
            raise Problem(502, "provider_down", "the place provider does not answer") from error
    return answer.json()


if STATIC.is_dir():
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
