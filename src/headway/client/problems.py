"""What an answer that is no success stands for: one of our errors."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson

from headway.errors import (
    Forbidden,
    HeadwayError,
    NotFound,
    RequestError,
    StoreUnavailable,
    TooLarge,
    Unauthenticated,
    from_code,
)

RETRY_AFTER_MAX_S: Final = 300.0
"""Nobody waits longer because a header says so."""

_KINDS: Final[Mapping[int, type[HeadwayError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    413: TooLarge,
    **dict.fromkeys((408, 425, 429, 502, 503, 504), StoreUnavailable),
}
_MEMBERS: Final = frozenset({"type", "title", "status", "detail", "code", "retryable", "hint"})


def problem(response: httpx.Response) -> HeadwayError:
    """Return the error an answer stands for. The body must have been read.

    An answer that is not one of ours - of a proxy, or because there is no Headway at that address - is judged by its
    status.
    """
    told = _told(response)
    code = told.get("code")
    if not isinstance(code, str):
        return _foreign(response)
    detail = str(told.get("detail") or told.get("title") or code)
    extra = {name: value for name, value in told.items() if name not in _MEMBERS}
    known = from_code(code, detail, hint=told.get("hint"), **extra)
    if known.code == code:
        return known
    # a newer server's: only its status says what kind it is
    return _kind(response.status_code)(detail, hint=told.get("hint"), **{**extra, "code": code})


def is_ours(error: HeadwayError) -> bool:
    """Whether Headway itself answered with this error, and not a proxy or another application."""
    return not error.extra.get("foreign", False)


def _told(response: httpx.Response) -> dict[str, Any]:
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _kind(status: int) -> type[HeadwayError]:
    return _KINDS.get(status, RequestError if 300 <= status < 500 else HeadwayError)


def _foreign(response: httpx.Response) -> HeadwayError:
    status, url = response.status_code, response.request.url.copy_with(query=None)
    hint = None
    if response.is_redirect:
        hint = f"it points to {response.headers.get('Location', '(nowhere)')}; use that address"
    elif status == 404:
        hint = "is Headway mounted below a prefix? Then the address ends with it (http://host/headway)"
        hint += "; is it not mounted? Then watch by the address of the stream: headway watch http://host/…/events"
    return _kind(status)(f"{url} answered {status} {response.reason_phrase}".strip(), hint=hint, foreign=True)


def retry_after_s(response: httpx.Response) -> float:
    """Return how long an answer asks to wait (``Retry-After`` in seconds or as a date); 0 when it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), RETRY_AFTER_MAX_S)


def unreachable(url: httpx.URL | str, error: httpx.HTTPError) -> StoreUnavailable:
    """Return the error of a request that got no answer."""
    return StoreUnavailable(f"{url}: {words(error)}", hint="is it running there?", foreign=True)


def words(error: Exception) -> str:
    """Say in plain words what went wrong with a connection."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "the server cannot be reached"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "the server does not answer"
    return "the connection was cut"
