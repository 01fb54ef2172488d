"""An application that answers with a run, and leaves the work to Celery: `headway serve shop:app`."""

from fastapi import FastAPI
from tasks import thumbnails

from headway import Headway
from headway.contrib.celery import HEADER

hw = Headway(worker="none")
app = FastAPI(lifespan=hw.lifespan)
hw.mount(app)


@app.post("/thumbnails", status_code=202)
async def create(files: list[str]) -> object:
    """Answer at once; whoever asked may watch the run."""
    run = await hw.open("thumbnails", title=f"{len(files)} files", owner="ada", queued=True, lease_s=15)
    thumbnails.apply_async((files,), headers={HEADER: run.id})
    return run.handle
