"""Bodies of requests: bounded in bytes and depth, and strictly JSON.

The standard library's parser takes NaN, lone surrogates and any depth; what it lets in cannot be stored or sent on. It
is also stricter than people are: a body counts as JSON whatever its ``Content-Type`` says, so that plain ``curl -d``
works. That opens nothing to foreign pages, because commands check the ``Origin``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from headway.core.complaints import misfits
from headway.core.limits import DEPTH_MAX
from headway.errors import BadJson, TooDeep, TooLarge
from headway.gateways.exchange import exchange_of

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body.

    Raises:
        TooLarge: it has more bytes; reading stops there.
        ClientDisconnect: the client left.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body has more than {limit} bytes", hint="send less at once", limit=limit)


def parse_json(body: bytes) -> Any:
    """Parse a body; an empty one is null.

    Raises:
        BadJson: it is not JSON.
        TooDeep: it is nested too deeply.
    """
    if not body.strip():
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth" in str(error):  # orjson's own limit, which lies far above ours
            raise _too_deep() from error
        raise BadJson(f"the body is not JSON: {error}") from error
    if is_deeper(value, DEPTH_MAX):
        raise _too_deep()
    return value


def _too_deep() -> TooDeep:
    return TooDeep(f"the JSON is nested more than {DEPTH_MAX} levels deep", limit=DEPTH_MAX)


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects stand inside each other more than `levels` deep."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        children = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in children if isinstance(child, dict | list)]
    return bool(level)


def json_body(model: type[M]) -> Callable[[Request], Awaitable[M]]:
    """Return a dependency that reads a body as `model`; an empty one as an object without fields.

    The route says ``openapi_extra=accepts(model)``, because FastAPI does not see what is read here.
    """

    async def read(request: Request) -> M:
        limit = exchange_of(request).services.settings.max_body_bytes
        value = parse_json(await read_body(request, limit))
        value = {} if value is None else value
        try:
            return model.model_validate(value)
        except ValidationError as error:
            raise RequestValidationError(misfits(error, value, "body")) from error

    return read


def accepts(model: type[BaseModel]) -> dict[str, Any]:
    """Return the OpenAPI part that says what `json_body` reads."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    required = any(field.is_required() for field in model.model_fields.values())
    return {"requestBody": {"content": {"application/json": {"schema": schema}}, "required": required}}
