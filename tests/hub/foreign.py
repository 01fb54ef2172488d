"""Somebody else's application with our streams mounted in it, to be run by any server."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from headway.core.events import NewEvent, new_event
from headway.stores.base import Write
from headway.stores.memory import MemoryStore
from tests.serving import Streams
from tests.stores.builders import new_run, started

streams = Streams(MemoryStore())


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Start with the application; end its streams when the process is asked to exit."""
    await streams.start()
    with streams.hub.ending_with_the_process():
        yield
    await streams.stop()


app = FastAPI(lifespan=lifespan)
app.mount("/headway", streams)


@app.get("/create")
async def create() -> str:
    """Create a run and return its id."""
    run, _ = await streams.store.create(new_run(started()))
    return run.id


@app.get("/say/{run_id}")
async def say(run_id: str, end: bool = False) -> None:
    """Append to a run's log."""
    run = await streams.find(run_id)
    events: list[NewEvent] = [new_event("note", {"body": "hello"})]
    if end:
        events.append(new_event("run.succeeded", {}))
    await streams.store.append(run_id, Write(events=events, execution_id=run.execution_id))


@app.get("/statistics")
async def statistics() -> dict[str, object]:
    """Return the hub's, and how many tasks there are."""
    gc.collect()
    return {**streams.hub.statistics(), "tasks": len(asyncio.all_tasks())}
