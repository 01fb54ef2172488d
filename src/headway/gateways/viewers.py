"""For operators: who watches, on all processes, and what is said to them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from headway.core.shapes import Name
from headway.gateways.answers import json_answer
from headway.gateways.body import accepts, json_body
from headway.gateways.exchange import Asked
from headway.ops.connections import LIMIT_MAX, TEXT_MAX, ConnectionPage, Level, OpenConnection, Told
from headway.ops.notices import FOR_MAX_S, NoticeContent

router = APIRouter(tags=["operators"])

Text = Annotated[str, Field(min_length=1, max_length=TEXT_MAX, pattern=r"\S", description="What is said.")]


class WhomQuery(BaseModel):
    """Which viewers."""

    run: Annotated[str | None, Field(description="Who watches this run.")] = None
    viewer: Annotated[str | None, Field(description="This user; empty for nobody in particular.")] = None
    client: Annotated[str | None, Field(description="This client: `ts`, or `ts/0.1.0`.")] = None
    group: Annotated[str | None, Field(description="Who watches a run of this group.")] = None


class ConnectionsQuery(WhomQuery):
    """Which connections."""

    transport: Annotated[Literal["sse", "poll"] | None, Field(description="Streams, or long-polls.")] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 100


class _Exact(BaseModel):
    """A body without fields that are not known: one that was meant to pick some would let everybody read it."""

    model_config = ConfigDict(extra="forbid")


class Whom(_Exact):
    """Which viewers are meant; all that is set must be true of them."""

    run: Name | None = None
    viewer: Annotated[str, Field(max_length=200)] | None = None
    client: Name | None = None
    group: Name | None = None


class SayBody(_Exact):
    """Words to one viewer."""

    text: Text
    level: Level = "info"


class NoticeBody(SayBody):
    """Words to viewers."""

    to: Annotated[Whom, Field(description="Who is meant; empty: everybody.")] = Whom()
    once: Annotated[bool, Field(description="Only to who watches now, by a stream; nothing stands afterwards.")] = False
    for_s: Annotated[
        float | None,
        Field(gt=0, le=FOR_MAX_S, allow_inf_nan=False, description="Over after so long; null: when it is taken away."),
    ] = None


class ConnectionList(BaseModel):
    """Who watches. `missing`: processes that did not answer in time."""

    connections: list[OpenConnection]
    total: int
    complete: bool
    asked: int
    answered: int
    missing: list[str]


class ToldAnswer(BaseModel):
    """Whom something was said to. `unreached`: meant, but not reading at present, or polling."""

    reached: int
    unreached: int
    complete: bool
    asked: int
    answered: int
    missing: list[str]


class StandingNotice(NoticeContent):
    """A notice that stands, and who is meant by it."""

    to: Whom


class NoticeList(BaseModel):
    """The notices that stand, the oldest first."""

    notices: list[StandingNotice]


@router.get("/v1/connections", responses={200: {"model": ConnectionList}})
async def list_connections(asked: Asked, query: Annotated[ConnectionsQuery, Query()]) -> Response:
    """List who watches, on all processes, the newest first. Needs the scope `admin`."""
    asked.principal.require("admin")
    page: ConnectionPage = await asked.services.connections.list(**query.model_dump())
    return json_answer(page.content())


@router.get("/v1/connections/{connection_id}", responses={200: {"model": OpenConnection}})
async def read_connection(connection_id: str, asked: Asked) -> Response:
    """Return one of those who watch. Needs the scope `admin`."""
    asked.principal.require("admin")
    return json_answer((await asked.services.connections.get(connection_id)).content())


@router.post(
    "/v1/connections/{connection_id}/notice",
    responses={200: {"model": ToldAnswer}},
    openapi_extra=accepts(SayBody),
)
async def tell_connection(
    connection_id: str, asked: Asked, body: Annotated[SayBody, Depends(json_body(SayBody))]
) -> Response:
    """Say something to one of those who watch, as `event: notice`. Needs the scope `admin`."""
    asked.principal.require("admin")
    told: Told = await asked.services.connections.send(connection_id, body.text, level=body.level)
    return json_answer(told.content())


@router.delete("/v1/connections/{connection_id}", status_code=204)
async def close_connection(connection_id: str, asked: Asked) -> Response:
    """End a stream, or answer a long-poll now; its client comes back. Needs the scope `admin`."""
    asked.principal.require("admin")
    await asked.services.connections.close(connection_id)
    return Response(status_code=204)


@router.get("/v1/notices", responses={200: {"model": NoticeList}})
async def list_notices(asked: Asked) -> Response:
    """List the notices that stand, the oldest first. Needs the scope `admin`."""
    asked.principal.require("admin")
    return json_answer({"notices": [one.shown() for one in await asked.services.notices.list()]})


@router.post(
    "/v1/notices",
    status_code=201,
    responses={201: {"model": StandingNotice}, 200: {"model": ToldAnswer, "description": "With `once`."}},
    openapi_extra=accepts(NoticeBody),
)
async def put_notice(asked: Asked, body: Annotated[NoticeBody, Depends(json_body(NoticeBody))]) -> Response:
    """Put a notice before viewers until it is over; or, with `once`, say it to those who watch now.

    Needs the scope `admin`.
    """
    asked.principal.require("admin")
    services, whom = asked.services, body.to.model_dump()
    if body.once:
        told = await services.connections.broadcast(body.text, level=body.level, **whom)
        return json_answer(told.content())
    put = await services.notices.put(body.text, level=body.level, for_s=body.for_s, **whom)
    return json_answer(put.shown(), 201)


@router.delete("/v1/notices/{notice_id}", status_code=204)
async def end_notice(notice_id: str, asked: Asked) -> Response:
    """Take a notice away; who has it before them is told. Needs the scope `admin`."""
    asked.principal.require("admin")
    await asked.services.notices.end(notice_id)
    return Response(status_code=204)
