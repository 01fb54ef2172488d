"""The application behind the fault matrix: Headway, the page that watches a run, and the switch of the transports."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

from fastapi import Body, FastAPI
from fastapi.staticfiles import StaticFiles

from headway import Headway
from headway.ops.transports import switch

hw = Headway()
hw.hub.settings = replace(hw.hub.settings, retry_ms=200)  # two seconds after each fault are a minute of waiting in all
app = FastAPI(lifespan=hw.lifespan)
hw.mount(app, "/headway")


@app.put("/transports")
async def transports(on: Annotated[list[str] | None, Body()]) -> None:
    """Switch transports while the server runs; null: as it was started."""
    await switch(hw.store, on)


app.mount("/", StaticFiles(directory=os.environ["HEADWAY_DEMO_PAGE"], html=True), name="page")
