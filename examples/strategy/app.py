"""The strategy: one application with Headway mounted in it, and the page with the builder."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from examples.itinerary.problems import answer_problems, problem
from examples.report.errors import ReportError
from examples.strategy.errors import DocumentRefused, StrategyError
from examples.strategy.job import register
from examples.strategy.library import Library
from examples.strategy.routes import strategies
from examples.strategy.settings import StrategySettings
from headway import Headway

PREFIX = "/headway"
STATIC = Path(__file__).parent / "static"

hw = Headway()
settings = StrategySettings()
library = Library(settings.library_beside(hw.settings.store))

app = FastAPI(title="Strategy", lifespan=hw.lifespan)
register(hw, library, settings)
hw.mount(app, PREFIX)
answer_problems(app)
app.include_router(strategies(hw, library, settings))


@app.exception_handler(StrategyError)
async def ours(_: Request, error: StrategyError) -> JSONResponse:
    """A document, a text or an order that cannot be used: said with its name and how to mend it."""
    return problem(error.status if isinstance(error, DocumentRefused) else 422, error.code, error.detail, error.hint)


@app.exception_handler(ReportError)
async def address(_: Request, error: ReportError) -> JSONResponse:
    """An address that is none, or must not be asked."""
    return problem(422, error.code, error.detail, error.hint)


if STATIC.is_dir():
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
