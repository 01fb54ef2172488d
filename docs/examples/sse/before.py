"""The endpoint as it is usually written: a queue per viewer, filled by the work, drained by sse-starlette."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI
from sse_starlette import EventSourceResponse, ServerSentEvent

app = FastAPI()
viewers: dict[str, set[asyncio.Queue[ServerSentEvent]]] = {}


def publish(job: str, number: int, type: str, data: dict[str, Any]) -> None:
    """Give an event to everybody who is there at this moment."""
    event = ServerSentEvent(json.dumps(data), event=type, id=str(number))
    for queue in viewers.get(job, ()):
        queue.put_nowait(event)


async def build(job: str, pages: int) -> None:
    """Do the work."""
    for number in range(1, pages + 1):
        await asyncio.sleep(0.1)
        publish(job, number, "page", {"page": number, "of": pages})
    publish(job, pages + 1, "done", {"pages": pages})


@app.post("/reports", status_code=202)
async def create(pages: int, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer at once; the work goes on."""
    job = uuid4().hex
    tasks.add_task(build, job, pages)
    return {"id": job, "events": f"/reports/{job}/events"}


@app.get("/reports/{job}/events")
async def events(job: str) -> EventSourceResponse:
    """Stream what happens from now on."""
    queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue()

    async def stream() -> AsyncIterator[ServerSentEvent]:
        viewers.setdefault(job, set()).add(queue)
        try:
            while True:
                event = await queue.get()
                yield event
                if event.event == "done":
                    return
        finally:
            viewers[job].discard(queue)

    return EventSourceResponse(stream())
