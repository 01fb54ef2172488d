"""Pages of other sites: which may read our answers (CORS), and which may send commands.

The browser says by ``Origin`` which page asks. Programs send none and are not meant here. Reading is refused by leaving
the CORS headers out; a command is refused by an answer, because a simple request is sent without asking first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from headway.errors import OriginNotAllowed

EXPOSED: Final = "ETag, Location, Retry-After, X-Request-ID, Headway-Cursor, Headway-From-Offset"
ALLOWED_HEADERS: Final = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Traceparent, X-Request-ID"
)
ALLOWED_METHODS: Final = "GET, HEAD, POST, DELETE"
_MAX_AGE_S: Final = "600"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Origins:
    """The rules for one server.

    Args:
        allowed: Origins that may read and command. ``*`` lets every page read without cookies, and command nothing.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._everybody = "*" in set(allowed)
        self._allowed = frozenset(allowed) - {"*"}

    def check(self, method: str, headers: Headers) -> None:
        """Refuse a command sent by a page of another site.

        Raises:
            OriginNotAllowed: its origin is neither this server's nor listed.
        """
        origin = headers.get("origin")
        if method not in _UNSAFE or origin is None or origin in self._allowed or is_same_site(origin, headers):
            return
        raise OriginNotAllowed(
            f"a page of {origin[:200]!r} may not send commands", hint="list its origin in HEADWAY_CORS_ORIGINS"
        )

    def decorate(self, asked: Headers, answer: MutableHeaders) -> None:
        """Add the CORS headers to an answer."""
        if not self._everybody and not self._allowed:
            return
        if "Origin" not in answer.get("vary", ""):  # the answer to a preflight has been here before
            answer.add_vary_header("Origin")
        origin = asked.get("origin")
        if origin in self._allowed:
            answer["Access-Control-Allow-Origin"] = origin
            answer["Access-Control-Allow-Credentials"] = "true"
        elif self._everybody:
            answer["Access-Control-Allow-Origin"] = "*"
        else:
            return
        answer["Access-Control-Expose-Headers"] = EXPOSED

    def preflight(self, method: str, asked: Headers) -> dict[str, str] | None:
        """Return the headers that answer a preflight request; None when it is none.

        An origin that is not listed gets an answer without permission, which the browser takes for a no.
        """
        if method != "OPTIONS" or "origin" not in asked or "access-control-request-method" not in asked:
            return None
        answer = MutableHeaders()
        self.decorate(asked, answer)
        if "access-control-allow-origin" in answer:
            answer["Access-Control-Allow-Methods"] = ALLOWED_METHODS
            answer["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            answer["Access-Control-Max-Age"] = _MAX_AGE_S
        return dict(answer)


def is_same_site(origin: str, headers: Headers) -> bool:
    """Whether an origin is this server's own.

    The browser's word (``Sec-Fetch-Site``, which no page can set) comes first: behind a proxy that rewrites ``Host``
    nothing else can tell.
    """
    if headers.get("sec-fetch-site") == "same-origin":
        return True
    try:
        ours, theirs = urlsplit(f"//{headers.get('host', '')}"), urlsplit(origin)
        ports = ours.port, theirs.port
    except ValueError:  # a port that is not a number
        return False
    default = _DEFAULT_PORTS.get(theirs.scheme)  # of both: TLS may end at a proxy, so our own scheme says nothing
    same_port = (ports[0] or default) == (ports[1] or default)
    return theirs.hostname is not None and theirs.hostname == ours.hostname and same_port
