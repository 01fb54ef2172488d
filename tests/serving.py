"""Real servers for the tests of streams: uvicorn in a thread of its own, with a store in memory and the hub.

The tests' own event loop plays the clients; the server's loop may be asyncio's or uvloop's, its streams handed over or
by ``send()``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from headway.core.events import NewEvent, new_event
from headway.errors import HeadwayError, RunNotFound
from headway.gateways.sse import stream_list, stream_run, stream_runs
from headway.hub import Hub, HubSettings
from headway.hub.asgi import Receive, Scope, Send
from headway.hub.direct import http_protocol
from headway.stores.base import RunFilter, RunRow, Store, Write
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from tests.stores.builders import new_run, started

Wrap = Callable[[Any], Any]


@dataclass
class Streams:
    """A small application: three kinds of streams, whoever asks may see every run.

    Attributes:
        before: Awaited before a stream begins, where an application would look up who asks.
    """

    store: Store
    settings: HubSettings = field(default_factory=HubSettings)
    before: Callable[[], Awaitable[None]] | None = None
    requests: int = 0

    def __post_init__(self) -> None:
        self.projections = Projections(self.store)
        self.hub = Hub(self.store, self.projections, self.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        self.requests += 1
        if self.before is not None:
            await self.before()
        try:
            await self._stream(scope, receive, send)
        except HeadwayError as error:
            await send({"type": "http.response.start", "status": error.status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        match path.strip("/").split("/"):
            case ["v1", "stream"]:
                await stream_runs(self, scope, receive, send, self.find)
            case ["v1", "runs", "stream"]:
                await stream_list(self, scope, receive, send, RunFilter())
            case ["v1", "runs", run_id, "stream"]:
                await stream_run(self, scope, receive, send, await self.find(run_id), viewer=_viewer(scope))
            case _:
                raise RunNotFound("there is nothing here")

    async def find(self, run_id: str) -> RunRow:
        """Return a run."""
        run = await self.store.get(run_id)
        if run is None:
            raise RunNotFound(f"there is no run {run_id}")
        return run

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        with self.hub.ending_with_the_process():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        """Open the store and start the hub."""
        await self.store.open()
        await self.hub.start()

    async def stop(self) -> None:
        """End the streams and close the store."""
        await self.hub.stop()
        await self.store.close()


def _viewer(scope: Scope) -> str:
    return next((value.decode() for name, value in scope["headers"] if name == b"x-user"), "")


@dataclass
class Server:
    """A running server."""

    app: Streams
    port: int
    uvicorn: uvicorn.Server
    loop: asyncio.AbstractEventLoop

    @property
    def hub(self) -> Hub:
        """Of the application."""
        return self.app.hub

    async def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something on the server's loop and return what it returns."""

        async def run() -> Any:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), self.loop))

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a plain function on the server's loop."""

        async def work() -> Any:
            return function(*args)

        return await self.do(work)

    async def run(self, *events: NewEvent) -> RunRow:
        """Create a run that is running."""
        run, _ = await self.do(lambda: self.app.store.create(new_run(started(), *events)))
        row: RunRow = run
        return row

    async def append(self, run: RunRow, *events: NewEvent) -> RunRow:
        """Append to a run's log."""
        write = Write(events=events, execution_id=run.execution_id)
        return (await self.do(lambda: self.app.store.append(run.id, write))).run

    async def statistics(self) -> dict[str, Any]:
        """Return the hub's."""
        return dict(await self.call(self.hub.statistics))

    async def settled(self, predicate: Callable[[dict[str, Any]], bool], patience_s: float = 60) -> dict[str, Any]:
        """Wait until the hub's statistics are as wanted, and return them."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while not predicate(found := await self.statistics()):
            assert asyncio.get_running_loop().time() < deadline, f"never settled: {found}"
            await asyncio.sleep(0.02)
        return found


@contextmanager
def serving(
    *,
    direct: bool = True,
    loop: str = "asyncio",
    http: Any = None,
    settings: HubSettings | None = None,
    store: Store | None = None,
    wrap: Sequence[Wrap] = (),
    before: Callable[[], Awaitable[None]] | None = None,
    **options: Any,
) -> Iterator[Server]:
    """Run a server until the block ends.

    Args:
        direct: With our protocol, else with uvicorn's own.
        loop: ``asyncio`` or ``uvloop``.
        http: uvicorn's ``http=`` when it is neither.
        settings: Of the hub.
        store: With the runs; a new one in memory when None.
        wrap: Middlewares, the innermost first.
        before: See `Streams`.
        options: For uvicorn.
    """
    app = Streams(store or MemoryStore(), settings or HubSettings(), before)
    wrapped: Any = app
    for middleware in wrap:
        wrapped = middleware(wrapped)
    options = {"log_level": "critical", "access_log": False, "lifespan": "on", **options}
    protocol = http or (http_protocol() if direct else "httptools")
    server = uvicorn.Server(uvicorn.Config(wrapped, port=0, http=protocol, loop=loop, **options))
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    def work() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(main())

    thread = threading.Thread(target=work, name="server", daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.01)
        yield Server(app, server.servers[0].sockets[0].getsockname()[1], server, loops[0])
    finally:
        if loops and thread.is_alive():
            loops[0].call_soon_threadsafe(app.hub.begin_drain)  # what the lifespan's signal handler does
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server does not exit"


def note(body: str = "x" * 100) -> NewEvent:
    """An event of about 300 bytes."""
    return new_event("note", {"body": body})


def delta(text: str, key: str = "text") -> NewEvent:
    """A piece of an output."""
    return new_event("output.appended", {"key": key, "delta": text})


SUCCEEDED = new_event("run.succeeded", {"result": {"answer": 42}})
FAILED = new_event("run.failed", {"error": {"code": "job_error", "message": "it broke"}})
