"""What an attached run's publisher writes through."""

import asyncio
import time
from collections.abc import Sequence

import orjson
import pytest

from headway.client import Client
from headway.client.sink import HttpSink
from headway.core.events import NewEvent, new_event
from headway.errors import Fenced, NotFound, StoreUnavailable, UsageError
from headway.publish.publisher import Publisher, Receipt
from headway.stores.base import Checkpoint
from tests.client.scripted import RUN, Answer, Request, json, plain, problem, scripted

RECEIPT = {"seq": 3, "cursor": "3.a", "status": "running", "cancel_requested": False}


def sent(request: Request) -> list[dict[str, str]]:
    """Events of a batch."""
    body = orjson.loads(request.body)
    assert body["execution_id"] == "exe_1"
    events: list[dict[str, str]] = body["events"]
    return events


async def test_a_batch_sent_again_has_the_same_keys():
    """A key an event has is kept; every event has one, and no two the same."""
    first = [new_event("note", {"body": "1"}), new_event("note", {"body": "2"}, key="mine")]
    second = [new_event("note", {"body": "3"})]

    def script(request: Request, n: int) -> Answer:
        return plain("502 Bad Gateway") if n == 1 else json(RECEIPT)

    async with scripted(script) as server, Client(server.url) as client:
        sink = HttpSink(client, RUN, "exe_1")
        with pytest.raises(StoreUnavailable):
            await sink.append(first, None)
        receipt = await sink.append(first, None)
        await sink.append(second, None)
    keys = [[event["key"] for event in sent(request)] for request in server.requests]
    assert keys[0] == keys[1]
    assert keys[1][1] == "mine"
    assert len({*keys[1], *keys[2]}) == 3
    assert (receipt.seq, receipt.cursor, receipt.status, receipt.cancel_requested) == (3, "3.a", "running", False)


async def test_two_sinks_never_use_the_same_key():
    """They may report on one run."""
    async with scripted(lambda request, n: json(RECEIPT)) as server, Client(server.url) as client:
        for _ in range(2):
            await HttpSink(client, RUN, "exe_1").append([new_event("note", {"body": "1"})], None)
    one, other = (sent(request)[0]["key"] for request in server.requests)
    assert one != other


async def test_a_404_of_a_proxy_can_be_tried_again():
    """The run was there when it was joined. The server's own 404 is one."""
    answers = [plain("404 Not Found"), problem("404 Not Found", "not_found")]
    async with scripted(lambda request, n: answers[n - 1]) as server, Client(server.url) as client:
        sink = HttpSink(client, RUN, "exe_1")
        with pytest.raises(StoreUnavailable):
            await sink.append([], None)
        with pytest.raises(NotFound):
            await sink.append([], None)


async def test_steps_are_refused():
    """Their results belong into the store, in one transaction with what they wrote."""
    async with Client("http://127.0.0.1:9") as client:
        with pytest.raises(UsageError, match="steps"):
            await HttpSink(client, RUN, "exe_1").append([], Checkpoint("s", b"1"))


async def test_hearts_beat_only_in_silence(monkeypatch):
    """An append says as much. Errors pass; what stops a run stops the beating."""
    monkeypatch.setattr("headway.client.sink.BEAT_S", 0.1)
    receipts: list[Receipt] = []

    def script(request: Request, n: int) -> Answer:
        if n == 5:
            return problem("409 Conflict", "execution_superseded")
        return plain("502 Bad Gateway") if n == 3 else json({**RECEIPT, "cancel_requested": n == 4})

    async with scripted(script) as server, Client(server.url) as client:
        sink = HttpSink(client, RUN, "exe_1")
        publisher = Publisher(sink, on_receipt=receipts.append)
        await asyncio.sleep(0.15)  # a beat is due
        said_at = time.monotonic()
        await sink.append([new_event("note", {"body": "1"})], None)
        await sink.beat(publisher)
        assert time.monotonic() - said_at >= 4 * 0.1
    assert [len(sent(request)) for request in server.requests] == [1, 0, 0, 0, 0]
    assert [receipt.cancel_requested for receipt in receipts] == [False, True]
    assert isinstance(publisher.stopped, Fenced)


@pytest.mark.parametrize(("lease_s", "beat_s"), [(0.06, None), (7200, 0.02)], ids=["the lease", "the caller"])
async def test_the_lease_or_the_caller_says_how_often_hearts_beat(monkeypatch, lease_s, beat_s):
    """Every answer tells the lease, and a third of it is not passed over; whoever knows better says so."""
    monkeypatch.setattr("headway.client.sink.BEAT_S", 3600)

    def script(request: Request, n: int) -> Answer:
        return problem("409 Conflict", "execution_superseded") if n == 4 else json({**RECEIPT, "lease_s": lease_s})

    async with scripted(script) as server, Client(server.url) as client, asyncio.timeout(20):
        sink = HttpSink(client, RUN, "exe_1", beat_s)
        await sink.beat(Publisher(sink))
    assert [sent(request) for request in server.requests] == [[], [], [], []]


async def test_a_heart_that_beats_into_its_own_end_stops_nothing():
    """The server may write the end before it answers a beat that was sent earlier: the end is done all the same."""
    beaten = asyncio.Event()

    def script(request: Request, n: int) -> Answer:
        if n == 1:
            return problem("409 Conflict", "run_closed")
        beaten.set()  # what was said to the first has been heard
        return Answer(b"", "stall")

    class Slow(HttpSink):
        async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
            await beaten.wait()
            return Receipt(4, "4.a", "succeeded", False)

    async with scripted(script) as server, Client(server.url) as client:
        sink = Slow(client, RUN, "exe_1", beat_s=0.01)
        publisher = Publisher(sink)
        beating = asyncio.create_task(sink.beat(publisher))
        await publisher.end(new_event("run.succeeded", {"result": None}))
        assert publisher.stopped is None
        beating.cancel()
