"""The endpoint as it is usually written: a dictionary of how things stand, which a page asks for every ten seconds."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

app = FastAPI()
standing: dict[str, dict[str, Any]] = {}


def tell(job: str, event: str, step: int, progress: float, message: str) -> None:
    """Say how it stands now."""
    data = {"step": step, "progress": progress, "message": message, "timestamp": datetime.now(UTC).isoformat()}
    standing[job] = {"event": event, "data": data}


async def build(job: str, pages: int) -> None:
    """Do the work."""
    for number in range(1, pages + 1):
        tell(job, "progress", 1, 100 * (number - 1) / pages, f"Page {number} of {pages}")
        await asyncio.sleep(0.1)
    tell(job, "complete", 1, 100, "Ready")


@app.post("/strategies", status_code=202)
async def create(pages: int, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer at once; the work goes on."""
    job = uuid4().hex
    tell(job, "status", 1, 0, "Waiting")
    tasks.add_task(build, job, pages)
    return {"id": job, "status": f"/strategies/{job}/status"}


@app.get("/strategies/{job}/status")
async def status(job: str) -> dict[str, Any]:
    """How it stands."""
    if job not in standing:
        raise HTTPException(404, "there is no such strategy")
    return standing[job]
