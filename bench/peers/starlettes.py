"""The two usual ways to stream from FastAPI: sse-starlette, and FastAPI's own `fastapi.sse`.

Also the program itself: `python starlettes.py NAME PORT`, run in an environment of its own (requirements/bench.txt),
because sse-starlette changes uvicorn when it is imported. Both get what favours them: uvloop, httptools, no access log,
data that is not encoded again, and one queue per viewer, as their documentation shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.peers import Server

PYTHON = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
VERSIONS = "import importlib.metadata as m; print(' '.join(f'{n} {m.version(n)}' for n in %r))"


class Starlettes:
    """One of the two on uvicorn.

    Args:
        name: What the row is called.
        packages: Whose versions are told.
        pace: See `bench.peers.Peer`.
    """

    def __init__(self, name: str, packages: tuple[str, ...], pace: float) -> None:
        self.name = name
        self.pace = pace
        self._packages = (*packages, "uvicorn", "uvloop")

    def missing(self) -> str:
        """Say what is needed and not there."""
        return "" if PYTHON.exists() else "the packages of requirements/bench.txt in .venv-bench (`make bench-peers`)"

    def about(self) -> str:
        """Return the versions of its packages."""
        return subprocess.check_output([PYTHON, "-c", VERSIONS % (self._packages,)], text=True).strip()

    @contextlib.contextmanager
    def serve(self, directory: Path, cores: set[int]) -> Iterator[Server]:
        """Run this file."""
        # Not at the top: as a program this file runs without the package.
        from bench.peers import Server
        from bench.processes import free_port, running, wait_for_port

        port, log = free_port(), directory / f"{self.name}.log"
        with running([PYTHON, __file__, self.name, str(port)], log=log, cores=cores) as process:
            wait_for_port(process, port, log)
            yield Server(port, process.pid, "/stream", "/publish")


PEERS = (
    Starlettes("sse-starlette", ("sse-starlette", "starlette"), pace=0.4),
    Starlettes("fastapi.sse", ("fastapi", "starlette"), pace=0.15),
)

# ------------------------------------------------------------------------------------------------ the program


class Channel:
    """One queue per viewer."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[tuple[str, str]]] = set()
        self._ids = itertools.count(1)

    def publish(self, data: str) -> None:
        """Hand an event to every viewer."""
        event = str(next(self._ids)), data
        for queue in self._queues:
            queue.put_nowait(event)

    async def watch(self) -> AsyncIterator[tuple[str, str]]:
        """Yield what is published from now on: id and data."""
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)


def application(name: str) -> Any:
    """Return the application of one of the two."""
    from fastapi import FastAPI, Request, Response

    app, channel = FastAPI(), Channel()

    async def publish(request: Request) -> Response:
        channel.publish((await request.body()).decode())
        return Response(status_code=202)

    publish.__annotations__["request"] = Request  # its name is not known outside of this function
    app.post("/publish", response_model=None)(publish)
    _add_sse_starlette(app, channel) if name == "sse-starlette" else _add_fastapi_sse(app, channel)
    return app


def _add_sse_starlette(app: Any, channel: Channel) -> None:
    from sse_starlette import EventSourceResponse, ServerSentEvent

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for id, data in channel.watch():
            yield ServerSentEvent(data, id=id)

    async def stream() -> Any:
        return EventSourceResponse(events())

    app.get("/stream", response_model=None)(stream)


def _add_fastapi_sse(app: Any, channel: Channel) -> None:
    from fastapi.sse import EventSourceResponse, ServerSentEvent

    async def stream() -> AsyncIterator[Any]:
        async for id, data in channel.watch():
            yield ServerSentEvent(raw_data=data, id=id)

    app.get("/stream", response_class=EventSourceResponse)(stream)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(
        application(sys.argv[1]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        backlog=4096,
    )
