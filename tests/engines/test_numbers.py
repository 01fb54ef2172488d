"""What a worker process counts reaches the server that keeps it."""

import asyncio
import os
import select

import pytest

from headway.engines import numbers
from headway.engines.numbers import follow, tell
from headway.measures import EVENTS, Measures


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "TELL_EVERY_S", 0.01)


async def until(measures: Measures, count: float) -> None:
    """Wait for a count."""
    async with asyncio.timeout(25):
        while measures.counters(EVENTS).get(("note",), 0) < count:
            await asyncio.sleep(0.005)


async def test_counts_are_told_as_they_grow_and_stay_when_the_worker_ends() -> None:
    """Also what was counted last, just before it ended; in more than one pipe's worth of bytes."""
    server, worker = Measures(), Measures()
    reading, writing = os.pipe()
    over = asyncio.Event()
    telling = asyncio.create_task(tell(worker, writing, over))
    following = asyncio.create_task(follow(server, reading, "7"))
    for number in range(90):
        worker.count(EVENTS, f"{number}" * 800)
    worker.count(EVENTS, "note")
    await until(server, 1)
    worker.count(EVENTS, "note", by=2)
    over.set()
    await asyncio.wait_for(telling, 25)
    await asyncio.wait_for(following, 25)
    assert server.counters(EVENTS)["note",] == 3
    assert len(server.counters(EVENTS)) == 91


async def test_what_was_counted_while_a_line_was_under_way_is_told() -> None:
    """The server reads late: the worker ends in the middle of a line, which arrives whole, and another behind it."""
    server, worker, over = Measures(), Measures(), asyncio.Event()
    reading, writing = os.pipe()
    for number in range(90):
        worker.count(EVENTS, f"{number}" * 800)
    telling = asyncio.create_task(tell(worker, writing, over))
    while not select.select([reading], [], [], 0)[0]:
        await asyncio.sleep(0.005)
    worker.count(EVENTS, "note")
    over.set()
    await asyncio.wait_for(follow(server, reading, "7"), 25)
    await asyncio.wait_for(telling, 25)
    assert server.counters(EVENTS)["note",] == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writing)


async def test_a_server_that_is_gone_is_told_nothing_more() -> None:
    """And the worker goes on."""
    reading, writing = os.pipe()
    os.close(reading)
    await asyncio.wait_for(tell(Measures(), writing, asyncio.Event()), 25)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writing)


async def test_a_line_cut_off_by_the_writers_death_is_nothing() -> None:
    """What it said before stays."""
    server = Measures()
    reading, writing = os.pipe()
    os.write(writing, b'{"counts":{"events":[[["note"],2]]},"times":{}}\n{"counts":{"ev')
    os.close(writing)
    await asyncio.wait_for(follow(server, reading, "7"), 25)
    assert server.counters(EVENTS) == {("note",): 2}
