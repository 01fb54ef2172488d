"""For those who run the server: health, readiness, metrics. And the browser client as a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header
from starlette.responses import Response

from headway.errors import NotFound
from headway.gateways.answers import json_answer, matches
from headway.gateways.exchange import Asked

CLIENT: Final = Path(__file__).parent.parent / "static" / "client.js"
CLIENT_CACHE: Final = "public, max-age=300"
PUBLIC: Final = frozenset({"/healthz", "/readyz", "/client.js"})
"""Answered whoever asks: they tell nothing of any run."""

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> Response:
    """Say that this process lives."""
    return json_answer({"status": "ok"})


@router.get("/readyz", responses={503: {"description": "Not ready; the answer says why."}})
async def readyz(asked: Asked) -> Response:
    """Say whether this process should be sent requests."""
    found = await asked.services.ready()
    return json_answer(found.report, 200 if found.ready else 503)


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
async def metrics(asked: Asked) -> Response:
    """Return what is measured, in Prometheus' format. Needs the scope `admin`."""
    asked.principal.require("admin")
    await asked.services.metrics.look()
    body, media_type = asked.services.metrics.page()
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=media_type)


@router.get("/client.js", responses={200: {"content": {"text/javascript": {}}}})
def client_js(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Return the browser client as one module."""
    try:
        body = CLIENT.read_bytes()
    except FileNotFoundError:
        raise NotFound("the browser client was not built into this installation", hint="run `make web`") from None
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"', "Cache-Control": CLIENT_CACHE}
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/javascript")
