"""Server-sent events as the client takes them, whatever a server or the network does to them."""

import asyncio

import orjson
import pytest

from headway.client.stream import QUIET_PINGS
from headway.core.sse import Parser, frame, retry
from headway.errors import HeadwayError, RunNotFound
from headway.version import VERSION
from tests.client.conftest import Viewer
from tests.client.scripted import HEAD, RUN, Answer, Log, control, json, opened, plain, scripted, stream, trip, url_of

pytestmark = pytest.mark.usefixtures("soon")

LANES = 16
"""So many servers and clients at once: what takes time is waiting to come back."""


async def test_a_stream_is_followed_to_its_end(viewer_of):
    """Snapshot, events, end: each event once and in order, and the state is the log's."""
    log = trip()
    async with scripted(lambda request, n: stream(*log.tail(request.cursor, 3))) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [4, 5, 6, 7, 8, 9, 10]
    assert viewer.state == log.state()
    assert [connection.state for connection in viewer.connections] == ["connecting", "live", "closed"]
    (request,) = server.requests
    assert request.target == f"/v1/runs/{RUN}/stream?client=python%2F{VERSION}"
    assert request.headers["accept"] == "text/event-stream"


async def test_an_ended_run_is_one_state(viewer_of):
    """Who comes late gets the snapshot and the end."""
    log = trip()
    async with scripted(lambda request, n: stream(opened(), log.snapshot(), log.end())) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert (viewer.seqs, viewer.replaced) == ([], 1)
    assert viewer.state == log.state()


@pytest.mark.slow
@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_cut_at_every_byte_loses_and_doubles_nothing(viewer_of, then):
    """The first connection breaks after n bytes, for every n; the second goes on from the last whole frame."""
    log = Log()
    header = {"job": "j", "title": "Zürich 🏔", "created_at": "2026-11-21T09:00:00.000Z"}
    log.append("run.queued", attempt=1, reason="created", run=header).append("run.started", attempt=1)
    log.append("note", body="· 北京 🐘").append("output.appended", key="t", delta="🏔\u2028é").append("run.succeeded")
    whole = stream(*log.tail(None, 2)).data
    last_event = whole.index(b"event: end")

    async def follow(cuts: list[int]) -> None:
        cut = 0

        def script(request, n):
            return Answer(whole[:cut], then) if n == 1 else stream(*log.tail(request.cursor, 2))

        async with scripted(script) as server:
            client = viewer_of(server.url).client
            for cut in cuts:
                server.requests.clear()
                viewer = await Viewer(client).follow(RUN)
                assert viewer.state == log.state(), cut
                assert viewer.seqs == [3, 4, 5], cut
                # what has succeeded is over, whether its end came or not
                assert len(server.requests) == 2 or cut > last_event - len(HEAD), cut

    # while the snapshot is incomplete one cut is like another
    cuts = [*range(0, whole.index(b"id: 3."), 7), *range(whole.index(b"id: 3."), len(whole))]
    async with asyncio.TaskGroup() as group:
        for lane in range(LANES):
            group.create_task(follow(cuts[lane::LANES]))


async def test_events_that_come_again_are_dropped(viewer_of):
    """A server that sends too much from the cursor on does no harm."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), *log.frames(3, 6), then="reset")
        assert request.cursor == log.cursor(6)
        return stream(opened(), *log.frames(2), log.end())

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [4, 5, 6, 7, 8, 9, 10]
    assert viewer.state == log.state()


async def test_a_missing_event_is_noticed(viewer_of):
    """It comes back with its cursor, and with none when that does not help."""
    log = trip()
    cursors = []

    def script(request, n):
        cursors.append(request.cursor)
        if n == 1:
            return stream(opened(), log.snapshot(3), *log.frames(5), log.end())
        if request.cursor:
            return stream(opened(), *log.frames(5), log.end())
        return stream(*log.tail(None, 4))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert cursors == [None, "3.aaaa", None]
    assert viewer.seqs == [5, 6, 7, 8, 9, 10]
    assert viewer.state == log.state()


@pytest.mark.parametrize("reason", ["behind", "lagged", "trimmed", "ahead"])
async def test_a_reset_replaces_the_state(viewer_of, reason):
    """What follows it is folded into the new snapshot, also when that is older: the log has lost its tail."""
    old, new = trip(), Log(tag="bbbb", events=trip().events[:4])
    new.append("note", body="another past").append("run.cancelled")

    def script(request, n):
        if n == 1:
            return stream(opened(), old.snapshot(8), then="reset")
        assert request.cursor == old.cursor(8)
        return stream(opened(), control("reset", reason=reason), new.snapshot(5), *new.frames(5), new.end())

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert (viewer.replaced, viewer.seqs) == (2, [6])
    assert viewer.state == new.state()


async def test_a_cut_between_reset_and_snapshot_begins_anew(viewer_of):
    """The old cursor leads nowhere any more, so it is not sent again."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(8), then="reset")
        if n == 2:
            return stream(opened(), control("reset", reason="ahead"), then="reset")
        assert request.cursor is None
        return stream(*log.tail(None, 5))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()


async def test_a_deleted_run_ends_the_watching(viewer_of):
    """Nothing more can come."""
    log = trip()
    answer = stream(opened(), log.snapshot(3), control("reset", reason="gone"))
    async with scripted(lambda request, n: answer) as server:
        with pytest.raises(RunNotFound, match="deleted"):
            await viewer_of(server.url).follow(RUN)


async def test_a_silent_stream_is_given_up(viewer_of):
    """The server's own heartbeat says how long silence may last."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(ping_s=0.02), log.snapshot(3), *log.frames(3, 5), then="stall")
        return stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.reasons == ["the stream has gone quiet"]
    assert viewer.seqs == [4, 5, 6, 7, 8, 9, 10]


async def test_pings_keep_a_stream(viewer_of):
    """As long as they come, nothing is given up: half a heartbeat is not silence."""
    log, ping_s = trip(), 0.05
    done = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = stream(opened(ping_s=ping_s), log.snapshot(3), then="stall").data
        writer.write(body)
        for _ in range(8):
            await asyncio.sleep(ping_s * QUIET_PINGS / 2)
            writer.write(stream(control("ping", head=3), ended=False).data.removeprefix(HEAD))
        writer.write(stream(*log.frames(3), log.end()).data.removeprefix(HEAD))
        writer.close()
        done.set()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        viewer = await viewer_of(url_of(listening)).follow(RUN)
    assert done.is_set()
    assert viewer.reasons == []
    assert viewer.state == log.state()


async def test_a_stream_through_which_nothing_comes_is_polled(viewer_of, monkeypatch):
    """Something on the way holds it back: the head came, no frame did."""
    monkeypatch.setattr("headway.client.stream.OPEN_S", 0.05)
    log = trip()

    def script(request, n):
        if request.path.endswith("/stream"):
            return stream(then="stall")
        return json({**log.state(6), "live": None}) if request.path.endswith(RUN) else json(log.page(6))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    asked = [request.path.rpartition("/")[2] for request in server.requests]
    assert list(dict.fromkeys(asked)) == ["stream", RUN, "events"]  # a busy machine may open more than one stream
    assert viewer.state == log.state()
    assert viewer.connections[-1].transport == "poll"


async def test_the_end_that_is_missing_events_is_not_believed(viewer_of):
    """An end of a run that has not ended here means that something was lost."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), log.end())
        return stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()


async def test_no_content_is_the_end(viewer_of):
    """A client that has everything and comes back is told to stay away."""
    log = Log(events=trip().events[:9])
    log.append("run.failed", error={"code": "job_error", "message": "it broke"})

    def script(request, n):
        if n == 1:
            return stream(opened(), *[log.snapshot(3), *log.frames(3)], then="reset")
        assert request.cursor == log.cursor(10)
        return plain("204 No Content")

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.statuses[-1] == "failed"
    assert len(server.requests) == 2


async def test_what_is_true_beside_the_log_is_told(viewer_of):
    """The place in the queue has no event; it comes with the state."""
    log = trip()
    live = control("live", queue_position=2, estimated_start=None, degraded=False)
    seen = []
    async with scripted(lambda r, n: stream(opened(), log.snapshot(1), live, *log.frames(1), log.end())) as server:
        client = viewer_of(server.url).client
        async for state, event in client.watch(RUN):
            seen.append((event and event["seq"], state.live.get("queue_position")))
    assert seen[:3] == [(None, None), (None, 2), (2, 2)]


async def test_a_notice_reaches_its_listener(viewer_of):
    """What operators say is no event."""
    log = trip()
    notice = control("notice", text="we restart at noon")
    async with scripted(lambda r, n: stream(opened(), notice, log.snapshot(), log.end())) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.notices == [{"text": "we restart at noon"}]
    assert viewer.seqs == []


async def test_frames_of_newer_servers_are_passed_over(viewer_of):
    """What this client does not know is not for it."""
    log = trip()
    async with scripted(lambda r, n: stream(opened(), control("weather", sun=True), *log.tail(None, 3))) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()


async def test_new_credentials_are_asked_for_by_coming_back(viewer_of):
    """It comes back at once, with its cursor."""
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), control("reauthorize", **{"in": 5}), then="stall")
        assert request.cursor == log.cursor(3)
        return stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.reasons == []
    assert viewer.state == log.state()


async def test_a_server_that_asks_to_wait_is_waited_for(viewer_of, monkeypatch):
    """`retry:` before a planned end is the time the server wants to be left alone; without a limit it could be days."""
    monkeypatch.setattr("headway.client.stream.RETRY_MAX_S", 0.2)
    log = trip()

    def script(request, n):
        if n == 1:
            return stream(opened(), log.snapshot(3), retry(100))
        if n == 2:
            return stream(opened(), retry(86_400_000))
        return stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    waits = [connection.wait_s for connection in viewer.connections if connection.state == "waiting"]
    assert waits == [0.1, 0.2]


async def test_a_large_snapshot_comes_in_pieces(viewer_of):
    """More than a MiB of text in one frame."""
    log = Log(events=trip().events[:4])
    for _ in range(8):
        log.append("output.appended", key="text", delta="🏔é" * 100_000)
    log.append("run.succeeded")
    assert len(log.snapshot()) > 3_000_000
    async with scripted(lambda r, n: stream(opened(), log.snapshot(), log.end())) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()


async def test_what_is_no_stream_is_said_so(viewer_of):
    """A wrong address is a final error that names it."""
    page = plain("200 OK", b"<h1>hello</h1>", {"Content-Type": "text/html"})
    async with scripted(lambda r, n: page) as server:
        with pytest.raises(HeadwayError, match=rf"{server.url}/v1/runs/{RUN}/stream answered text/html") as caught:
            await viewer_of(server.url).follow(RUN)
    assert caught.value.hint == "is this the address of a run?"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        frame(b"{", event="snapshot"),
        frame(b"[]", event="snapshot"),
        frame(b"{}", event="snapshot"),
        frame(orjson.dumps({"seq": "x", "type": "note"}), event="note"),
        frame(orjson.dumps({"seq": 4, "type": "note"}), event="note"),
    ],
)
async def test_what_is_no_run_is_said_so(viewer_of, bad):
    """Frames nobody can fold end the watching instead of going round for ever."""
    log = trip()
    async with scripted(lambda r, n: stream(opened(), log.snapshot(3), bad)) as server:
        with pytest.raises(HeadwayError):
            await viewer_of(server.url).follow(RUN)


async def test_a_frame_without_end_is_not_kept(viewer_of, monkeypatch):
    """Memory is bounded: an endless frame is an error."""
    monkeypatch.setitem(Parser.__init__.__kwdefaults__, "limit", 9)
    async with scripted(lambda r, n: stream(b"data: " + b"x" * 100)) as server:
        with pytest.raises(HeadwayError, match="more than 9 bytes"):
            await viewer_of(server.url).follow(RUN)
