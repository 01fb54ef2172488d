"""Who may break things: a page of this very server, opened on this machine, and nobody else.

A page of another site can send a request here from the visitor's own browser, so the address of the peer is not enough:
the browser has to say that the page is ours, and the ``Host`` has to be a loopback name (a name of theirs that was
re-bound to 127.0.0.1 is none).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from ..problems import Problem

_HINT = "open the page on the machine that runs the demo, by its loopback address"


def same_page(request: Request) -> None:
    """Let only our own page on this machine through.

    Raises:
        Problem: 403, saying what it is not.
    """
    reason = not_here(request) or _foreign(request)
    if reason is not None:
        raise Problem(403, "not_from_here", reason, _HINT)


def not_here(request: Request) -> str | None:
    """Say why a request does not come from this machine; None when it does."""
    peer = request.client.host if request.client else ""
    if not _is_loopback(peer):
        return f"the peer {peer or '(unknown)'} is not this machine"
    if not _is_loopback(_host(request)):
        return f"the Host {request.headers.get('host', '')[:200]!r} is not a loopback name"
    if any(name in {"forwarded", "via"} or name.startswith("x-forwarded-") for name in request.headers):
        return "a proxy forwards it for somebody else"
    return None


def _foreign(request: Request) -> str | None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return "a page of another site sent it"
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return f"a page of {origin[:200]!r} sent it"
    return "no browser says which page sent it" if site is None and origin is None else None


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
