"""A real Headway on a real server, and a network before it that misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import uvicorn
from starlette.applications import Starlette

from headway.app import Headway
from headway.hub.direct import http_protocol


@dataclass
class Running:
    """A Headway being served.

    Attributes:
        url: Where its routes are.
    """

    hw: Headway
    url: str
    loop: asyncio.AbstractEventLoop

    async def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something on the server's loop and return what it returns."""

        async def run() -> Any:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), self.loop))


@contextmanager
def running(hw: Headway, *, prefix: str = "") -> Iterator[Running]:
    """Serve it in a thread until the block ends."""
    app = Starlette(lifespan=hw.lifespan)
    hw.mount(app, prefix)
    config = uvicorn.Config(app, port=0, http=http_protocol(), log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    def work() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(main())

    thread = threading.Thread(target=work, name="server", daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Running(hw, f"http://127.0.0.1:{port}{prefix}", loops[0])
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server does not exit"


Mode = Literal["open", "closed", "no answers", "silent"]


@dataclass
class Wire:
    """A TCP proxy.

    Attributes:
        mode: ``open`` passes on; ``closed`` breaks connections and takes none; ``no answers`` passes requests on and
            breaks the connection where the answer should come; ``silent`` passes nothing on and breaks nothing.
        lost: Answers that did not get through.
    """

    port: int
    mode: Mode = "open"
    lost: int = 0
    url: str = ""
    _carriers: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        carrier = asyncio.create_task(self._serve(reader, writer))
        self._carriers[carrier] = writer
        carrier.add_done_callback(self._carriers.pop)

    async def end(self) -> None:
        """Break everything."""
        self.switch("closed")
        if self._carriers:
            await asyncio.wait(list(self._carriers))

    def switch(self, mode: Mode) -> None:
        """Change what it does; open connections break."""
        self.mode = mode
        for writer in list(self._carriers.values()):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.mode == "closed":
                return
            if self.mode == "silent":
                await reader.read()
                return
            await self._carry(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)
        to_server = asyncio.create_task(_pump(reader, up_writer))
        try:
            while data := await up_reader.read(65_536):
                if self.mode == "no answers":
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()
        finally:
            writer.transport.abort()
            await to_server


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one way; when that is over, break the other side."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def wire(server: Running) -> AsyncIterator[Wire]:
    """Put a network before a server."""
    port = int(server.url.removeprefix("http://127.0.0.1:").partition("/")[0])
    made = Wire(port)
    listening = await asyncio.start_server(made.begin, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        listening.close()
        await made.end()
