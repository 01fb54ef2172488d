"""Answers: JSON made once, conditional requests, and what a client would like to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from starlette.responses import Response

JSON: Final = "application/json"
PRIVATE: Final = {"Cache-Control": "private, no-cache"}
"""May be kept by the client itself, but asked for again each time."""


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON; by default it may not be stored anywhere."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, media_type=JSON)


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has what this entity tag names (RFC 9110, section 13.1.2: weak comparison)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def preferred(accept: str | None, offers: Sequence[str]) -> str:
    """Return the media type a client would like best of those offered, the first when it does not care or say.

    RFC 9110, section 12.5.1, as far as clients use it: type, subtype, wildcards and ``q``.
    """
    wishes = [_wish(part) for part in (accept or "").split(",") if part.strip()]
    ranked = [(_quality(offer, wishes), -place, offer) for place, offer in enumerate(offers)]
    return max(ranked)[2]


def _wish(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip() for piece in part.lower().split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return media, quality


def _quality(offer: str, wishes: Sequence[tuple[str, float]]) -> float:
    """The most exact wish rules: ``text/html;q=0`` beside ``*/*`` means anything but HTML."""
    for pattern in (offer, offer.partition("/")[0] + "/*", "*/*"):
        for media, quality in wishes:
            if media == pattern:
                return quality
    return 0.0
