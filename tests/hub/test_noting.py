"""The lines, counts and times that viewers leave behind."""

import logging
from typing import Any

import pytest

from headway.hub import HubSettings
from headway.hub.noting import UNNAMED, client_label
from headway.measures import (
    APPEND_TO_WRITE_SECONDS,
    CONNECTION_SECONDS,
    CONNECTS,
    LAGGED,
    RESETS,
    RESUMES,
    SENT_BYTES,
)
from tests.hub.memory_sink import MemorySink
from tests.hub.world import World, world
from tests.loglines import lines
from tests.serving import SUCCEEDED, delta, note

SMALL = HubSettings(budget=2_000, tail_min=0, recent_bytes=4_000)


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "headway")


def ends(here: World) -> dict[str, int]:
    """How many streams ended for which reason."""
    timed = here.store.measures.histograms(CONNECTION_SECONDS)
    return {reason: histogram.count for (_, reason), histogram in timed.items()}


async def test_a_viewer_is_a_line_when_it_comes_and_one_when_it_leaves(caplog: pytest.LogCaptureFixture) -> None:
    """With how long it stayed, what it was sent, with what it began, and why it left."""
    async with world() as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        await here.append(run, note("one"), note("two"))
        await here.append(run, SUCCEEDED)
        client.read()
        (came,), (left,) = lines(caplog, "viewer connected"), lines(caplog, "viewer left")
        about = {
            "connection_id": client.connection.id, "transport": "sse", "path": "send", "client": "", "viewer": "",
            "watched": [run.id],
        }  # fmt: skip
        assert came == about
        assert left.pop("seconds") >= 0
        assert left.pop("bytes") == sum(map(len, client.sink.written)) > 500
        assert left == {**about, "outcome": "snapshot", "reason": "ended"}
        assert here.store.measures.counted(CONNECTS, "sse", "") == 1
        assert here.store.measures.counted(SENT_BYTES, "sse") == sum(map(len, client.sink.written))
        assert ends(here) == {"ended": 1}


async def test_bytes_are_counted_from_when_a_viewer_is_live() -> None:
    """Two of one group that came at different times have been sent different amounts."""
    async with world() as here:
        run = await here.run()
        first = await here.join(run)
        run = await here.append(run, note("x" * 500))
        second = await here.join(run)
        run = await here.append(run, note("y" * 500))
        for client in (first, second):
            client.connection.abort("left")
            assert client.connection.sent == sum(map(len, client.sink.written))
        assert first.connection.sent > second.connection.sent > 500


@pytest.mark.parametrize(
    ("wish", "outcome"), [({}, "snapshot"), ({"cursor": "tail"}, "tail"), ({"cursor": "9999.zzzz"}, "ahead")]
)
async def test_how_a_stream_began_is_counted(wish: dict[str, Any], outcome: str) -> None:
    """With a snapshot, the tail after a cursor, or a reset; once for each stream, however often it lags later."""
    async with world() as here:
        run = await here.run()
        if wish.get("cursor") == "tail":
            wish = {"cursor": run.cursor}
        client = await here.join(run, fold=False, **wish)
        client.read()
        await here.append(run, note())
        assert dict(here.store.measures.counters(RESUMES)) == {(outcome,): 1}
        assert client.subscription.outcome == outcome


async def test_lag_and_reset_are_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Of which viewer, at which event."""
    async with world(SMALL) as here:
        run = await here.run()
        client = await here.join(run)
        client.read()
        while not client.connection.stalled:
            run = await here.append(run, note())
        for _ in range(20):
            run = await here.append(run, *(delta("abc") for _ in range(20)))
        await here.drain(client)
        (lag,), (reset,) = lines(caplog, "viewer lags"), lines(caplog, "viewer reset")
        assert (lag["connection_id"], lag["run_id"]) == (client.connection.id, run.id)
        assert (reset["reason"], reset["connection_id"]) == ("lagged", client.connection.id)
        assert lag["seq"] < reset["seq"] <= run.seq
        assert here.store.measures.counted(LAGGED) == 1
        assert here.store.measures.counted(RESETS, "lagged") == 1
        assert client.subscription.outcome == "snapshot"


@pytest.mark.parametrize("reason", ["left", "drain", "switched_off", "failed", "lifetime", "not_reading"])
async def test_what_ended_a_stream_is_told(reason: str) -> None:
    """Each way has a name."""
    async with world(SMALL) as here:
        run = await here.run()
        client = await here.join(run, every=reason == "not_reading")
        client.read()
        if reason == "left":
            client.sink.abort()
        elif reason == "drain":
            here.hub.begin_drain()
        elif reason == "switched_off":
            here.hub.off("sse")
        elif reason == "failed":
            client.sink.broken = True
            await here.append(run, note())
        elif reason == "lifetime":
            client.connection.expires = 0.0
            here.hub._wheel._at -= 64
            here.hub._tick()
        while reason == "not_reading" and not client.connection.over:
            run = await here.append(run, note())
        await here.settle()
        client.sink.abort()
        assert ends(here) == {reason: 1}


async def test_a_stream_that_is_ended_while_it_begins_comes_and_leaves(caplog: pytest.LogCaptureFixture) -> None:
    """So whoever subtracts those who left from those who came has those who are there."""
    async with world() as here:
        await here.run()
        connection = here.hub.connect()
        here.hub.begin_drain()
        await here.settle()
        sink = MemorySink(connection, here.hub.settings.budget)
        connection.attach(sink, [])
        sink.abort()
        assert here.store.measures.counted(CONNECTS, "sse", "") == 1
        assert ends(here) == {"drain": 1}
        assert len(lines(caplog, "viewer connected")) == len(lines(caplog, "viewer left")) == 1


async def test_a_deleted_run_ends_its_streams() -> None:
    """Which is told as such."""
    async with world() as here:
        client = await here.join(await here.run())
        client.read()
        await client.subscription.feed._vanish()
        client.read()
        assert ends(here) == {"gone": 1}
        assert here.store.measures.counted(RESETS, "gone") == 1


async def test_the_way_from_append_to_viewers_is_timed() -> None:
    """Once for each delivery, if anybody watches."""
    async with world() as here:
        run = await here.run()
        timed = here.store.measures.histogram
        client = await here.join(run)
        client.read()
        await here.append(run, note("one"), note("two"))
        assert timed(APPEND_TO_WRITE_SECONDS).count == 1
        client.connection.abort("left")
        await here.append(run, note("three"))
        assert timed(APPEND_TO_WRITE_SECONDS).count == 1


async def test_viewers_are_counted_by_client() -> None:
    """As long as they watch."""
    async with world() as here:
        run = await here.run()
        one, _ = await here.join(run), await here.join(run)
        assert here.hub.viewers() == {("sse", ""): 2}
        one.connection.abort("left")
        assert here.hub.viewers() == {("sse", ""): 1}


@pytest.mark.parametrize(
    ("told", "label"),
    [
        (None, ""), ("", ""), ("0", ""), ("no", ""), ("1", UNNAMED), ("ts/0.1.0", "ts/0.1.0"),
        ("my-app/12.3", "my-app/12.3"),
        ("TS/0.1.0", UNNAMED), ("ts/0.1.0-beta", UNNAMED), ("ts/1.2.3.4", UNNAMED), ("x" * 17 + "/1.0", UNNAMED),
        ('a/1.0"} 1\n', UNNAMED),
    ],
)  # fmt: skip
def test_a_client_is_a_name_and_a_version(told: str | None, label: str) -> None:
    """Short, and nothing that could be an address or a token."""
    assert client_label(told) == label
