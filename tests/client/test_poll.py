"""Long-poll: the way a run is watched where streams are switched off or do not get through."""

import asyncio

import pytest

from headway.errors import HeadwayError, RunNotFound
from tests.client.scripted import (
    RUN,
    Answer,
    Log,
    Request,
    control,
    json,
    opened,
    plain,
    problem,
    scripted,
    stream,
    trip,
)

pytestmark = pytest.mark.usefixtures("soon")

POLL = stream(opened(), control("end", status=None, seq=None, final=False, use="poll"))


class Polled:
    """A server without streams; pages of `size` events."""

    def __init__(self, log: Log, *, joined: int = 3, size: int = 2) -> None:
        self.log, self.joined, self.size = log, joined, size
        self.waits: list[str] = []

    def __call__(self, request: Request, n: int) -> Answer:
        """Answer."""
        if request.path.endswith("/stream"):
            return POLL
        assert request.headers["accept"] == "application/json"
        if request.path.endswith("/events"):
            self.waits.append(request.query["wait"])
            return self.page(int(request.query["after"].partition(".")[0]))
        return json({**self.log.state(self.joined), "live": {"queue_position": 1}})

    def page(self, after: int) -> Answer:
        """Answer with events."""
        return json(self.log.page(after, self.size))


async def test_streams_that_are_off_are_polled(viewer_of):
    """A snapshot, then pages; each event once and in order."""
    log = trip()
    script = Polled(log)
    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [4, 5, 6, 7, 8, 9, 10]
    assert viewer.state == log.state()
    assert viewer.reasons == []  # nothing went wrong
    assert viewer.connections[-2].transport == viewer.connections[-1].transport == "poll"
    assert script.waits[0] == "0"


async def test_it_waits_for_news_only_when_it_has_everything(viewer_of):
    """The first page says at once that this works; at the end of the log the request waits."""
    log = Log(events=trip().events[:4])
    script = Polled(log, joined=2, size=10)

    def grow(request, n):
        if len(script.waits) == 1 and request.path.endswith("/events"):
            log.append("run.succeeded")
        return script(request, n)

    async with scripted(grow) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert script.waits == ["0", "25"]
    assert viewer.statuses[-1] == "succeeded"


async def test_an_answer_that_did_not_wait_is_not_asked_for_again_at_once(viewer_of, monkeypatch):
    """Something on the way cuts waiting short: no busy loop."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            log.append("run.succeeded")

    monkeypatch.setattr("headway.client.poll.asyncio.sleep", sleep)
    log = Log(events=trip().events[:4])
    async with scripted(Polled(log, joined=4)) as server:
        await viewer_of(server.url).follow(RUN)
    assert len([seconds for seconds in slept if seconds >= 1]) == 3


@pytest.mark.parametrize("code", ["trimmed", "invalid_cursor"])
async def test_a_cursor_that_leads_nowhere_is_followed_by_a_snapshot(viewer_of, code):
    """The log was trimmed, or is another one, and may even be shorter."""
    log, other = trip(), Log(tag="bbbb", events=trip().events[:2])
    other.append("run.cancelled")
    script = Polled(log)

    def forgetful(request, n):
        if request.path.endswith("/events") and request.query["after"] == "7.aaaa":
            script.log, script.joined = other, 3
            return problem("410 Gone", code, reason="ahead")
        return script(request, n)

    async with scripted(forgetful) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [4, 5, 6, 7]
    assert viewer.state == other.state()
    assert viewer.reasons == []


async def test_a_page_with_text_missing_is_followed_by_a_snapshot(viewer_of):
    """The snapshot has the text; the page's gaps are no state."""
    log = trip()

    def script(request, n):
        if request.path.endswith("/stream"):
            return POLL
        if request.path.endswith("/events") and n < 5:
            return json({**log.page(3), "partial": True})
        return json(log.page(8)) if request.path.endswith("/events") else json(log.state(3 if n == 2 else 8))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [9, 10]
    assert viewer.state == log.state()


async def test_a_page_with_a_gap_is_followed_by_a_snapshot(viewer_of):
    """No event is taken for another."""
    log = trip()
    script = Polled(log, size=100)

    def with_gap(request, n):
        if request.path.endswith("/events") and request.query["after"] == "3.aaaa":
            script.joined = 9
            page = log.page(3, 4)
            del page["events"][1]
            return json(page)
        return script(request, n)

    async with scripted(with_gap) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [4, 10]
    assert viewer.state == log.state()


async def test_streams_are_tried_again_after_a_while(viewer_of, monkeypatch):
    """They may be on again; what is here is kept, and the stream goes on from there."""
    monkeypatch.setattr("headway.client.stream.HELD_BACK_S", 0.05)
    log = Log(events=trip().events[:4])
    script = Polled(log, joined=4)
    monkeypatch.setattr("headway.client.poll.PAUSE_S", 0.1)

    def back_again(request, n):
        if request.path.endswith("/stream") and n > 1:
            log.append("run.succeeded")
            assert request.cursor == log.cursor(4)
            return stream(*log.tail(request.cursor, 4))
        return script(request, n)

    async with scripted(back_again) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.seqs == [5]
    assert viewer.replaced == 1
    assert viewer.reasons == []
    assert viewer.connections[-1].transport == "sse"


async def test_polling_that_fails_goes_back_to_streams(viewer_of):
    """Whatever works is used."""
    log = trip()
    off = problem("503 Service Unavailable", "transport_off", retryable=True)

    def script(request, n):
        if not request.path.endswith("/stream"):
            return off
        return POLL if n < 4 else stream(*log.tail(request.cursor, 3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert viewer.state == log.state()
    assert viewer.reasons == ["because transport_off", "because transport_off"]


async def test_a_stream_in_somebody_elses_application_is_polled_at_its_address(viewer_of):
    """Such an endpoint answers those who poll, too."""
    log = trip()
    seen = []

    def script(request, n):
        seen.append((request.path, "after" in request.query, request.query.get("token")))
        if request.headers["accept"] == "text/event-stream":
            return POLL
        return json(log.page(3)) if "after" in request.query else json(log.state(3))

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(f"{server.url}/reports/7/events?token=t")
    path = "/reports/7/events"
    assert seen == [(path, False, "t"), (path, False, "t"), (path, True, "t")]
    assert viewer.state == log.state()


async def test_a_final_answer_ends_polling(viewer_of):
    """As it does with streams."""
    gone = problem("404 Not Found", "run_not_found")
    async with scripted(lambda request, n: POLL if request.path.endswith("/stream") else gone) as server:
        with pytest.raises(RunNotFound):
            await viewer_of(server.url).follow(RUN)


@pytest.mark.parametrize("answer", [plain("200 OK", b"<h1>hi</h1>"), json([]), json({"no": "state"})])
async def test_what_is_no_state_is_said_so(viewer_of, answer):
    """A wrong address does not poll for ever."""
    async with scripted(lambda request, n: POLL if request.path.endswith("/stream") else answer) as server:
        with pytest.raises(HeadwayError, match=r"no (state|snapshot) of a run"):
            await viewer_of(server.url).follow(RUN)


async def test_what_is_no_page_is_said_so(viewer_of):
    """The same for pages."""
    log = trip()

    def script(request, n):
        if request.path.endswith("/stream"):
            return POLL
        return json({"events": None}) if request.path.endswith("/events") else json(log.state(3))

    async with scripted(script) as server:
        with pytest.raises(HeadwayError, match="no page"):
            await viewer_of(server.url).follow(RUN)


async def test_an_answer_that_never_comes_is_given_up(viewer_of, monkeypatch):
    """A request has its time on top of the waiting; then the connection counts as broken."""
    monkeypatch.setattr("headway.client.poll.OPEN_S", 0.05)
    log = trip()
    stalled = asyncio.Event()

    def script(request, n):
        if request.path.endswith("/stream"):
            return stream(*log.tail(request.cursor, 3)) if stalled.is_set() else POLL
        stalled.set()
        return stream(then="stall")

    async with scripted(script) as server:
        viewer = await viewer_of(server.url).follow(RUN)
    assert set(viewer.reasons) == {"the server does not answer"}  # on a busy machine not even the connection in time
    assert viewer.state == log.state()
