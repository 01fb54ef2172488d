"""Whether a request is answered at all, and as whom.

With an authenticator, it decides. Without one only this machine is answered, and "this machine" is taken narrowly: the
peer is a loopback address, the ``Host`` names one (a page of another site that re-binds its name to 127.0.0.1 sends its
own name), and no header says that a proxy forwards for somebody else.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from headway.errors import AuthNotConfigured, Forbidden, Unauthenticated
from headway.security.principal import LOCAL, Authenticate, Principal

_FORWARDED: Final = ("forwarded", "via", "x-real-ip")
_REMEDY: Final = (
    "pass `authenticate=` to Headway(...), or set HEADWAY_INSECURE=1 where only people you trust can reach this port "
    "(in a container a published port is never a loopback peer)"
)


class Gate:
    """Finds out who asks.

    Args:
        authenticate: The application's own way; None: only this machine is answered.
        insecure: Answer everybody as if they sat at this machine. Has no meaning beside an authenticator.
    """

    def __init__(self, authenticate: Authenticate | None, *, insecure: bool = False) -> None:
        self._authenticate = authenticate
        self._insecure = insecure

    async def principal(self, connection: HTTPConnection) -> Principal:
        """Return who asks. Waits for the application's authenticator.

        Raises:
            AuthNotConfigured: there is no authenticator and the request is not from this machine.
            Unauthenticated: the authenticator does not know them.
            Forbidden: the authenticator refused them with a 403.
        """
        if self._authenticate is None:
            if not self._insecure and (reason := not_local(connection)):
                raise AuthNotConfigured(f"no authenticator is configured and {reason}", hint=_REMEDY)
            return LOCAL
        try:
            principal = await self._authenticate(connection)
        except HTTPException as error:  # what the application's own FastAPI dependencies raise
            raise _as_ours(error) from error
        if principal is None:
            raise Unauthenticated("this request carries no identity the application knows")
        return principal


def _as_ours(error: HTTPException) -> Exception:
    detail = error.detail or "refused by the application"
    if error.status_code == 401:
        return Unauthenticated(detail)
    return Forbidden(detail) if error.status_code == 403 else error


def not_local(connection: HTTPConnection) -> str | None:
    """Say why a request does not come from this machine; None when it does."""
    peer = connection.client.host if connection.client else None
    if peer is None or not is_loopback(peer):
        return f"the peer {peer or '(unknown)'} is not a loopback address"
    forwarded = _forwarding(connection.headers)
    if forwarded is not None:
        return f"the header {forwarded!r} says that a proxy forwards for somebody else"
    host = hostname(connection.headers.get("host", ""))
    if not host or not is_loopback(host):
        return f"the Host {host or '(none)'!r} is not a loopback name"
    return None


def _forwarding(headers: Headers) -> str | None:
    return next((name for name in headers if name in _FORWARDED or name.startswith("x-forwarded-")), None)


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def hostname(host: str) -> str:
    """Return the name in a ``Host`` header or an origin's authority, in lower case, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()
