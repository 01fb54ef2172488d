"""The same endpoint on Headway: same routes, same messages, and the same messages as a stream."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import BackgroundTasks, FastAPI, Request, Response

from headway import Headway, Run

EVENTS = {"queued": "status", "succeeded": "complete", "partial": "complete", "failed": "error", "cancelled": "error"}

hw = Headway()
app = FastAPI(lifespan=hw.lifespan)
hw.answer_errors(app)
hw.mount(app, "/headway")


def message(state: Mapping[str, Any], time: str | None = None) -> dict[str, Any]:
    """Make a message of a run's state."""
    doing = state["progress"]
    data = {
        "step": 1,
        "progress": doing["percent"] or 0,
        "message": "Ready" if state["status"] == "succeeded" else doing["message"] or "Waiting",
        "timestamp": time or datetime.now(UTC).isoformat(),
    }
    if state["error"]:
        data["error"] = state["error"]["message"]
    return {"event": EVENTS.get(state["status"], "progress"), "data": data}


async def build(run: Run, pages: int) -> None:
    """Do the work."""
    async with run:
        for number in range(1, pages + 1):
            await run.progress(number - 1, pages, message=f"Page {number} of {pages}")
            await asyncio.sleep(0.1)
        await run.progress(pages, pages)


@app.post("/strategies", status_code=202)
async def create(pages: int, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer at once; the work goes on."""
    run = await hw.open("strategy")
    tasks.add_task(build, run, pages)
    return {"id": run.id, "status": f"/strategies/{run.id}/status"}


@app.get("/strategies/{run_id}/status")
async def status(run_id: str) -> dict[str, Any]:
    """How it stands."""
    return message(await (await hw.get(run_id)).snapshot())


@app.get("/strategies/{run_id}/stream")
async def stream(run_id: str, request: Request) -> Response:
    """The same as it changes: for an EventSource with `onmessage`."""
    return await hw.stream(request, run_id, view=message)
