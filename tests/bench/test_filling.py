"""Long logs are what they say they are."""

from __future__ import annotations

import asyncio
import os

import pytest

from bench.filling import delta, fill, lines, piece, started_run
from bench.processes import BenchError
from bench.stopwatch import wait_for
from headway.core.cursor import Cursor
from headway.core.events import new_event
from headway.stores.sqlite import SqliteStore
from tests.bench.conftest import HEAD, chunked


async def test_a_filled_run_has_its_events_and_a_snapshot(tmp_path):
    """The log is as long as asked for, its cursors are good, and a snapshot was stored on the way."""
    file = tmp_path / "headway.db"
    started = [new_event("output.started", {"key": "text"})]
    run = await asyncio.to_thread(fill, file, 1_300, delta, started=started)
    store = SqliteStore(file)
    await store.open()
    try:
        page = await store.read(run.id, after=Cursor.parse(run.late[run.head - 2]))
        stored = await store.snapshot(run.id)
    finally:
        await store.close()
    assert [event.seq for event in page.events] == [run.head - 1, run.head]
    assert piece(1_299) in page.events[-1].body.decode()
    assert run.head == 1_303
    assert stored is not None
    assert stored.cursor.seq >= 1_000


def test_a_line_is_about_as_long_as_asked_for():
    """A few bytes do not matter."""
    assert len(lines(200)(0).data) == pytest.approx(200, abs=60)
    assert started_run().external


def test_a_viewer_is_timed_until_its_event_is_whole(scripted):
    """However the bytes are cut; what came before is counted."""
    frames = [b"retry: 1\n\n", b"id: 3.aa\nevent: snapshot\ndata: {}\n\n", b"id: 4.ab\nevent: log\ndata: {}\n\n"]
    stream = HEAD + chunked(*frames)
    server = scripted([*(stream[i : i + 7] for i in range(0, len(stream), 7)), None])
    waited = wait_for(server.port, os.getpid(), "/stream", 4, cursor="2.aa")
    assert (waited.frames, waited.snapshots, waited.resets) == (2, 1, 0)
    assert 0 < waited.head_ms <= waited.done_ms
    assert b"Last-Event-ID: 2.aa\r\n" in server.requests[0]


def test_a_stream_that_ends_too_soon_is_told(scripted):
    """There is no figure then."""
    with pytest.raises(BenchError, match="ended before seq 4"):
        wait_for(scripted([HEAD + chunked(b"id: 3.aa\ndata: {}\n\n")]).port, os.getpid(), "/stream", 4)
