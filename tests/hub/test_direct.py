import asyncio
import contextlib
import gc
import ssl
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from headway.hub import HubSettings, direct, uvicorn_protocol
from headway.hub.direct import http_protocol, why_off
from headway.stores.base import RunRow
from tests.serving import SUCCEEDED, Server, Wrap, note, serving
from tests.wire import Cut, Stream

LOOPS = ("asyncio", "uvloop")


async def _stream(server: Server, run: RunRow, **options: object) -> Stream:
    return await Stream.open(server.port, f"/v1/runs/{run.id}/stream", **options)  # type: ignore[arg-type]


async def _goes_on(server: Server, run: RunRow, stream: Stream) -> None:
    """An event, then the end, reach the viewer, and the response ends as it should."""
    await stream.until("snapshot")
    await server.append(run, note("hello"))
    frame = await stream.next()
    assert frame is not None
    assert "hello" in frame.data
    await server.append(run, SUCCEEDED)
    assert [frame.event for frame in await stream.rest()] == ["run.succeeded", "end"]
    assert stream.complete


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_stream_is_handed_over(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    """After the first bytes there is no task of uvicorn's any more, and the stream goes on to its end."""
    with serving(loop=loop, log_config=None, log_level="warning") as server:
        run = await server.run()
        stream = await _stream(server, run)
        await stream.until("snapshot")
        assert (await server.statistics())["direct"] == 1
        assert not server.uvicorn.server_state.tasks
        assert len(server.uvicorn.server_state.connections) == 1
        await server.append(run, SUCCEEDED)
        assert (await stream.rest())[-1].event == "end"
        assert stream.complete
        await server.settled(lambda found: found["open"] == 0)
        assert not server.uvicorn.server_state.connections
        assert server.uvicorn.server_state.total_requests == 1
    assert not caplog.records, "uvicorn does not miss its response"


@pytest.mark.parametrize("loop", LOOPS)
async def test_tls(loop: str, tmp_path: Path) -> None:
    """Under TLS, too."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with serving(loop=loop, ssl_certfile=tmp_path / "pem", ssl_keyfile=tmp_path / "pem") as server:
        run = await server.run()
        await _goes_on(server, run, await _stream(server, run, tls=trusting))
        assert (await server.statistics())["direct"] == 1


def _plain_http_middleware(app: object) -> BaseHTTPMiddleware:
    async def dispatch(request, call_next):
        response = await call_next(request)
        response.headers["x-seen"] = "yes"
        return response

    return BaseHTTPMiddleware(app, dispatch)  # type: ignore[arg-type]


MIDDLEWARES: dict[str, Wrap] = {
    "gzip": lambda app: GZipMiddleware(app, minimum_size=1),
    "cors": lambda app: CORSMiddleware(app, allow_origins=["*"]),
    "http": _plain_http_middleware,
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("name", MIDDLEWARES)
async def test_middlewares_that_leave_the_bytes_alone(name: str, loop: str, caplog: pytest.LogCaptureFixture) -> None:
    """What the middlewares of an application do after the hand-over does no harm."""
    with serving(loop=loop, wrap=[MIDDLEWARES[name]], log_config=None, log_level="warning") as server:
        run = await server.run()
        stream = await _stream(server, run, headers={"Origin": "http://x", "Accept-Encoding": "gzip"})
        if name == "http":
            assert stream.headers["x-seen"] == "yes"
        await _goes_on(server, run, stream)
        assert (await server.statistics())["direct"] == 1
    assert not caplog.records


class _Holding:
    """Holds every piece of a body back until the next one comes."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        held = []

        async def hold(message):
            if message["type"] == "http.response.body" and message.get("more_body"):
                held.append(message)
                message = held.pop(0) if len(held) > 1 else None
            elif message["type"] == "http.response.body" and held:
                message = {**message, "body": b"".join(old["body"] for old in held) + message["body"]}
            if message is not None:
                await send(message)

        await self._app(scope, receive, hold)


class _Shouting:
    """Changes every piece of a body."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        async def shout(message):
            if message["type"] == "http.response.body":
                message = {**message, "body": message["body"].replace(b"open", b"OPEN")}
            await send(message)

        await self._app(scope, receive, shout)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("middleware", [_Holding, _Shouting])
async def test_middlewares_that_touch_the_bytes(middleware: Wrap, loop: str) -> None:
    """Where a middleware changes or holds back what we send, the stream stays with it."""
    with serving(loop=loop, wrap=[middleware]) as server:
        run = await server.run()
        stream = await _stream(server, run)
        await server.append(run, note("hello"))
        await server.append(run, SUCCEEDED)
        events = [frame.event for frame in await stream.rest()]
        assert events[0] == ("OPEN" if middleware is _Shouting else "open")
        assert events[-1] == "end"
        assert stream.complete
        found = await server.statistics()
        assert found["direct"] == 0
        assert found["kept"] == {"a middleware changed or held back the response": 1}


class _Persistent:
    """Takes away the header that says that the response ends with the connection, as it is a matter of the hop."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        async def strip(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [pair for pair in message["headers"] if pair[0] != b"connection"]}
            await send(message)

        await self._app(scope, receive, strip)


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_response_after_which_the_connection_stays_is_not_handed_over(loop: str) -> None:
    """The stream runs by `send()`, and the connection takes a further request after its end."""
    with serving(loop=loop, wrap=[_Persistent]) as server:
        run = await server.run()
        stream = await _stream(server, run)
        await _goes_on(server, run, stream)
        assert (await server.statistics())["kept"] == {"the response does not end with the connection": 1}
        stream.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        await stream.head()
        assert stream.status == 404


class _Talkative:
    """Goes on talking when the application has returned."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        await self._app(scope, receive, send)
        if scope["type"] == "http":
            assert (await receive())["type"] == "http.disconnect", "as if the client had left"
            for _ in range(3):
                await send({"type": "http.response.body", "body": b"and one more thing", "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.mark.parametrize("loop", LOOPS)
async def test_what_is_sent_after_the_hand_over_reaches_nobody(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    """The viewer's connection is not its request's any more."""
    with serving(loop=loop, wrap=[_Talkative], log_config=None, log_level="warning") as server:
        run = await server.run()
        await _goes_on(server, run, await _stream(server, run))
        assert (await server.statistics())["direct"] == 1
    assert not caplog.records


@pytest.mark.parametrize("direct_path", [True, False])
@pytest.mark.parametrize("loop", LOOPS)
async def test_clients_that_leave_while_the_application_waits(loop: str, direct_path: bool) -> None:
    """500 clients reset their connections before the stream begins: none of them is kept."""
    arrived, go_on = 0, asyncio.Event()

    async def wait() -> None:
        nonlocal arrived
        arrived += 1
        await go_on.wait()

    with serving(loop=loop, direct=direct_path, before=wait, backlog=1024) as server:
        run = await server.run()
        streams = [await Stream.ask(server.port, f"/v1/runs/{run.id}/stream") for _ in range(500)]
        while arrived < 500:
            await asyncio.sleep(0.01)
        for stream in streams:
            stream.reset()
        await asyncio.sleep(0.1)
        await server.call(go_on.set)
        found = await server.settled(lambda found: found["connections"] == 500 and found["open"] == 0)
        assert found["direct"] == 0
        await server.append(run, note())
        assert not server.uvicorn.server_state.connections


@pytest.mark.parametrize("direct_path", [True, False])
@pytest.mark.parametrize("loop", LOOPS)
async def test_leaving(loop: str, direct_path: bool) -> None:
    """However a client leaves, its connection is forgotten."""
    with serving(loop=loop, direct=direct_path) as server:
        run = await server.run()
        for leave in ("close", "reset", "half_close"):
            stream = await _stream(server, run)
            await stream.until("snapshot")
            await server.settled(lambda found: found["open"] == 1)
            result = getattr(stream, leave)()
            if result is not None:
                await result
            await server.settled(lambda found: found["open"] == 0)
            await stream.close()
        await server.append(run, note())


@pytest.mark.parametrize("loop", LOOPS)
async def test_pipelined_requests_are_not_handed_over(loop: str) -> None:
    """A second request in the same segment: the stream could never learn that its client left, so both end."""
    with serving(loop=loop) as server:
        run = await server.run()
        path = f"/v1/runs/{run.id}/stream"
        again = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        stream = await Stream.ask(server.port, path, body=again)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await stream.head()
            with pytest.raises(Cut):
                await stream.rest()
        found = await server.settled(lambda found: found["open"] == 0 and found["connections"] > 0)
        assert found["direct"] == 0
        await stream.close()


@pytest.mark.parametrize("behind", [None, _Shouting])
@pytest.mark.parametrize("loop", LOOPS)
async def test_a_later_request_on_the_connection_of_a_stream(loop: str, behind: Wrap | None) -> None:
    """It cannot be answered; the socket is aborted at once, on either path, rather than the request swallowed."""
    with serving(loop=loop, wrap=[behind] if behind else []) as server:
        run = await server.run()
        stream = await _stream(server, run)
        await stream.until("snapshot")
        assert (await server.statistics())["direct"] == (behind is None)
        stream.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(Cut):
            await stream.rest()
        await server.settled(lambda found: found["open"] == 0)
        await stream.close()


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_get_with_a_body(loop: str) -> None:
    """It is refused, whether the length is told or not."""
    with serving(loop=loop) as server:
        run = await server.run()
        told = await _stream(server, run, headers={"Content-Length": "5"}, body=b"hello")
        chunked = await _stream(server, run, headers={"Transfer-Encoding": "chunked"}, body=b"0\r\n\r\n")
        assert (told.status, chunked.status) == (413, 413)
        empty = await _stream(server, run, headers={"Content-Length": "0"})
        await _goes_on(server, run, empty)
        assert (await server.statistics())["connections"] == 1


@pytest.mark.parametrize("loop", LOOPS)
async def test_head_and_http_1_0(loop: str) -> None:
    """HEAD gets the headers and nothing else; HTTP/1.0 is served by `send()`."""
    with serving(loop=loop) as server:
        run = await server.run()
        head = await _stream(server, run, method="HEAD")
        assert head.status == 200
        assert head.headers["content-type"].startswith("text/event-stream")
        assert await head._reader.read() == b""
        assert (await server.statistics())["connections"] == 0
        old = await _stream(server, run, version="1.0")
        await old.until("snapshot")
        assert (await server.statistics())["direct"] == 0
        await old.close()


@pytest.mark.parametrize("loop", LOOPS)
async def test_limit_concurrency_counts_handed_over_connections(loop: str) -> None:
    """Uvicorn's own limit holds for viewers."""
    with serving(loop=loop, limit_concurrency=10) as server:
        run = await server.run()
        streams = [await _stream(server, run) for _ in range(30)]
        passed = [stream for stream in streams if stream.status == 200]
        assert 1 <= len(passed) < 10
        assert {stream.status for stream in streams} == {200, 503}
        for stream in streams:
            await stream.close()


@pytest.mark.parametrize("loop", LOOPS)
async def test_other_requests_are_left_alone(loop: str) -> None:
    """A request that is no stream is answered as ever, and nothing of it is kept in a cycle of references."""
    with serving(loop=loop) as server:
        await server.run()
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                answer = await Stream.open(server.port, "/nowhere")
                assert answer.status == 404
                await answer.close()
            kept = [thing for thing in gc.get_objects() if isinstance(thing, direct.Ticket)]
            assert len(kept) <= 1, "tickets wait for the garbage collector"
        finally:
            gc.enable()


@pytest.mark.parametrize("behind", [None, _Shouting])
async def test_shutting_uvicorn_down_ends_streams(behind: Wrap | None) -> None:
    """Uvicorn waits for streams and tells them, on either path; a reconnection time and the last chunk come first."""
    with serving(wrap=[behind] if behind else []) as server:
        run = await server.run()
        stream = await _stream(server, run)
        await stream.until("snapshot")
        server.uvicorn.should_exit = True
        assert await stream.rest() == []
        assert stream.complete
        assert stream.retry_ms is not None


@pytest.fixture
async def stalled() -> AsyncIterator[tuple[Server, RunRow, Stream]]:
    """A viewer that does not read, with more sent than the kernel takes."""
    with serving(settings=HubSettings(drain_s=0.3)) as server:
        run = await server.run()
        stream = await _stream(server, run, receive_buffer=4096)
        await stream.until("snapshot")
        for _ in range(120):
            await server.append(run, note("x" * 9_000))
        await server.settled(lambda found: found["unread"] == 1)
        yield server, run, stream


async def test_shutting_down_does_not_wait_for_a_client_that_does_not_read(
    stalled: tuple[Server, RunRow, Stream],
) -> None:
    """`close()` would wait for ever; it is aborted after a while."""
    server, _, stream = stalled
    server.uvicorn.should_exit = True
    while not server.loop.is_closed():
        await asyncio.sleep(0.02)
    with pytest.raises(Cut):
        await stream.rest()


async def test_what_a_client_does_not_read_is_bounded(stalled: tuple[Server, RunRow, Stream]) -> None:
    """Beyond its budget nothing is kept for it."""
    server, run, _ = stalled
    before = (await server.statistics())["buffered_bytes"]
    for _ in range(100):
        await server.append(run, note("x" * 9_000))
    assert (await server.statistics())["buffered_bytes"] <= before
    assert before < HubSettings().budget + 70_000


def _probe(code: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": "", **environment}
    )
    return result.stdout.strip()


WHY = "from headway.hub.direct import *; print(why_off(), http_protocol())"


def test_it_is_on_with_the_uvicorn_we_pin() -> None:
    """The probe finds everything where we know it."""
    assert why_off() is None
    assert http_protocol() is uvicorn_protocol.HandOverProtocol


def test_it_can_be_switched_off() -> None:
    """`HEADWAY_DIRECT=0` leaves uvicorn its own protocol."""
    assert _probe(WHY, HEADWAY_DIRECT="0") == "switched off by HEADWAY_DIRECT auto"


def test_it_is_off_with_a_uvicorn_we_do_not_know() -> None:
    """What is missing is named."""
    code = "import uvicorn.protocols.http.httptools_impl as h; del h.HttpToolsProtocol._unset_keepalive_if_required;"
    assert "HttpToolsProtocol._unset_keepalive_if_required not found" in _probe(code + WHY)


def test_it_is_off_without_uvicorn() -> None:
    """The reason says what to install."""
    code = "import sys; sys.modules['uvicorn'] = None;"
    assert _probe(code + WHY).startswith("uvicorn with httptools is not installed")


async def test_a_ticket_whose_connection_is_gone_is_worth_nothing() -> None:
    """It refers to uvicorn's objects weakly."""

    class Thing:
        transport = None

    protocol, cycle = Thing(), Thing()
    ticket = direct.Ticket(protocol, cycle)
    assert weakref.getweakrefcount(cycle) == 1
    del protocol, cycle
    ticket.watch(b"")
    assert await ticket.take(None) is None  # type: ignore[arg-type]
    assert ticket.keep(None) is None  # type: ignore[arg-type]
