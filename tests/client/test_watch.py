"""When watching goes on, when it comes back, and when it ends."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from headway.client import Client
from headway.errors import (
    AuthNotConfigured,
    Forbidden,
    HeadwayError,
    NotFound,
    RunNotFound,
    Unauthenticated,
    UsageError,
)
from tests.client.scripted import RUN, Log, control, opened, plain, problem, scripted, stream, trip, url_of

pytestmark = pytest.mark.usefixtures("soon")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem("401 Unauthorized", "unauthenticated"), Unauthenticated),
        (problem("403 Forbidden", "forbidden"), Forbidden),
        (problem("403 Forbidden", "auth_not_configured"), AuthNotConfigured),
        (problem("404 Not Found", "run_not_found"), RunNotFound),
        (plain("401 Unauthorized"), Unauthenticated),
        (plain("403 Forbidden", b"<h1>no</h1>"), Forbidden),
        (plain("404 Not Found", b'{"detail":"Not Found"}'), NotFound),
        (plain("301 Moved Permanently", headers={"Location": "https://elsewhere/"}), HeadwayError),
    ],
)
async def test_a_final_answer_ends_it(viewer_of, answer, kind):
    """Trying again cannot help, so it is not tried."""
    async with scripted(lambda request, n: answer) as server:
        with pytest.raises(kind):
            await viewer_of(server.url).follow(RUN)
    assert len(server.requests) == 1


async def test_a_refusal_in_the_middle_is_final_too(viewer_of):
    """Rights that were taken away, a run that was deleted."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), then="reset")
        return problem("404 Not Found", "run_not_found")

    async with scripted(script) as server:
        with pytest.raises(RunNotFound):
            await viewer_of(server.url).follow(RUN)


@pytest.mark.parametrize(
    "answer",
    [
        problem("503 Service Unavailable", "overloaded", retryable=True),
        problem("429 Too Many Requests", "too_many_connections", retryable=True),
        problem("500 Internal Server Error", "internal", retryable=True),
        problem("503 Service Unavailable", "not_started", retryable=True),
        problem("507 Insufficient Storage", "store_full", retryable=True),
        problem("503 Service Unavailable", "a_code_of_the_future", retryable=True),
        plain("502 Bad Gateway", b"<h1>nginx</h1>"),
        plain("504 Gateway Timeout"),
    ],
)
async def test_a_passing_answer_is_passed_over(viewer_of, answer):
    """Also as the very first one."""
    log = trip()
    script = lambda request, n: answer if n < 4 else stream(*log.tail(request.cursor, 3))  # noqa: E731
    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()
    assert len(viewer.reasons) == 3


async def test_a_404_of_a_proxy_is_not_the_servers(viewer_of):
    """A proxy whose server is away says 404, too; once the run was seen, that is not believed."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), then="reset")
        return plain("404 Not Found", b"404 page not found") if n < 4 else stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()


@pytest.mark.parametrize(
    ("after", "least"), [("0.5", 0), ("1", 1), ("99999999", 300), ("soon", 0), ("date", 4), ("past", 0)]
)
async def test_a_server_says_when_to_come_back(viewer_of, monkeypatch, after, least):
    """`Retry-After` in seconds or as a date; what cannot be meant is cut or ignored."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr("headway.client.watch.asyncio.sleep", sleep)
    moment = datetime.now(UTC) + timedelta(seconds=6 if after == "date" else -60)
    header = format_datetime(moment, usegmt=True) if after in ("date", "past") else after
    refusal = problem("503 Service Unavailable", "overloaded", {"Retry-After": header}, retryable=True)
    log = trip()
    async with scripted(lambda request, n: refusal if n == 1 else stream(*log.tail(None, 3))) as server:
        await viewer_of(server.url).follow(RUN)
    (seconds,) = [wait for wait in slept if wait > 0]
    assert least <= seconds <= max(least + 3, 0.01)


async def test_an_unknown_cursor_is_dropped(viewer_of):
    """A server with another store does not know where we were; its snapshot counts."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), then="reset")
        if request.cursor:
            return problem("400 Bad Request", "invalid_cursor")
        return stream(*log.tail(None, 5))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert [request.cursor for request in server.requests] == [None, "3.aaaa", None]
    assert viewer.state == log.state()


async def test_a_server_that_is_not_there_is_waited_for(viewer_of):
    """Before the first connection and between two; the reason is said in plain words."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    log = trip()
    viewer = viewer_of(f"http://127.0.0.1:{port}")
    watching = asyncio.create_task(viewer.follow(RUN))
    while len(viewer.reasons) < 3:
        await asyncio.sleep(0.005)
    async with scripted(lambda r, n: stream(opened(), log.snapshot(3), then="reset"), port=port):
        while viewer.replaced < 1:
            await asyncio.sleep(0.005)
    tries = len(viewer.reasons)
    while len(viewer.reasons) < tries + 3:
        await asyncio.sleep(0.005)
    async with scripted(lambda request, n: stream(*log.tail(request.cursor, 3)), port=port) as server:
        await watching
    assert set(viewer.reasons) == {"the server cannot be reached", "the connection was cut"}
    assert server.requests[0].cursor == log.cursor(3)
    assert viewer.seqs == [4, 5, 6, 7, 8, 9, 10]


async def test_a_restarted_server_that_lost_its_tail_tells_the_truth(viewer_of):
    """Power loss took the last events; the log grew again. The client ends where the log ends."""
    log = trip()
    grown = Log(tag="cccc", events=log.events[:5])
    grown.append("note", body="after the power loss").append("run.failed", error={"code": "x", "message": "y"})

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), *log.frames(3, 8), then="reset")
        assert request.cursor == "8.aaaa"
        return stream(opened(), control("reset", reason="ahead"), grown.snapshot(6), *grown.frames(6), grown.end())

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == grown.state()
    assert viewer.statuses[-1] == "failed"


@pytest.mark.parametrize(("last", "requests"), [("run.succeeded", 1), ("run.failed", 2)])
async def test_an_ended_run_needs_no_server(viewer_of, last, requests):
    """Its end was seen. What succeeded is over; anything else is looked at once more, for it may be tried again."""
    log = Log(events=trip().events[:9])
    log.append(last, **({"error": {"code": "x", "message": "y"}} if last == "run.failed" else {}))

    def script(request, n):
        return stream(opened(), log.snapshot(3), *log.frames(3), then="reset") if n == 1 else plain("502 Bad Gateway")

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()
    assert len(server.requests) == requests
    assert viewer.connections[-1].state == "closed"


async def test_a_run_tried_again_is_followed_on(viewer_of):
    """The stream broke between the failure and the retry."""
    log = Log(events=trip().events[:9])
    log.append("run.failed", error={"code": "x", "message": "y"}).append("run.reopened", items=[])
    log.append("run.queued", attempt=2, reason="reopened").append("run.started", attempt=2).append("run.succeeded")

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), *log.frames(3, 10), then="reset")
        return stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.statuses[-1] == "succeeded"


async def test_a_viewer_may_stop_at_any_event(viewer_of):
    """Its connection is closed with it."""
    log = trip()
    async with scripted(lambda r, n: stream(opened(), log.snapshot(3), *log.frames(3), then="stall")) as server:
        viewer = await viewer_of(server.url).follow(RUN, until=lambda viewer: len(viewer.seqs) == 2)
        assert viewer.seqs == [4, 5]
        pool = viewer.client.http._transport._pool
        assert pool.connections == []


async def test_a_cancelled_viewer_leaves_nothing_behind(viewer_of):
    """The task ends at once, wherever it waits."""
    async with scripted(lambda r, n: stream(opened(), trip().snapshot(3), then="stall")) as server:
        viewer = viewer_of(server.url)
        watching = asyncio.create_task(viewer.follow(RUN))
        while not viewer.replaced:
            await asyncio.sleep(0.005)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        assert viewer.client.http._transport._pool.connections == []


async def test_the_servers_clock_is_known(viewer_of):
    """So that times of the log can be compared with now."""
    log = trip()
    async with scripted(lambda r, n: stream(*log.tail(None, 3))) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    ahead = datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp() - datetime.now(UTC).timestamp()
    assert viewer.connections[-1].ahead_s == pytest.approx(ahead, abs=60)


async def test_hundreds_of_runs_on_one_client(viewer_of):
    """No limit of the connection pool stands in the way."""
    log = trip()
    going = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(stream(opened(), log.snapshot(3), ended=False).data)
        await going.wait()
        writer.write(stream(*log.frames(3), log.end()).data.partition(b"\r\n\r\n")[2])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        client = viewer_of(url_of(listening)).client

        async def follow() -> str:
            status = ""
            async for state, event in client.watch(RUN):
                status = state["status"]
                if event is None:
                    joined.append(status)
                    if len(joined) == 150:
                        going.set()
            return status

        joined: list[str] = []
        assert set(await asyncio.gather(*(follow() for _ in range(150)))) == {"succeeded"}


async def test_what_is_no_run_is_refused(viewer_of):
    """Before anything is sent."""
    client = Client("http://127.0.0.1:1")
    with pytest.raises(UsageError, match="no address of a run"):
        client.watch("ftp://host/run_1")
    await client.close()
