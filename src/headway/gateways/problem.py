"""Errors on the wire: RFC 9457 ``application/problem+json``, whatever was raised.

Members are ``type, title, status, detail, code, retryable, hint, request_id`` and whatever the error adds. Clients
decide by ``code`` and ``retryable``; ``detail`` and ``hint`` are for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from headway.core.complaints import complaints, path_of
from headway.errors import (
    HeadwayError,
    InvalidQuery,
    MethodNotAllowed,
    NotFound,
    RequestError,
    Unauthenticated,
)
from headway.gateways.titles import TITLES
from headway.ops.logging import get_logger

_log = get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:headway:problem:"
RETRY_AFTER_S: Final = 2
"""What a client is asked to wait when the error does not say how long."""


def problem(error: HeadwayError, request_id: str | None) -> Response:
    """Return an error as the answer to a request."""
    members = {
        "type": TYPE_PREFIX + error.code,
        "title": TITLES.get(error.code, error.code),
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "retryable": error.retryable,
        "hint": error.hint,
        "request_id": request_id,
    }
    # what the error adds stands behind what every answer has, and cannot hide it
    content = orjson.dumps({**members, **error.extra, **members}, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, error.status, _headers(error, request_id), media_type=MEDIA_TYPE)


def _headers(error: HeadwayError, request_id: str | None) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if request_id is not None:
        headers["X-Request-ID"] = request_id
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed) and "allow" in error.extra:
        headers["Allow"] = ", ".join(error.extra["allow"])
    if error.status in (429, 503):
        headers["Retry-After"] = str(error.extra.get("retry_after_s", RETRY_AFTER_S))
    return headers


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer an error that was raised in a route of the application's own. One that is its fault is logged, too."""
    ours = as_headway(error)
    if ours.status == 500:
        _log.error("a request failed", error=error, method=request.method, path=request.url.path)
    return problem(ours, None)


def as_headway(error: Exception) -> HeadwayError:
    """Return any exception as one of ours.

    What nobody foresaw says nothing of itself to the client; it is logged where it is caught.
    """
    if isinstance(error, HeadwayError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, HTTPException):
        return _of_router(error)
    return HeadwayError("the server failed to answer this request", hint="its log says more; look for the request id")


def _of_router(error: HTTPException) -> HeadwayError:
    if error.status_code == 404:
        return NotFound("there is nothing at this address", hint="the routes are listed at /openapi.json")
    if error.status_code == 405:
        allow = [part.strip() for part in (error.headers or {}).get("Allow", "").split(",") if part.strip()]
        return MethodNotAllowed("this address does not know this method", allow=allow)
    return RequestError(str(error.detail))


def _invalid(errors: Sequence[Mapping[str, Any]]) -> HeadwayError:
    """Pydantic's complaints about a request; their places begin with the part that is wrong, which decides the code."""
    found = complaints({**error, "loc": error["loc"][1:]} for error in errors)
    if errors[0]["loc"][0] == "query":
        return invalid_query(found)
    return RequestError(said(found), errors=found)


def invalid_query(errors: Sequence[Mapping[str, Any]]) -> InvalidQuery:
    """Return pydantic's complaints about a query as ours."""
    found = complaints(errors)
    return InvalidQuery(said(found), errors=found)


def said(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the first of the complaints about a request as a sentence."""
    return f"{path_of(found[0]['loc']) or 'the body'}: {found[0]['msg']}"
