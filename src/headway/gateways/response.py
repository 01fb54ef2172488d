"""A run's stream as the answer of a route of somebody else's application.

The application has recognised its user in its own way and says who it is; nothing of our gate is asked. The same
address also answers polling clients, because a page that cannot stream falls back to the address it was given.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headway.errors import HeadwayError, RunNotFound
from headway.gateways import poll, sse
from headway.gateways.answers import JSON, preferred
from headway.gateways.exchange import Exchange
from headway.gateways.problem import problem
from headway.gateways.queries import EventsQuery, StateQuery, read_query
from headway.gateways.services import Services
from headway.gateways.waiting import ClientLeft
from headway.hub.frames import View
from headway.ops.logging import bound
from headway.security.principal import Principal
from headway.stores.base import RunRow
from headway.types import RunId

EVENT_STREAM: Final = "text/event-stream"
_OF_PAGES: Final = frozenset({"after", "limit", "type"})
_POLLING: Final = _OF_PAGES | {"wait"}


async def run_response(
    services: Services, request: Request, run_id: RunId, *, viewer: str | None = None, view: View | None = None
) -> Response:
    """Return the answer to a request for a run: its stream, its state, a page of its log, or why not.

    A refusal is an answer, too (problem+json): raised, it would get the foreign application's form of errors. It is
    decided here, before anything is sent, so middleware and the application's log see the real status.

    Args:
        services: Of the Headway.
        request: Asks for a stream (the usual ``Accept``), or polls (``Accept: application/json``, ``?after=``,
            ``?wait=``).
        run_id: The run.
        viewer: User whose runs may be seen; None: the application has checked that itself.
        view: Makes the messages of the stream, in place of events.
    """
    exchange = Exchange.of(services, request.scope)
    try:
        services.started()
        row = await services.store.get(run_id)
        if row is None or (viewer is not None and row.owner != viewer):
            raise RunNotFound(f"there is no run {run_id[:64]!r}")
        exchange.principal = Principal(row.owner if viewer is None else viewer)
        if is_polling(request):
            return await _polled(exchange, row, request)
    except HeadwayError as error:
        later = None if is_polling(request) else sse.come_back(services, error, request.scope)
        return later or problem(error, exchange.request_id)
    except ClientLeft:
        return Response(status_code=204)  # nobody reads it
    return RunResponse(exchange, row, view)


def is_polling(request: Request) -> bool:
    """Whether a request wants one answer rather than a stream."""
    if _POLLING & request.query_params.keys():
        return True
    offers = (EVENT_STREAM, JSON, poll.NDJSON)
    return preferred(request.headers.get("accept"), offers) != EVENT_STREAM


async def _polled(exchange: Exchange, row: RunRow, request: Request) -> Response:
    accept = request.headers.get("accept")
    if _OF_PAGES & request.query_params.keys() or preferred(accept, (JSON, poll.NDJSON)) == poll.NDJSON:
        query = read_query(EventsQuery, request.query_params)
        answer = await poll.events_answer(exchange, row, query, accept, request.receive)
    else:
        known = request.headers.get("if-none-match")
        answer = await poll.state_answer(
            exchange, row, read_query(StateQuery, request.query_params), known, request.receive
        )
    answer.headers.add_vary_header("Accept")
    return answer


class RunResponse(Response):
    """The stream of one run. What it sends is plain ASGI, so the connection can be handed over.

    Args:
        exchange: The request it answers.
        run: The run, which whoever asks may see.
        view: Makes its messages, or None.
    """

    def __init__(self, exchange: Exchange, run: RunRow, view: View | None = None) -> None:
        super().__init__(media_type=EVENT_STREAM)
        self._view = view
        self._exchange = exchange
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the run ends or the client leaves, or until the connection is handed over.

        Background tasks the application added are done then.
        """
        exchange = self._exchange
        with bound(request_id=exchange.request_id):
            try:
                viewer = exchange.principal.user
                await sse.stream_run(exchange.services, scope, receive, send, self._run, viewer=viewer, view=self._view)
            except HeadwayError as error:  # a wrong parameter, or no place: raised before anything was sent
                later = sse.come_back(exchange.services, error, scope)
                await (later or problem(error, exchange.request_id))(scope, receive, send)
        if self.background is not None:
            await self.background()
