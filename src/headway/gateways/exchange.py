"""One request and its answer: who asks, the ids that tie together what it causes, and the way to what it asks about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from headway.core.ids import new_correlation_id
from headway.errors import Fenced, RunNotFound
from headway.gateways.services import Services
from headway.security.principal import LOCAL, Principal, Scope
from headway.stores.base import RunRow
from headway.types import RunId

_KEY: Final = "headway"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


@dataclass(slots=True)
class Exchange:
    """A request as the gateways see it.

    Attributes:
        prefix: Path below which Headway is mounted, as the client sees it; "" at the root.
        request_id: The client's ``X-Request-ID``, else the trace id of its ``traceparent``, else made here.
        traceparent: W3C trace context of the client, or None.
        peer: Address at the other end of the socket, which may be a proxy's; None where it is not known.
        principal: Who asks; set before any route that is not public is reached.
    """

    services: Services
    prefix: str
    request_id: str
    traceparent: str | None
    peer: str | None = None
    principal: Principal = LOCAL

    @classmethod
    def of(cls, services: Services, scope: AsgiScope) -> Exchange:
        """Read what a request says of itself, and keep it in its scope."""
        headers = Headers(scope=scope)
        trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else trace[1] if trace else new_correlation_id()
        peer = (scope.get("client") or (None,))[0]
        exchange = cls(services, scope.get("root_path", ""), request_id, trace[0] if trace else None, peer)
        scope[_KEY] = exchange
        return exchange

    async def run(self, run_id: RunId, scope: Scope = "runs:read", *, execution_id: str | None = None) -> RunRow:
        """Return a run that exists for whoever asks.

        Args:
            run_id: The run.
            scope: What they want to do with it.
            execution_id: Refuse unless it is the current execution.

        Raises:
            Forbidden: they may not do that with any run.
            RunNotFound: there is none, or it is another owner's; the answer does not tell which.
            Fenced: another execution is the current one.
        """
        self.principal.require(scope)
        row = await self.services.store.get(run_id)
        if row is None or not self.principal.sees(row.owner):
            raise RunNotFound(f"there is no run {run_id[:64]!r}")
        if execution_id is not None and execution_id != row.execution_id:
            raise Fenced(f"execution {execution_id[:64]!r} is not the current one", execution_id=row.execution_id)
        return row

    @property
    def owner(self) -> str | None:
        """Whose runs exist for whoever asks; None: everybody's."""
        return None if self.principal.is_admin else self.principal.user

    def origin(self) -> dict[str, Any]:
        """Return what a run that is created now keeps of this request in its metadata."""
        kept = {"request_id": self.request_id, "traceparent": self.traceparent}
        return {name: value for name, value in kept.items() if value is not None}


def exchange_of(request: Request) -> Exchange:
    """Return the exchange a route stands in."""
    exchange: Exchange = request.scope[_KEY]
    return exchange


async def _asked(request: Request) -> Exchange:
    return exchange_of(request)  # as a coroutine: FastAPI sends plain functions to a thread


Asked = Annotated[Exchange, Depends(_asked)]

ExecutionId = Annotated[str | None, Query(description="Refused with 409 unless this is the current execution.")]
