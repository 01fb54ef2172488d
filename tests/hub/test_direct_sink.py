"""What a handed-over connection keeps for a client that does not read, and what the client gets when it does."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
import uvloop

from headway.core.sse import LAST_CHUNK
from headway.hub.direct import DirectSink, tune

BUDGET = 262_144
KERNEL = 1_500_000
"""More than the kernel keeps for a connection on loopback."""

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Told:
    """Notes what a sink says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def paused(self) -> None:
        """The budget is used up."""
        self.said.append("paused")

    def resumed(self) -> None:
        """The client has read on."""
        self.said.append("resumed")

    def gone(self) -> None:
        """The connection is over."""
        self.said.append("gone")

    def shut_down(self) -> None:
        """The server exits."""


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[DirectSink, Told, socket.socket]]:
    """Give a sink on a real connection, whom it tells, and the client's end."""
    loop, told = asyncio.get_running_loop(), Told()
    made: asyncio.Future[DirectSink] = loop.create_future()

    class Accept(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            # uvloop's transports are none of asyncio's classes
            made.set_result(DirectSink(cast("asyncio.Transport", transport), set(), told, budget=BUDGET))

    server = await loop.create_server(Accept, "127.0.0.1", 0)
    client = socket.create_connection(server.sockets[0].getsockname())
    client.setblocking(False)
    sink = await made
    try:
        yield sink, told, client
    finally:
        if "gone" not in told.said:
            sink.abort()
        client.close()
        server.close()


async def settled(sink: DirectSink) -> int:
    """Return how much is buffered once the kernel has taken what it takes."""
    before = -1
    while before != (held := sink.buffered()):
        before = held
        await asyncio.sleep(0.05)
    return held


def run(loop: str, work: Callable[[], object]) -> None:
    """Run a coroutine function on this kind of loop."""
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(work())  # type: ignore[arg-type]


@pytest.mark.parametrize("loop", LOOPS)
def test_what_waits_costs_no_more_than_a_reference(loop: str) -> None:
    """Small events to a client that does not read: the bytes are shared, and a waiting write costs nothing more."""

    async def work() -> None:
        async with connected() as (sink, _, _):
            sink.write(b"s" * KERNEL)  # as large a snapshot as fills the kernel
            held = await settled(sink)
            assert held > 0
            event = b"e" * 200
            tracemalloc.start()
            try:
                before, _ = tracemalloc.get_traced_memory()
                for _ in range(1_000):
                    sink.write(event)
                    await asyncio.sleep(0)
                grown = tracemalloc.get_traced_memory()[0] - before
            finally:
                tracemalloc.stop()
            assert sink.buffered() == held + 200_000
            assert grown < 50_000
            sink.abort()

    run(loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_reads_again_gets_everything_in_order(loop: str) -> None:
    """The owner is told once when the budget is used up, and once when the client has read on."""

    async def work() -> None:
        async with connected() as (sink, told, client):
            wanted = bytearray(b"s" * KERNEL)
            sink.write(bytes(wanted))
            for number in range(40):
                wanted += b"%08d" % number * 1_000
                sink.write(b"%08d" % number * 1_000)
            assert told.said == ["paused"]
            got = bytearray()
            while len(got) < len(wanted):
                got += await asyncio.get_running_loop().sock_recv(client, 65_536)
            assert got == wanted
            await asyncio.sleep(0.01)
            assert told.said == ["paused", "resumed"]
            assert sink.buffered() == 0

    run(loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_response_ends_behind_what_is_kept(loop: str) -> None:
    """Closed while the client does not read, it still gets every byte, then the last chunk, then the end."""

    async def work() -> None:
        async with connected() as (sink, told, client):
            sink.write(b"s" * KERNEL)
            sink.write(b"kept")
            sink.close(b"last")
            got = bytearray()
            while piece := await asyncio.get_running_loop().sock_recv(client, 65_536):
                got += piece
            assert bytes(got[KERNEL:]) == b"kept4\r\nlast\r\n" + LAST_CHUNK
            await asyncio.sleep(0.01)
            assert told.said[-1] == "gone"

    run(loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_left_before_it_was_tuned(loop: str) -> None:
    """The socket has no descriptor any more: there is nothing to set, and nothing to complain of."""

    async def work() -> None:
        made: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()

        class Accept(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                made.set_result(cast("asyncio.Transport", transport))

        server = await asyncio.get_running_loop().create_server(Accept, "127.0.0.1", 0)
        try:
            with socket.create_connection(server.sockets[0].getsockname()):
                transport = await made
                transport.get_extra_info("socket")  # uvicorn asks, too, and uvloop keeps what it answered
                transport.abort()
                await asyncio.sleep(0.01)
                tune(transport)
        finally:
            server.close()

    run(loop, work)
