"""All routes as one ASGI application, mountable at any prefix of any application.

A request goes through here first: it gets its ids, is looked at by the gate, and goes on to plain ASGI (streams, so
that the connection can be handed over, and ingest, which every reported event passes) or to FastAPI (everything else).
Whatever goes wrong on the way is answered as problem+json.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headway.errors import HeadwayError, InvalidQuery, MethodNotAllowed
from headway.gateways import (
    console,
    ingest,
    openapi,
    operations,
    outputs,
    poll,
    rest,
    sse,
    steering,
    system,
    viewers,
)
from headway.gateways.exchange import Exchange, exchange_of
from headway.gateways.problem import as_headway, problem
from headway.gateways.queries import WhichQuery, read_query
from headway.gateways.services import Services
from headway.gateways.waiting import ClientLeft
from headway.ops.logging import bound, get_logger
from headway.stores.base import RunFilter
from headway.types import RunId
from headway.version import VERSION

_log = get_logger(__name__)

CLIENT_LEFT: Final = 499
"""Counted for requests whose client did not wait for the answer; never sent to anybody."""

GATEWAYS: Final = (rest, poll, outputs, ingest, steering, viewers, system, operations, console)
READING: Final = frozenset({"GET", "HEAD"})

Serve = Callable[[Exchange, Scope, Receive, Send], Awaitable[None]]


def api(services: Services) -> ASGIApp:
    """Return the application that serves all of Headway's routes."""
    return Api(services)


@functools.cache
def rest_application() -> FastAPI:
    """Return the FastAPI application of everything that is not a stream.

    It keeps no state: what it works with comes with each request. So there is one, however many Headways there are.
    """
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
    for gateway in GATEWAYS:
        app.include_router(gateway.router)
    for kind in (HeadwayError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _answer_error)
    for kind in (ClientLeft, ClientDisconnect):
        app.add_exception_handler(kind, _answer_nobody)
    app.openapi = functools.cache(lambda: openapi.document(app, VERSION))  # type: ignore[method-assign]
    return app


async def _answer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        error.headers = {"Allow": ", ".join(sorted(_methods(request)))}  # the router names those of one route only
    return problem(as_headway(error), exchange_of(request).request_id)


def _methods(request: Request) -> set[str]:
    """Methods the address of a request knows."""
    known: set[str] = set()
    for gateway in GATEWAYS:
        for route in gateway.router.routes:
            if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE:
                known |= route.methods or set()
    return known | ({"HEAD"} if "GET" in known else set())


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_LEFT)


class Api:
    """See `api`.

    Args:
        services: What the gateways work with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rest = rest_application()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _refuse(scope, receive, send)
            return
        exchange = Exchange.of(self._services, scope)
        answer = Answer(exchange, scope, send)
        with bound(request_id=exchange.request_id):
            try:
                await self._answer(exchange, scope, receive, answer.send)
            except ClientDisconnect:
                pass  # nobody reads an answer
            except Exception as error:  # noqa: BLE001 - the last one to know: the client gets an answer, the log the rest
                await answer.fail(error, receive)
            finally:
                answer.count()

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        services, headers = self._services, Headers(scope=scope)
        preflight = services.origins.preflight(scope["method"], headers)
        if preflight is not None:
            await Response(status_code=204, headers=preflight)(scope, receive, send)
            return
        path = local_path(scope)
        if path not in operations.PUBLIC and not console.serves(path):
            services.started()
            services.origins.check(scope["method"], headers)
            exchange.principal = await services.gate.principal(HTTPConnection(scope))
        route = _plain_route(scope["method"], path)
        if route is None:
            await self._serve_rest(scope, receive, send)
            return
        scope["route"] = route
        if scope["method"] not in route.methods:
            raise MethodNotAllowed("a stream is read with GET", allow=sorted(route.methods))
        try:
            await route.serve(exchange, scope, receive, send)
        except HeadwayError as error:
            later = sse.come_back(services, error, scope) if route.lasts else None
            if later is None:
                raise
            await later(scope, receive, send)

    async def _serve_rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "HEAD":
            await self._rest(scope, receive, send)
            return
        reading = {**scope, "method": "GET"}  # a copy: the server looks into its own scope for what to send
        await self._rest(reading, receive, _without_body(send))
        scope["route"] = reading.get("route")


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


def local_path(scope: Scope) -> str:
    """Return the path below the prefix Headway is mounted at."""
    path: str = scope["path"]
    prefix: str = scope.get("root_path", "")
    # servers differ in whether `path` holds the prefix
    return path.removeprefix(prefix) if path == prefix or path.startswith(prefix + "/") else path


@dataclass(frozen=True, slots=True)
class Route:
    """A route that is served without FastAPI.

    Attributes:
        path: Its template, for metrics.
        serve: Answers.
        lasts: It is answered for as long as somebody reads.
    """

    path: str
    serve: Serve
    methods: frozenset[str] = READING
    lasts: bool = True


_OF_A_RUN: Final = re.compile(r"/v1/runs/([^/]+)/(stream|events)")


def _plain_route(method: str, path: str) -> Route | None:
    """Return what serves the streams and ingest: the hand-over needs the first plain, every event passes the second."""
    if path == "/v1/runs/stream":
        return Route(path, _list_stream)
    if path == "/v1/stream":
        return Route(path, _many_stream)
    match = _OF_A_RUN.fullmatch(path)
    if match is None:
        return None
    if match[2] == "stream":
        return Route("/v1/runs/{run_id}/stream", functools.partial(_run_stream, match[1]))
    if method != "POST":
        return None
    serve = functools.partial(_report, match[1])
    return Route("/v1/runs/{run_id}/events", serve, methods=frozenset({"POST"}), lasts=False)


async def _report(run_id: RunId, asked: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    execution_id = QueryParams(scope["query_string"]).get("execution_id")
    answer = await ingest.report(run_id, Request(scope, receive), asked, execution_id)
    await answer(scope, receive, send)


async def _run_stream(run_id: RunId, asked: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    row = await asked.run(run_id)
    await sse.stream_run(asked.services, scope, receive, send, row, viewer=asked.principal.user)


async def _many_stream(asked: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    await sse.stream_runs(asked.services, scope, receive, send, asked.run, viewer=asked.principal.user)


async def _list_stream(asked: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    asked.principal.require("runs:read")
    params = QueryParams(scope["query_string"])
    if params.get("q", "").strip():
        # told, as a list that leaves it out shows runs nobody looked for
        raise InvalidQuery(
            "q: the live list does not look for runs",
            hint="ask `GET /v1/runs?q=` in its place, again every few seconds",
        )
    query = read_query(WhichQuery, params)
    which = RunFilter(owner=asked.owner, status=query.status or None, job=query.job, group=query.group)
    await sse.stream_list(asked.services, scope, receive, send, which, viewer=asked.principal.user)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what is not HTTP."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000, "reason": "streams are server-sent events"})
        return
    while True:  # lifespan, when served by itself: the application's lifespan does the work
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class Answer:
    """What goes out: the headers every answer has, and what became of it.

    Args:
        exchange: The request.
        scope: Of the request.
        send: Of the server.
    """

    def __init__(self, exchange: Exchange, scope: Scope, send: Send) -> None:
        self._exchange = exchange
        self._scope = scope
        self._send = send
        self._began = time.perf_counter()
        self._method = scope["method"]
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Send on, with our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            headers["X-Request-ID"] = self._exchange.request_id
            headers["X-Content-Type-Options"] = "nosniff"
            self._exchange.services.origins.decorate(Headers(scope=self._scope), headers)
            message = {**message, "headers": headers.raw}
        await self._send(message)

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Answer an error, if it is not too late for that."""
        ours = as_headway(error)
        if ours.status >= 500 and ours.code in ("internal", "usage"):
            _log.error("a request failed", error=error, method=self._method, route=self._route())
        if self.status is None:
            await problem(ours, self._exchange.request_id)(self._scope, receive, self.send)

    def count(self) -> None:
        """Count the request."""
        route = self._scope.get("route")
        seconds = None if isinstance(route, Route) and route.lasts else time.perf_counter() - self._began
        self._exchange.services.metrics.request(self._route(), self._method, self.status or CLIENT_LEFT, seconds)

    def _route(self) -> str:
        """Return the template of the route that answered; there are few of them, whatever is asked for."""
        route = self._scope.get("route")
        return route.path if isinstance(route, Route | APIRoute) else "other"
