"""``/api``: texts, strategies, how they stand, and the finished one as Markdown."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from examples.itinerary.problems import Problem
from examples.report.capture.guard import Guard
from examples.strategy.errors import DocumentRefused
from examples.strategy.job import JOB
from examples.strategy.library import Library
from examples.strategy.markdown import markdown_of
from examples.strategy.messages import Message, message_of, view
from examples.strategy.models import Document, Side, Strategy
from examples.strategy.orders import Order, brief_of
from examples.strategy.reading.documents import DOCUMENT_BYTES, KINDS, read_document
from examples.strategy.reading.plain import words_in
from examples.strategy.reading.sample import sample
from examples.strategy.settings import StrategySettings
from headway import Headway

ORDER_BYTES: Final = 4 * DOCUMENT_BYTES
_NAME: Final = Query(min_length=1, max_length=200, description="Of the file; its ending says what kind it is.")


class Created(BaseModel):
    """The answer to an order, there before anything is done.

    Attributes:
        links: Addresses: Headway's of the ``run``, and ours of its ``status``, ``stream`` and ``markdown``.
        snapshot: The run's first state, with a placeholder for every source and section.
    """

    id: str
    links: dict[str, str]
    snapshot: dict[str, Any]


def strategies(hw: Headway, library: Library, settings: StrategySettings) -> APIRouter:
    """Return the routes.

    Args:
        hw: Makes strategies.
        library: Keeps texts.
        settings: What the builder may suggest.
    """
    router = APIRouter(prefix="/api", tags=["strategies"])
    guard = Guard(settings.allowed)

    @router.get("/builder")
    async def builder() -> dict[str, Any]:
        """What the builder needs to know: the sample's size, sites to try, limits, and who writes."""
        sizes = {side: await asyncio.to_thread(_size, side) for side in ("own", "competitors")}
        limits = {"bytes": DOCUMENT_BYTES, "kinds": KINDS}
        return {"sample": sizes, "sites": settings.sites, "limits": limits, "model": settings.model}

    @router.post("/documents", status_code=201)
    async def upload(request: Request, name: Annotated[str, _NAME]) -> Document:
        """Keep a document: its bytes are the body. Answers with what a strategy is ordered with."""
        body = await _bounded(request, name, DOCUMENT_BYTES)
        return await library.add(name, await asyncio.to_thread(read_document, name, body))

    @router.post("/strategies", status_code=202)
    async def create(
        request: Request, response: Response, idempotency_key: Annotated[str | None, Header()] = None
    ) -> Created:
        """Ask for a strategy; answers at once. With an `Idempotency-Key` the same request gives the same strategy."""
        order = _order(await _bounded(request, "the order", ORDER_BYTES))
        handle = await hw.start(JOB, await brief_of(order, library, guard), key=idempotency_key)
        links = {name: f"/api/strategies/{handle.id}/{name}" for name in ("status", "stream", "markdown")}
        links["run"] = handle.model_dump()["links"]["self"]
        response.headers["Location"] = links["status"]
        return Created(id=handle.id, links=links, snapshot=await handle.snapshot())

    @router.get("/strategies/{run_id}/status")
    async def status(run_id: str, response: Response) -> dict[str, Any]:
        """How it stands, as one message."""
        response.headers["Cache-Control"] = "no-store"
        return message_of(await _snapshot(hw, run_id)).wire()

    @router.get("/strategies/{run_id}/stream")
    async def stream(run_id: str, request: Request) -> Response:
        """The same as it changes, as messages without a name: ``onmessage`` of an EventSource gets them."""
        return await hw.stream(request, run_id, view=view)

    @router.get("/strategies/{run_id}/markdown")
    async def markdown(run_id: str) -> Response:
        """The finished strategy, to be kept elsewhere."""
        snapshot = await _snapshot(hw, run_id)
        if snapshot["result"] is None:
            raise Problem(
                409, "not_finished", "the strategy is not finished", "ask again when its status is `complete`"
            )
        text = markdown_of(Strategy.model_validate(snapshot["result"]))
        headers = {"Content-Disposition": f'attachment; filename="{run_id}.md"'}
        return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)

    @router.get("/messages/schema")
    async def schema() -> dict[str, Any]:
        """JSON Schema of a message."""
        return Message.model_json_schema()

    return router


async def _snapshot(hw: Headway, run_id: str) -> dict[str, Any]:
    handle = await hw.get(run_id)
    if handle.job != JOB:
        raise Problem(404, "run_not_found", f"there is no strategy {run_id[:64]!r}")
    return await handle.snapshot()


def _order(body: bytes) -> Order:
    try:
        return _ORDER.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Problem(422, "order_invalid", f"{where}: {first['msg']}" if where else str(first["msg"])) from error


_ORDER: Final = TypeAdapter(Order)


async def _bounded(request: Request, name: str, most: int) -> bytes:
    """Return a request's body, and read no more of it than is allowed."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            too_large = f"it has more than {most:,} bytes, which is the most that is read"
            raise DocumentRefused(name, too_large, status=413, hint="upload its chapters one by one")
    return bytes(body)


def _size(side: Side) -> dict[str, int]:
    texts = sample(side)
    return {"documents": len(texts), "words": sum(words_in(text) for _, text in texts)}
