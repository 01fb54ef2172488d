"""An application for the console to show: jobs that are quick, long, broken, half broken, and one that asks."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from headway import Failed, Headway, Item, Run

hw = Headway(worker="inline")
OFFLINE = Path("offline")
"""While this file is there, nothing can be fetched."""


@hw.job
async def double(run: Run, number: int) -> int:
    """Double a number."""
    await run.log("doubling", number=number)
    return 2 * number


class Site(BaseModel):
    """What is read."""

    site: str = Field("example.org", min_length=3, description="Its name, without https://")
    pages: int = Field(12, ge=1, le=5_000)
    delay_s: float = Field(0.05, ge=0, le=60, description="Seconds each page takes.")
    broken: list[int] = Field(default=[], description="Pages that cannot be read.")


@hw.job(phases={"look": 5, "read": 75, "write": 20}, retries=0)
async def crawl(run: Run, body: Site) -> dict[str, int]:
    """Read all pages of a site, then write a summary of them."""
    async with run.phase("look"):
        await run.log(f"looking at {body.site}", site=body.site)
        await asyncio.sleep(body.delay_s)
    numbers = range(1, body.pages + 1)

    async def read(item: Item, number: int) -> dict[str, int]:
        await run.log(f"reading page {number}", level="debug", page=number)
        await asyncio.sleep(body.delay_s)
        if number in body.broken:
            await run.log(f"page {number} cannot be read", level="warning", page=number)
            raise ConnectionError(f"{body.site} closed the connection on page {number}")
        if number % 5 == 0:
            await item.progress(1, 2, message="half of it")
        return {"words": 100 + number}

    found = await run.map(read, numbers, phase="read", item=page, concurrency=3, retries=1, on_error="partial")
    words = sum(each["words"] for each in found if not isinstance(each, Failed))
    async with run.phase("write"), run.output("summary") as out:
        for word in f"{body.site} has {len(numbers)} pages with {words} words.".split():
            await out.write(word + " ")
            await asyncio.sleep(body.delay_s)
    await run.note("Pages that load slowly are left by one reader in three.", kind="educational", title="Did you know?")
    await run.log("done", words=words)
    return {"pages": len(numbers), "words": words}


def page(number: int) -> dict[str, str]:
    """What is shown of a page before it was read."""
    return {"key": f"page:{number}", "kind": "page", "title": f"Page {number}"}


@hw.job(phases={"fetch": 60, "load": 40}, retries=0)
async def import_rows(run: Run) -> int:
    """Fetch a table and load it; fails while its source is offline."""
    async with run.phase("fetch", total=10, unit="rows") as phase:
        for row in range(10):
            await run.log(f"row {row}", row=row)
            await phase.advance(message=f"row {row}")
            if row == 6 and OFFLINE.exists():  # noqa: ASYNC240 - a local file, at once
                await run.log("the source does not answer", level="error", host="tables.example")
                raise ConnectionError("tables.example does not answer")
    async with run.phase("load"):
        return 10


class Approval(BaseModel):
    """What somebody has to say about it."""

    go: bool = Field(description="Buy it.")
    limit: int = Field(100, description="Spend no more than this.", ge=1)
    reason: str | None = None


@hw.job(phases={"offers": 1, "buy": 1})
async def order(run: Run, what: str) -> str:
    """Look for offers, ask, buy."""
    async with run.phase("offers"):
        await run.log(f"looking for {what}")
    said = await run.ask(Approval, f"{what} for 95. Shall it be bought?", key="approve")
    async with run.phase("buy"):
        return f"{what} bought" if said.go else f"{what} not bought"


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    city: str
    country: Literal["AT", "CH", "DE"] = "CH"


class Phone(BaseModel):
    """Reached by telephone."""

    by: Literal["phone"] = "phone"
    number: str = Field(pattern=r"^\+[0-9 ]+$")


class Mail(BaseModel):
    """Reached by mail."""

    by: Literal["mail"] = "mail"
    address: str


class Booking(BaseModel):
    """Everything a form has to be able to draw."""

    guest: str = Field(min_length=2, description="As it stands in the passport.")
    arrival: dt.date
    wake_up: dt.time | None = None
    nights: int = Field(1, ge=1, le=30)
    price: float = Field(90.5, gt=0)
    breakfast: bool = True
    room: Literal["single", "double", "suite"] = "double"
    address: Address | None = None
    contact: Annotated[Phone | Mail, Field(discriminator="by")]
    children: list[int] = Field(default=[], max_length=4, description="Their ages.")
    wishes: dict[str, str] = {}


@hw.job
async def book(run: Run, body: Booking) -> dict[str, object]:
    """Book a room; returns what was booked."""
    await run.progress(1, 1, message="booked")
    return body.model_dump(mode="json")
