"""The application behind the fault matrix: Headway, the page that watches a run, and the switch of the transports."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

from fastapi import Body, FastAPI, Header
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


arrived: list[str] = []
done: dict[str, str] = {}


@app.post("/commands")
async def command(what: Annotated[str, Body(embed=True)], idempotency_key: Annotated[str, Header()]) -> int:
    """Do what an application does on a command of its own: once for each key. Returns how many were done before."""
    arrived.append(what)
    done.setdefault(idempotency_key, what)
    return list(done).index(idempotency_key)


@app.get("/commands")
async def commands() -> dict[str, list[str]]:
    """What arrived, however often, and what was done, in this order."""
    return {"arrived": arrived, "done": list(done.values())}


app.mount("/", StaticFiles(directory=os.environ["HEADWAY_DEMO_PAGE"], html=True), name="page")
