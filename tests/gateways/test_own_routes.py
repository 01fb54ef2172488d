"""What Headway's calls raise in the routes of an application is an answer, too."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from headway import Headway, HeadwayError, Run
from headway.errors import StoreUnavailable, UsageError
from headway.stores.memory import MemoryStore


class Order(BaseModel):
    """Some input."""

    pages: int


class Shop:
    """An application with routes of its own."""

    def __init__(self) -> None:
        self.hw = Headway(MemoryStore(), worker="none")
        self.app = FastAPI(lifespan=self.hw.lifespan)
        self.hw.job(work)
        self.app.post("/start/{job}")(self.start)
        self.app.get("/fail/{what}")(self.fail)

    async def start(self, job: str, request: Request) -> dict[str, str]:
        """Start a job with whatever was sent."""
        return {"id": (await self.hw.start(job, await request.json())).id}

    async def fail(self, what: str) -> None:
        """Raise as something deep inside does."""
        raise StoreUnavailable("the database is away") if what == "away" else UsageError("this cannot be")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Started, as by a server that lets no exception through."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with self.hw, httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def work(run: Run, order: Order) -> None:
    """Do nothing."""


async def test_each_error_has_its_status_and_says_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """As in Headway's own routes; only what is the application's own fault is an error in the log."""
    shop = Shop()
    shop.hw.mount(shop.app)
    async with shop.client() as client:
        wrong = await client.post("/start/work", json={"pages": "many"})
        unknown = await client.post("/start/wrok", json={})
        away = await client.get("/fail/away")
        with caplog.at_level(logging.ERROR):
            assert not caplog.records
            fault = await client.get("/fail/usage")
    assert [answer.status_code for answer in (wrong, unknown, away, fault)] == [422, 404, 503, 500]
    assert {answer.headers["content-type"] for answer in (wrong, unknown, away, fault)} == {"application/problem+json"}
    assert wrong.json()["errors"][0]["loc"] == ["pages"]
    assert (unknown.json()["code"], away.json()["retryable"], away.headers["retry-after"]) == (
        "job_not_found",
        True,
        "2",
    )
    assert "a request failed method=GET path=/fail/usage" in caplog.text
    assert "UsageError: this cannot be" in caplog.text


async def test_an_application_may_answer_them_itself() -> None:
    """Whether its handler is there before or comes later."""

    async def mine(_request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"sorry: {error}", 418)

    before, after = Shop(), Shop()
    before.app.add_exception_handler(HeadwayError, mine)
    before.hw.mount(before.app)
    after.hw.mount(after.app)
    after.app.add_exception_handler(HeadwayError, mine)
    for shop in (before, after):
        async with shop.client() as client:
            assert (await client.get("/fail/away")).text.startswith("sorry: the database is away")


async def test_without_headway_s_routes() -> None:
    """They need not be mounted for it."""
    shop = Shop()
    shop.hw.answer_errors(shop.app)
    async with shop.client() as client:
        assert (await client.get("/fail/away")).json()["code"] == "store_unavailable"
