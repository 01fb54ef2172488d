"""For operators: how all processes are, and which transports are on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from headway.config import Transport
from headway.gateways.answers import json_answer
from headway.gateways.body import accepts, json_body
from headway.gateways.exchange import Asked
from headway.ops.transports import switch

router = APIRouter(tags=["operators"])


class TransportsBody(BaseModel):
    """Which transports are on."""

    on: Annotated[list[Transport] | None, Field(description="Null: those the servers were started with.")]


class TransportsAnswer(BaseModel):
    """Which transports there are and which are on; `set`: an operator has said so."""

    known: list[str]
    on: list[str]
    set: bool


class ViewerCount(BaseModel):
    """How many watch by a transport and a client."""

    transport: str
    client: str
    count: int


class Times(BaseModel):
    """A histogram: how many values were at most as large as each bound, and a last count of those above all."""

    bounds: list[float]
    counts: list[int]
    sum: float


class Figures(BaseModel):
    """Numbers: counts since a process began, sizes as they are, times of both."""

    viewers: list[ViewerCount]
    counts: dict[str, float]
    sizes: dict[str, float]
    times: dict[str, Times]


class ProcessFigures(Figures):
    """A process. `late_s`: by how much its event loop is late."""

    id: str
    host: str
    pid: int
    version: str
    role: str
    started_at: str
    seconds: float
    late_s: float
    draining: bool
    store: dict[str, Any]


class HeldRun(BaseModel):
    """A run a worker holds."""

    run_id: str
    job: str
    title: str
    attempt: int
    since: str | None


class WorkerFigures(BaseModel):
    """A process the store lists. `silent_s`: since its last beat; null where locks tell who is alive."""

    id: str
    gone: bool
    silent_s: float | None
    running: list[HeldRun]


class JobFigures(BaseModel):
    """A job with runs that are queued or held."""

    job: str
    queued: int
    running: int
    queued_since: str | None


class ListenerFigures(BaseModel):
    """How far behind a listener is."""

    name: str
    lag_s: float
    told_at: str | None
    oldest_run: str | None


class SystemAnswer(Figures):
    """How the system is. The figures at the top are those of all `processes` together."""

    at: str
    complete: bool
    asked: int
    answered: int
    missing: list[str]
    store: dict[str, Any]
    engine: dict[str, Any]
    direct: dict[str, Any]
    transports: TransportsAnswer
    processes: list[ProcessFigures]
    workers: list[WorkerFigures]
    jobs: list[JobFigures]
    jobs_complete: bool
    listeners: list[ListenerFigures]


@router.get("/v1/system", responses={200: {"model": SystemAnswer}})
async def read_system(asked: Asked) -> Response:
    """Return how all processes are, at most a second old; while the store is away, how this one is.

    Needs the scope `admin`.
    """
    asked.principal.require("admin")
    return json_answer(await asked.services.system.look())


@router.get("/v1/transports", responses={200: {"model": TransportsAnswer}})
async def read_transports(asked: Asked) -> Response:
    """Return which transports are on. Needs the scope `admin`."""
    asked.principal.require("admin")
    return json_answer(asked.services.transports.shown())


@router.post("/v1/transports", responses={200: {"model": TransportsAnswer}}, openapi_extra=accepts(TransportsBody))
async def switch_transports(
    asked: Asked, body: Annotated[TransportsBody, Depends(json_body(TransportsBody))]
) -> Response:
    """Switch transports on and off, on all servers. Streams of one that goes off go on by polling.

    Needs the scope `admin`.
    """
    asked.principal.require("admin")
    services = asked.services
    await switch(services.store, body.on)
    await services.transports.look()
    return json_answer(services.transports.shown())
