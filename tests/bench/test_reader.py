"""The reader that judges stalled viewers: it follows a stream, and says when one lies."""

from __future__ import annotations

import pytest

from bench.reader import Reader
from tests.bench.conftest import HEAD, chunked

LAST = b"0\r\n\r\n"
SNAPSHOT = b'retry: 1\n\nid: 3.aa\nevent: snapshot\ndata: {"status":"running","seq":3,"custom":{}}\n\n'


def custom(seq: int, value: int, key: str = "k") -> bytes:
    """Return the frame of one application event."""
    return (
        b'id: %d.aa\nevent: custom\ndata: {"seq":%d,"type":"custom","data":{"name":"load","key":"%b","data":%d}}\n\n'
        % (seq, seq, key.encode(), value)
    )


def ended(seq: int) -> bytes:
    """Return the frames of a run that succeeded as event `seq`."""
    return (
        b'id: %d.aa\nevent: run.succeeded\ndata: {"seq":%d,"type":"run.succeeded","data":{"result":null}}\n\n'
        b'event: end\ndata: {"status":"succeeded","seq":%d,"final":true}\n\n'
    ) % (seq, seq, seq)


def read(server) -> tuple[Reader, str]:
    """Read one run to its end."""
    reader = Reader(server.port, "/stream")
    reader.connect()
    fault = reader.read_to_end(within=5)
    reader.close()
    return reader, fault


def test_a_stream_is_followed_to_its_end(scripted):
    """Snapshot, tail, end: the state is that of the log."""
    body = chunked(SNAPSHOT, custom(4, 1), custom(5, 2), custom(6, 3, "other"), ended(7))
    reader, fault = read(scripted([HEAD + body + LAST]))
    assert fault == ""
    assert reader.state == {"status": "succeeded", "seq": 7, "custom": {"load": {"k": 2, "other": 3}}}


def test_a_cut_viewer_comes_back_by_its_cursor(scripted):
    """Cut in the middle of a frame, it asks for what follows the last whole one."""
    server = scripted(
        [HEAD + chunked(SNAPSHOT, custom(4, 1), custom(5, 2)[:40])],
        [HEAD + chunked(custom(5, 2), ended(6)) + LAST],
    )
    reader, fault = read(server)
    assert fault == ""
    assert reader.reconnects == 1
    assert b"Last-Event-ID: 4.aa\r\n" in server.requests[1]
    assert reader.state["custom"] == {"load": {"k": 2}}


def test_nothing_new_after_the_end_is_an_end(scripted):
    """204 tells a viewer that came back with the last cursor that there is no more."""
    server = scripted([HEAD + chunked(SNAPSHOT)], [b"HTTP/1.1 204 No Content\r\n\r\n"])
    assert read(server)[1] == ""


def test_a_reset_brings_a_new_state(scripted):
    """The snapshot after a reset replaces what was known, and its reason is kept."""
    reset = b'event: reset\ndata: {"reason":"lagged"}\n\n'
    snapshot = b'id: 9.aa\nevent: snapshot\ndata: {"status":"running","seq":9,"custom":{"load":{"k":9}}}\n\n'
    reader, fault = read(scripted([HEAD + chunked(SNAPSHOT, custom(4, 1), reset, snapshot, ended(10)) + LAST]))
    assert fault == ""
    assert reader.resets == ["lagged"]
    assert reader.state["custom"] == {"load": {"k": 9}}


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([SNAPSHOT, custom(5, 1)], "seq 5 came after 3 without a reset"),
        ([SNAPSHOT, custom(4, 1), custom(4, 1)], "seq 4 came after 4 without a reset"),
        ([SNAPSHOT, b'event: end\ndata: {"status":"succeeded","seq":9,"final":true}\n\n'], "`end` says"),
    ],
    ids=["gap", "duplicate", "end that does not fit"],
)
def test_a_stream_that_lies_is_found_out(scripted, frames, said):
    """A gap, a repeat, and an end that does not follow from the events are faults."""
    assert said in read(scripted([HEAD + chunked(*frames) + LAST]))[1]
