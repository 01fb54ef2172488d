"""The load generator is the judge of every benchmark: it must see each fault it is there to see."""

from __future__ import annotations

import time

import pytest

from bench.load import Report, viewers
from bench.processes import BenchError
from tests.bench.conftest import HEAD, chunked


def event(number: int) -> bytes:
    """Return one published event, sent a moment ago."""
    return b'id: %d\nevent: custom\ndata: {"data":{"bench":%d,"bench_at":%d}}\n\n' % (
        number,
        number,
        time.monotonic_ns(),
    )


def seen(server, *, last: int = -1, ended: int = 0, after: int = 0) -> Report:
    """Watch with one viewer until it has seen event `last` or the end; return the counters."""
    deadline = time.monotonic() + 10
    with viewers(server.port, "/stream", 1, after=after) as audience:
        while True:
            report = audience.report()
            enough = report.last_high >= last and report.ended >= ended
            if enough or report.lost or time.monotonic() > deadline:
                return report
            time.sleep(0.01)


def test_events_in_order_are_counted(scripted):
    """Every event once, in order: no fault, and the bytes of the body are all counted."""
    body = chunked(b"retry: 5\n\n", *(event(number) for number in (1, 2, 3)))
    report = seen(scripted([HEAD + body, None]), last=3)
    assert (report.events, report.gaps, report.duplicates, report.other) == (3, 0, 0, 1)
    assert report.bytes == len(body)


def test_the_stream_may_be_cut_anywhere(scripted):
    """One byte at a time changes nothing: heads, chunk sizes and lines are put together again."""
    stream = HEAD + chunked(event(1), event(2) + event(3))
    report = seen(scripted([*(stream[i : i + 1] for i in range(len(stream))), None]), last=3)
    assert (report.events, report.gaps, report.duplicates) == (3, 0, 0)


def test_a_body_without_chunks_is_read(scripted):
    """A response that ends with its connection is a stream too."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    assert seen(scripted([head + event(1) + event(2), None]), last=2).events == 2


def test_a_missing_event_is_a_gap(scripted):
    """Two events that did not come count as two."""
    report = seen(scripted([HEAD + chunked(event(1), event(4)), None]), last=4)
    assert (report.gaps, report.duplicates) == (2, 0)


@pytest.mark.parametrize("again", [1, 2])
def test_an_event_seen_twice_is_a_duplicate(scripted, again):
    """An event that comes again at once, or late and out of order, is a duplicate."""
    report = seen(scripted([HEAD + chunked(event(1), event(2), event(again), event(3)), None]), last=3)
    assert (report.gaps, report.duplicates) == (0, 1)


def test_a_snapshot_sets_where_the_tail_begins(scripted):
    """The highest number in a snapshot is the one the next event must follow."""
    snapshot = b'id: 9\nevent: snapshot\ndata: {"custom":{"a":{"bench":7},"b":{"bench":9},"c":{"bench":8}}}\n\n'
    report = seen(scripted([HEAD + chunked(snapshot, event(10)), None]), last=10)
    assert (report.events, report.snapshots, report.gaps, report.duplicates) == (1, 1, 0, 0)


def test_events_before_the_viewer_came_are_not_expected(scripted):
    """With `after`, the first event is the one that follows it."""
    report = seen(scripted([HEAD + chunked(event(6)), None]), last=6, after=5)
    assert (report.events, report.gaps, report.duplicates) == (1, 0, 0)


def test_resets_and_ends_are_told_apart(scripted):
    """A reset is counted; a viewer that got `end` before the close is not lost, one that did not is."""
    reset, end = b'event: reset\ndata: {"reason":"lagged"}\n\n', b'event: end\ndata: {"final":true}\n\n'
    ended = seen(scripted([HEAD + chunked(event(1), reset, end)]), ended=1)
    assert (ended.resets, ended.ended, ended.lost) == (1, 1, 0)
    cut = seen(scripted([HEAD + chunked(event(1))]), ended=1)
    assert (cut.ended, cut.lost) == (0, 1)


def test_a_refused_viewer_stops_the_benchmark(scripted):
    """Another status than 200 is told with its line, and no figure comes of it."""
    server = scripted([b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"])
    with viewers(server.port, "/stream", 1) as audience, pytest.raises(BenchError, match="503 Service Unavailable"):
        audience.ready()


def test_a_fault_stops_the_benchmark(scripted):
    """Waiting for an event raises as soon as a gap is seen."""
    server = scripted([HEAD + chunked(event(2)), None])
    with viewers(server.port, "/stream", 1) as audience, pytest.raises(BenchError, match="missed events"):
        audience.wait_for(3)


def test_zero_keeps_what_was_seen_last(scripted):
    """After `zero` the counters start anew, and nothing lost across it stays hidden."""
    server = scripted([HEAD + chunked(event(1), event(2)), None])
    with viewers(server.port, "/stream", 1) as audience:
        audience.wait_for(2)
        audience.zero()
        assert audience.report().events == 0
        assert audience.report().last_low == 2


def test_lateness_is_that_of_the_event(scripted):
    """An event stamped half a second ago is half a second late."""
    stamp = time.monotonic_ns() - 500_000_000
    server = scripted([HEAD + chunked(b'data: {"bench":1,"bench_at":%d}\n\n' % stamp), None])
    assert 500 <= seen(server, last=1).late_p50_ms < 10_000


def test_each_viewer_takes_the_next_path(scripted):
    """Viewers are spread over several runs."""
    server = scripted([HEAD + chunked(event(1)), None], [HEAD + chunked(event(1)), None])
    with viewers(server.port, ["/one", "/two"], 2) as audience:
        audience.wait_for(1)
    assert {request.split()[1] for request in server.requests} == {b"/one", b"/two"}


def test_a_cut_viewer_comes_back_by_its_cursor(scripted):
    """With `returning` it asks for what follows the last whole frame, after the time the server gave it."""
    server = scripted(
        [HEAD + chunked(b"retry: 1\n\n", event(1), event(2)[:30])],
        [b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"],
        [HEAD + chunked(event(2)), None],
    )
    with viewers(server.port, "/stream", 1, returning="after retry") as audience:
        report = audience.wait_for(2)
    assert (report.returns, report.refusals, report.gaps, report.duplicates) == (1, 1, 0, 0)
    assert b"Last-Event-ID" not in server.requests[0]
    assert all(b"Last-Event-ID: 1\r\n" in request for request in server.requests[1:])


def test_all_are_cut_at_once(scripted):
    """What was lost across the cut is still found."""
    server = scripted([HEAD + chunked(b"retry: 1\n\n", event(1)), None], [HEAD + chunked(event(3)), None])
    with viewers(server.port, "/stream", 1, returning="at once") as audience:
        audience.wait_for(1)
        audience.cut()
        with pytest.raises(BenchError, match="missed events"):
            audience.wait_for(3)
