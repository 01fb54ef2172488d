"""What a user writes, in all its forms; checked by ``mypy --strict`` against the installed package."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import assert_type

from fastapi import BackgroundTasks, FastAPI, Request
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.responses import Response

import headway
from headway import (
    Client,
    Failed,
    Headway,
    Item,
    ItemPlanned,
    Phase,
    Plain,
    Principal,
    Run,
    RunHandle,
    RunStatus,
    Settings,
    Step,
)


class Trip(BaseModel):
    """Input of a job."""

    days: list[str]


class Day(BaseModel):
    """Result of one item."""

    name: str


async def authenticate(connection: HTTPConnection) -> Principal | None:
    """Say who asks."""
    return Principal(user=connection.headers.get("x-user", ""))


hw = Headway("memory://", authenticate=authenticate, settings=Settings(ping_s=5))


@asynccontextmanager
async def mine(_app: FastAPI) -> AsyncIterator[None]:
    """An application's own lifespan."""
    yield


app = FastAPI(lifespan=hw.lifespan(mine))
hw.mount(app, "/headway")


def day_item(name: str) -> ItemPlanned:
    """Placeholder of a day."""
    return ItemPlanned(key=f"day:{name}", kind="day", title=name)


async def plan_day(item: Item, name: str) -> Day:
    """Plan one day."""
    await item.progress(1, 2, message="half")
    return Day(name=name)


async def write(run: Run, days: list[Day]) -> str:
    """Write a text."""
    async with run.output("text") as out:
        for day in days:
            await out.write(day.name)
    return out.text


def compute(run: Plain, number: int) -> int:
    """Plain code in a thread."""
    run.progress(number, 10)
    return number


@hw.job(
    phases={"plan": 80, "write": 20},
    retries=2,
    timeout=600,
    plan=lambda trip: [day_item(name) for name in trip.days],
)
async def itinerary(run: Run, trip: Trip) -> str:
    """Plan a trip."""
    planned = await run.map(plan_day, trip.days, phase="plan", concurrency=2, on_error="partial", item=day_item)
    assert_type(planned, list[Day | Failed])
    assert_type(await run.map(plan_day, trip.days, item=day_item), list[Day])
    days = [day for day in planned if not isinstance(day, Failed)]
    async with run.phase("write", total=1) as phase:
        assert_type(phase, Phase)
        text = await run.step(write, days, key="text", options=Step(retries=1, timeout=10))
        await phase.advance()
    await run.step(compute, 3)
    return str(text)


@hw.job
def sum_up(run: Plain, numbers: list[int]) -> int:
    """Add numbers in a thread."""
    with run.phase("main"):
        return sum(numbers)


@app.post("/reports", status_code=202)
async def create(tasks: BackgroundTasks) -> dict[str, object]:
    """Open a run and work by oneself."""
    run = await hw.open("report", title="A report", owner="ada", phases={"read": 80, "write": 20})
    assert_type(run, Run)
    tasks.add_task(build, run)
    return dict(run.handle)


@app.get("/reports/{run_id}/events")
async def events(run_id: str, request: Request) -> Response:
    """Stream a run."""
    return await hw.stream(request, run_id, viewer="ada")


async def build(run: Run) -> None:
    """Do the work."""
    async with run:
        async with run.phase("read", total=3) as phase:
            await phase.advance(message="page 1")
        await run.note("Did you know?", kind="educational")


async def use() -> None:
    """Start, watch, steer."""
    async with hw:
        handle = await hw.start(itinerary, Trip(days=["Mon"]), owner="ada", key="order-17")
        assert_type(handle, RunHandle)
        async for state, event in hw.watch(handle.id):
            print(state["status"], event)
        print(await handle.result())
        await handle.cancel()
    async with Client("http://127.0.0.1:8000/headway") as client:
        print(await client.runs(status=RunStatus.FAILED))
    try:
        raise headway.errors.RunNotFound("there is no such run")
    except headway.HeadwayError as error:
        print(error.code, error.retryable, error.hint)


def elsewhere() -> None:
    """Report from plain code."""
    with headway.attach("http://127.0.0.1:8000", "run_1") as run:
        run.progress(3, 10)


if __name__ == "__main__":
    asyncio.run(use())
