"""An application that publishes at a steady pace, in its own process or in its worker's: `headway serve` runs it.

The time in an event is taken just before the call that publishes it, on the clock that all processes of a host share.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import orjson
from fastapi import FastAPI
from pydantic import BaseModel

from bench.publishing import payload
from headway import Headway, Run

LOOK_S = 0.05

hw = Headway()
opened: dict[str, Run] = {}
entered = AsyncExitStack()


class Pace(BaseModel):
    """How to publish.

    Attributes:
        events: For each run.
        rate: Events a second, for each run.
        size: Bytes of application data in each.
        after: Number of the last event before.
    """

    events: int
    rate: float
    size: int
    after: int = 0


class OpenPace(Pace):
    """The same for runs that were opened here, by their ids."""

    runs: list[str]


class Turn(BaseModel):
    """What a job does: when each of these files is there, it publishes as the `Pace` in it says.

    Attributes:
        gates: The files.
        place: Place of this run among the others, 0 to 1: they publish in turn, not all at once.
    """

    gates: list[Path]
    place: float


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """End the runs that were opened here before Headway stops."""
    async with entered:
        yield


app = FastAPI(lifespan=hw.lifespan(lifespan))
hw.mount(app, "/headway")


@app.post("/open")
async def open_runs(count: int) -> dict[str, list[str]]:
    """Open runs in this process and return their ids."""
    runs = [await entered.enter_async_context(await hw.open("paced")) for _ in range(count)]
    opened.update({run.id: run for run in runs})
    return {"ids": [run.id for run in runs]}


@app.post("/publish")
async def publish(pace: OpenPace) -> dict[str, int]:
    """Publish into these runs, each in its turn."""
    start, step = time.monotonic(), 1 / len(pace.runs) / pace.rate
    turns = ((opened[id], start + place * step) for place, id in enumerate(pace.runs))
    await asyncio.gather(*(publish_paced(run, pace, begin) for run, begin in turns))
    return {"published": pace.events}


@hw.job
async def paced(run: Run, turn: Turn) -> None:
    """Publish into a run of its own, in the worker's process."""
    for gate in turn.gates:
        while not os.path.exists(gate):  # noqa: ASYNC110, ASYNC240, PTH110 - another process makes it
            await asyncio.sleep(LOOK_S)
        pace = Pace.model_validate_json(await asyncio.to_thread(gate.read_bytes))
        await publish_paced(run, pace, time.monotonic() + turn.place / pace.rate)


async def publish_paced(run: Run, pace: Pace, start: float) -> None:
    """Publish numbered events evenly spread; the times are fixed beforehand."""
    for index in range(pace.events):
        await asyncio.sleep(max(0.0, start + index / pace.rate - time.monotonic()))
        data = orjson.loads(payload(pace.after + index + 1, pace.size))
        await run.custom("load", data, key="k")
