"""The network that knows HTTP does what the fault matrix relies on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from headway.core.sse import LAST_CHUNK, chunk
from tests.e2e.http_proxy import HttpProxy

PATIENCE_S = 10
BRIEFLY_S = 0.2
STREAM = "/headway/v1/runs/run_1/stream?client=ts"
RUN = "/headway/v1/runs/run_1"


class Upstream:
    """A server with a stream, whose pieces are said by the test, and an echo at every other path."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if STREAM in head:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
                writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
                await self._stream(reader, writer)
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + head.encode())

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        leaving = asyncio.create_task(self._until_left(reader))
        while piece := await self.pieces.get():
            writer.write(chunk(piece))
        writer.write(LAST_CHUNK)
        leaving.cancel()

    async def _until_left(self, reader: asyncio.StreamReader) -> None:
        await reader.read()
        self.left.set()
        self.pieces.put_nowait(b"")


@pytest.fixture
def upstream() -> Upstream:
    """What is behind the network."""
    return Upstream()


@pytest.fixture
async def proxy(upstream: Upstream) -> AsyncIterator[HttpProxy]:
    """A network before it."""
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    async with server, HttpProxy(server.sockets[0].getsockname()[1]) as proxy, asyncio.timeout(PATIENCE_S):
        yield proxy


@pytest.fixture
async def browser(proxy: HttpProxy) -> AsyncIterator[httpx.AsyncClient]:
    """A client on this side."""
    async with httpx.AsyncClient(base_url=proxy.url, timeout=PATIENCE_S, trust_env=False) as client:
        yield client


class Reader:
    """Reads a stream."""

    def __init__(self, response: httpx.Response) -> None:
        self._bytes = response.aiter_raw()

    async def reads(self, expected: bytes) -> None:
        """See that exactly this comes next."""
        got = b""
        while len(got) < len(expected):
            got += await anext(self._bytes)
        assert got == expected

    async def ends(self) -> None:
        """See that the response ends as HTTP ends it."""
        with pytest.raises(StopAsyncIteration):
            await anext(self._bytes)

    async def breaks(self) -> None:
        """See that it ends otherwise."""
        with pytest.raises(httpx.TransportError):
            await anext(self._bytes)


@contextlib.asynccontextmanager
async def watching(browser: httpx.AsyncClient, upstream: Upstream) -> AsyncIterator[Reader]:
    """Open the stream and see that it flows."""
    async with browser.stream("GET", STREAM) as response:
        reader = Reader(response)
        upstream.pieces.put_nowait(b"event: one\n\n")
        await reader.reads(b"event: one\n\n")
        yield reader


async def test_requests_and_answers_get_through(proxy: HttpProxy, browser: httpx.AsyncClient) -> None:
    """With their bodies, each on a connection of its own, and are counted."""
    for _ in range(2):
        assert (await browser.post(RUN, content=b"body")).text.startswith(f"POST {RUN} HTTP/1.1")
    assert [(each.method, each.path, each.status) for each in proxy.exchanges] == [("POST", RUN, 200)] * 2
    assert proxy.accepted == 2
    assert proxy.streams == []


async def test_a_stream_gets_through_and_ends(proxy: HttpProxy, browser: httpx.AsyncClient, upstream: Upstream) -> None:
    """Piece by piece, to its end."""
    async with watching(browser, upstream) as reader:
        assert [each.open for each in proxy.streams] == [True]
        upstream.pieces.put_nowait(b"event: two\n\n")
        await reader.reads(b"event: two\n\n")
        upstream.pieces.put_nowait(b"")
        await reader.ends()
    assert proxy.streams[0].body == b"event: one\n\nevent: two\n\n"
    assert [proxy.streams[0].frames(name) for name in ("one", "two", "three")] == [1, 1, 0]


async def test_who_leaves_is_gone_behind_the_network_too(
    proxy: HttpProxy, browser: httpx.AsyncClient, upstream: Upstream
) -> None:
    """The server learns of it."""
    async with watching(browser, upstream):
        pass
    await upstream.left.wait()


async def test_the_ways_a_stream_may_end(proxy: HttpProxy, browser: httpx.AsyncClient, upstream: Upstream) -> None:
    """Ended as HTTP ends it; dropped and reset, which a client can tell from that."""
    async with watching(browser, upstream) as reader:
        proxy.end()
        await reader.ends()
    for fault in (proxy.drop, proxy.cut):
        async with watching(browser, upstream) as reader:
            fault()
            await reader.breaks()


async def test_a_stream_is_held_back(proxy: HttpProxy, browser: httpx.AsyncClient, upstream: Upstream) -> None:
    """Its head comes, its body when there is enough of it, and the rest at its end."""
    proxy.hold_bytes = 30
    async with browser.stream("GET", STREAM) as response:
        reader = Reader(response)
        upstream.pieces.put_nowait(b"event: one\n\n")
        await asyncio.sleep(BRIEFLY_S)
        assert proxy.streams[0].body == b""
        upstream.pieces.put_nowait(b"data: " + b"x" * 20 + b"\n\n")
        await reader.reads(b"event: one\n\ndata: " + b"x" * 20 + b"\n\n")
        upstream.pieces.put_nowait(b"event: two\n\n")
        upstream.pieces.put_nowait(b"")
        await reader.reads(b"event: two\n\n")
        await reader.ends()


async def test_a_silent_stream_is_closed(proxy: HttpProxy, browser: httpx.AsyncClient, upstream: Upstream) -> None:
    """And only then."""
    proxy.idle_s = 1
    async with watching(browser, upstream) as reader:
        for _ in range(8):
            upstream.pieces.put_nowait(b"event: ping\n\n")
            await reader.reads(b"event: ping\n\n")
            await asyncio.sleep(BRIEFLY_S)
        await reader.breaks()


async def test_words_come_between_frames(proxy: HttpProxy, browser: httpx.AsyncClient, upstream: Upstream) -> None:
    """At once where a frame has ended, else when it has."""
    async with watching(browser, upstream) as reader:
        proxy.say("event: said\n\n")
        await reader.reads(b"event: said\n\n")
        upstream.pieces.put_nowait(b"event: ")
        await reader.reads(b"event: ")
        proxy.say("event: said\n\n")
        upstream.pieces.put_nowait(b"two\n\n")
        await reader.reads(b"two\n\nevent: said\n\n")


async def test_answers_in_the_servers_place(proxy: HttpProxy, browser: httpx.AsyncClient) -> None:
    """So often, to these paths; then the server answers again."""
    proxy.answer(503, "<h1>Away</h1>", times=2)
    assert (await browser.get("/page")).status_code == 200
    statuses = [(await browser.get(RUN)).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    proxy.answer(200, "<h1>Sign in</h1>")
    answer = await browser.get(RUN)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "<h1>Sign in</h1>", "text/html")
    proxy.heal()
    assert (await browser.get(RUN)).text.startswith("GET")


async def test_an_answer_is_lost(proxy: HttpProxy, browser: httpx.AsyncClient) -> None:
    """The request arrived; the next one is answered."""
    proxy.lose("/v1/")
    assert (await browser.get("/page")).status_code == 200
    with pytest.raises(httpx.TransportError):
        await browser.post(RUN)
    assert proxy.exchanges[-1].status is None
    assert (await browser.post(RUN)).status_code == 200


async def test_a_token_is_asked_for(proxy: HttpProxy, browser: httpx.AsyncClient) -> None:
    """By the API only, and the server sees it, too."""
    proxy.token = "good"
    bad, good = {"Authorization": "Bearer bad"}, {"Authorization": "Bearer good"}
    assert (await browser.get("/page")).status_code == 200
    assert (await browser.get(RUN)).status_code == 401
    assert (await browser.get(RUN, headers=bad)).status_code == 401
    assert "authorization: bearer good" in (await browser.get(RUN, headers=good)).text.lower()
