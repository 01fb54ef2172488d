"""The same endpoint on Headway: same routes, same work, same kind of stream."""

import asyncio

from fastapi import BackgroundTasks, FastAPI, Request, Response

from headway import Headway, Run

hw = Headway()
app = FastAPI(lifespan=hw.lifespan)


async def build(run: Run, pages: int) -> None:
    """Do the work."""
    async with run:
        for number in range(1, pages + 1):
            await asyncio.sleep(0.1)
            await run.progress(number, pages)
            await run.custom("page", {"page": number, "of": pages}, key=str(number))


@app.post("/reports", status_code=202)
async def create(pages: int, tasks: BackgroundTasks) -> dict[str, str]:
    """Answer at once; the work goes on."""
    run = await hw.open("report")
    tasks.add_task(build, run, pages)
    return {"id": run.id, "events": f"/reports/{run.id}/events"}


@app.get("/reports/{run_id}/events")
async def events(run_id: str, request: Request) -> Response:
    """Stream the run: its state, then what happens."""
    return await hw.stream(request, run_id)
