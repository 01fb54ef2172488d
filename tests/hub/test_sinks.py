import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from headway.hub.sinks import SendSink


class _Owner:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: self.heard.append(name)


class _Server:
    """The ASGI side of one request, whose client reads when the test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, bool]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, event: Any) -> None:
        await self.reads.wait()
        self.sent.append((event["body"], event["more_body"]))


@pytest.fixture
async def server() -> _Server:
    """A server whose client reads."""
    return _Server()


def _sink(server: _Server, **options: Any) -> tuple[SendSink, _Owner]:
    owner = _Owner()
    return SendSink(server.events.get, server.send, owner, budget=100, **options), owner


async def _turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_written_is_sent_in_order(server: _Server) -> None:
    """What came while nothing was sent goes out in one piece."""
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    sink.write(b"a")
    sink.write(b"b")
    await _turns()
    sink.write(b"c")
    sink.close(b"d")
    sink.write(b"too late")
    await task
    assert server.sent == [(b"ab", True), (b"c", True), (b"d", False)]
    assert owner.heard == ["gone"]


async def test_a_client_that_does_not_read(server: _Server) -> None:
    """Past the budget the owner is told to stop, and to go on when the client has read."""
    server.reads.clear()
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    sink.write(b"first")
    await _turns()
    sink.write(b"x" * 100)
    assert (owner.heard, sink.buffered()) == ([], 100)
    sink.write(b"y")
    sink.write(b"z")
    assert owner.heard == ["paused"]
    server.reads.set()
    await _turns()
    assert owner.heard == ["paused", "resumed"]
    assert server.sent == [(b"first", True), (b"x" * 100 + b"yz", True)]
    sink.close(b"")
    await task


async def test_much_is_sent_in_parts(server: _Server) -> None:
    """One sees it getting less while a slow client reads."""
    sink, owner = _sink(server)
    body = bytes(range(256)) * 1_000
    sink.write(body)
    sink.write(b"more")
    sizes = []
    send = server.send

    async def watch(event: Any) -> None:
        sizes.append(sink.buffered())
        await send(event)

    sink._send = watch
    task = asyncio.create_task(sink.run())
    await _turns(20)
    sink.close(b"")
    await task
    assert b"".join(part for part, _ in server.sent) == body + b"more"
    assert sizes[:4] == [190_468, 124_932, 59_396, 0]
    assert owner.heard == ["paused", "resumed", "gone"]


async def test_it_goes_on_only_when_there_is_room(server: _Server) -> None:
    """What came during a long send still counts."""
    server.reads.clear()
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    sink.write(b"x" * 101)
    await _turns()
    assert sink.buffered() == 0
    sink.write(b"y" * 90)
    server.reads.set()
    await asyncio.sleep(0)
    assert owner.heard in (["paused"], ["paused", "resumed"])
    await _turns()
    assert owner.heard == ["paused", "resumed"]
    sink.close(b"")
    await task


async def _leave(server: _Server) -> None:
    await server.events.put({"type": "http.disconnect"})


async def test_the_client_leaves(server: _Server) -> None:
    """The task ends, and nothing more is sent."""
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    await _turns()
    await _leave(server)
    await task
    sink.write(b"nobody reads this")
    assert (server.sent, sink.buffered(), owner.heard) == ([], 0, ["gone"])


async def test_a_server_that_says_so_by_an_error(server: _Server) -> None:
    """ASGI 2.4: `send()` raises OSError when the client is gone."""

    async def send(event: Any) -> None:
        raise OSError

    server.send = send  # type: ignore[method-assign]
    sink, owner = _sink(server)
    sink.write(b"a")
    await sink.run()
    assert owner.heard == ["gone"]


async def test_abort_while_it_waits_for_news(server: _Server) -> None:
    """The task ends."""
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    await _turns()
    sink.abort()
    sink.abort()
    await task
    assert (server.sent, owner.heard) == ([], ["gone"])


async def test_abort_while_the_server_waits_for_the_client(server: _Server) -> None:
    """`send()` would never return: the task ends nevertheless, and is not taken for a cancelled one."""
    server.reads.clear()
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    sink.write(b"a")
    await _turns()
    sink.abort()
    await task
    assert not task.cancelled()
    assert task.cancelling() == 0
    assert owner.heard == ["gone"]


async def test_abort_breaks_the_connection_where_it_can(server: _Server) -> None:
    """Then the server itself ends what waits."""
    cuts: list[int] = []
    server.reads.clear()

    def cut() -> None:
        cuts.append(1)
        server.reads.set()

    sink, owner = _sink(server, cut=cut)
    task = asyncio.create_task(sink.run())
    sink.write(b"a")
    await _turns()
    sink.abort()
    await task
    assert (cuts, owner.heard) == ([1], ["gone"])


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("reads", [True, False])
async def test_a_cancelled_request_is_cancelled(server: _Server, reads: bool) -> None:
    """A server that gives up on us is not held up, whatever we wait for."""
    if not reads:
        server.reads.clear()
    sink, owner = _sink(server)
    task = asyncio.create_task(sink.run())
    sink.write(b"a")
    await _turns()
    await _cancel(task)
    assert owner.heard == ["gone"]
