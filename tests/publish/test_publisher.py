"""The publisher keeps order, waits for room, outlives an absent store, and always stops a job that lost its run."""

import asyncio
from collections.abc import Sequence

import pytest

from headway.core.events import NewEvent, new_event
from headway.errors import Fenced, HeadwayError, InvalidEvent, StoreUnavailable, UsageError
from headway.publish.publisher import Publisher, Receipt
from headway.stores.base import Checkpoint


class Gate:
    """A sink that keeps what it is given and can be closed, made to fail, or made to wait."""

    def __init__(self) -> None:
        self.batches: list[list[NewEvent]] = []
        self.checkpoints: list[Checkpoint] = []
        self.failures: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()
        self.calls = 0

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Keep a batch."""
        self.calls += 1
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(list(events))
        if checkpoint is not None:
            self.checkpoints.append(checkpoint)
        return Receipt(sum(map(len, self.batches)), "1.a", "running", False)

    def bodies(self) -> list[str]:
        """Texts of all notes, in order."""
        import json

        return [json.loads(event.data)["body"] for batch in self.batches for event in batch]


def note(body: str) -> NewEvent:
    """Some event."""
    return new_event("note", {"body": body})


async def test_the_first_event_leaves_at_once_and_the_next_ones_together():
    """Leading edge, then a window."""
    gate = Gate()
    publisher = Publisher(gate, window_s=0.02)
    await publisher.publish(note("0"))
    while not gate.batches:
        await asyncio.sleep(0)
    for number in range(1, 10):
        await publisher.publish(note(str(number)))
    await publisher.flush()
    assert [len(batch) for batch in gate.batches] == [1, 9]
    assert gate.bodies() == [str(number) for number in range(10)]


async def test_an_urgent_event_is_committed_when_publish_returns():
    """Failures and endings do not wait for a window."""
    gate = Gate()
    publisher = Publisher(gate, window_s=10)
    await publisher.publish(note("a"))
    await publisher.publish(note("b"))
    await publisher.publish(note("c"), urgent=True)
    assert gate.bodies() == ["a", "b", "c"]


async def test_what_is_left_is_written_on_close():
    """Leaving a run loses nothing."""
    gate = Gate()
    publisher = Publisher(gate, window_s=10)
    for number in range(5):
        await publisher.publish(note(str(number)))
    await publisher.close()
    assert gate.bodies() == ["0", "1", "2", "3", "4"]
    with pytest.raises(UsageError, match="closed"):
        await publisher.publish(note("late"))


async def test_a_full_buffer_makes_publishing_wait_and_a_cancelled_wait_takes_nothing():
    """Backpressure, and cancel-safety of it."""
    gate = Gate()
    gate.open.clear()
    publisher = Publisher(gate, window_s=0, max_bytes=10_000)
    publishing = asyncio.create_task(publish_many(publisher, 100))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not publishing.done()
    assert publisher.statistics()["pending_bytes"] < 12_000
    waiting = asyncio.create_task(publisher.publish(note("never")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    gate.open.set()
    await publishing
    await publisher.flush()
    assert gate.bodies() == ["x" * 1_000] * 100


async def publish_many(publisher: Publisher, count: int) -> None:
    """Publish as fast as it lets us."""
    for _ in range(count):
        await publisher.publish(note("x" * 1_000))


async def test_a_store_that_is_away_is_tried_again_and_nothing_is_lost():
    """Order stays, too."""
    gate = Gate()
    gate.failures = [StoreUnavailable("gone"), StoreUnavailable("still gone")]
    publisher = Publisher(gate)
    await publisher.publish(note("a"))
    await publisher.publish(note("b"))
    await publisher.flush()
    assert gate.bodies() == ["a", "b"]
    assert publisher.statistics()["retries"] == 2


async def test_a_cancelled_flush_is_written_all_the_same():
    """Cancelling the one who waits does not cancel the write."""
    gate = Gate()
    gate.open.clear()
    publisher = Publisher(gate)
    flushing = asyncio.create_task(publisher.flush(note("a")))
    await asyncio.sleep(0.01)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    gate.open.set()
    await publisher.flush(note("b"))
    assert gate.bodies() == ["a", "b"]


async def test_a_fence_stops_everything():
    """Whoever waits, and whoever comes later, learns that the run is another execution's."""
    gate = Gate()
    seen: list[HeadwayError] = []
    gate.failures = [Fenced("execution 2 has it")]
    publisher = Publisher(gate, on_stop=seen.append)
    with pytest.raises(Fenced):
        await publisher.flush(note("a"))
    with pytest.raises(Fenced):
        await publisher.publish(note("b"))
    with pytest.raises(Fenced):
        await publisher.write("x", "text")
    await publisher.close()
    assert [type(error) for error in seen] == [Fenced]
    assert gate.batches == []


async def test_a_writer_waiting_for_room_is_freed_by_a_fence():
    """Nobody hangs on a publisher that has stopped."""
    gate = Gate()
    gate.open.clear()
    gate.failures = [Fenced("gone")]
    publisher = Publisher(gate, window_s=0, max_bytes=1_000)
    publishing = asyncio.create_task(publish_many(publisher, 10))
    await asyncio.sleep(0.01)
    gate.open.set()
    with pytest.raises(Fenced):
        await publishing


async def test_a_refused_batch_never_kills_the_job_unless_asked():
    """It is logged; with ``strict`` the next call raises."""
    for strict in (False, True):
        gate = Gate()
        gate.failures = [InvalidEvent("no such thing")]
        publisher = Publisher(gate, window_s=0, strict=strict)
        await publisher.publish(note("a"))
        while not gate.calls:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        if strict:
            with pytest.raises(InvalidEvent):
                await publisher.publish(note("b"))
        else:
            await publisher.publish(note("b"))
            await publisher.flush()
            assert gate.bodies() == ["b"]
            assert publisher.statistics()["dropped"] == 1


async def test_an_event_given_to_flush_raises_what_refused_it():
    """A result that cannot be stored must not look stored."""
    gate = Gate()
    gate.failures = [InvalidEvent("too large")]
    publisher = Publisher(gate)
    with pytest.raises(InvalidEvent):
        await publisher.flush(note("a"))


async def test_a_bug_in_a_sink_stops_the_job_instead_of_hanging_it():
    """An exception nobody expected must end somewhere."""
    gate = Gate()
    gate.failures = [ZeroDivisionError()]
    publisher = Publisher(gate)
    with pytest.raises(Exception, match="ZeroDivisionError"):
        await publisher.flush(note("a"))


async def test_the_checkpoint_goes_with_the_last_batch():
    """A result is kept with its event, whatever was waiting before it."""
    gate = Gate()
    publisher = Publisher(gate, window_s=10)
    for _ in range(2_500):
        await publisher.publish(note("x"))
    await publisher.flush(note("end"), checkpoint=Checkpoint("k", b"1"))
    assert gate.checkpoints == [Checkpoint("k", b"1")]
    assert gate.bodies()[-1] == "end"
    assert max(map(len, gate.batches)) <= 1_000
    assert sum(map(len, gate.batches)) == 2_501


async def test_tokens_become_few_events():
    """Joined while they wait, never reordered."""
    gate = Gate()
    publisher = Publisher(gate, window_s=0.01)
    for number in range(500):
        await publisher.write("out", f"{number} ")
    await publisher.flush()
    import json

    text = "".join(json.loads(event.data)["delta"] for batch in gate.batches for event in batch)
    assert text == "".join(f"{number} " for number in range(500))
    assert sum(map(len, gate.batches)) < 20


async def test_what_was_stopped_while_the_store_was_away_is_not_written_when_it_is_back():
    """The run is another execution's by then."""
    gate = Gate()
    gate.failures = [StoreUnavailable("gone")]
    publisher = Publisher(gate)
    flushing = asyncio.create_task(publisher.flush(note("a")))
    while not gate.calls:
        await asyncio.sleep(0)
    publisher.stop(Fenced("execution 2 has it"))
    with pytest.raises(Fenced):
        await flushing
    while publisher.statistics()["batches"]:
        await asyncio.sleep(0.01)
    assert (gate.calls, gate.batches) == (1, [])


async def test_a_stop_during_a_write_is_told_to_whoever_waits():
    """Although the write itself may have come through."""
    gate = Gate()
    gate.open.clear()
    publisher = Publisher(gate)
    flushing = asyncio.create_task(publisher.flush(note("a")))
    while not gate.calls:
        await asyncio.sleep(0)
    publisher.stop(Fenced("execution 2 has it"))
    publisher.stop(Fenced("said twice"))
    gate.open.set()
    with pytest.raises(Fenced, match="execution 2"):
        await flushing
    assert isinstance(publisher.stopped, Fenced)


async def test_nothing_published_while_closing_is_lost_without_a_word():
    """It is refused, or it is written."""
    gate = Gate()
    gate.open.clear()
    publisher = Publisher(gate)
    closed: list[str] = []
    publisher.on_close = lambda: closed.append("closed")
    await publisher.publish(note("before"))
    closing = asyncio.create_task(publisher.close())
    await asyncio.sleep(0)
    with pytest.raises(UsageError, match="closed"):
        await publisher.publish(note("during"))
    gate.open.set()
    await closing
    await publisher.close()
    assert gate.bodies() == ["before"]
    assert closed == ["closed"]


async def test_a_cancelled_close_lets_go_and_what_is_left_is_written():
    """Whoever watched it is told either way."""
    gate = Gate()
    gate.open.clear()
    publisher = Publisher(gate)
    closed = asyncio.Event()
    publisher.on_close = closed.set
    await publisher.publish(note("a"))
    closing = asyncio.create_task(publisher.close())
    await asyncio.sleep(0.01)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    assert closed.is_set()
    gate.open.set()
    while publisher.statistics()["batches"]:
        await asyncio.sleep(0)
    assert gate.bodies() == ["a"]


async def test_waiting_for_what_was_refused_does_not_kill_the_job_either(caplog: pytest.LogCaptureFixture):
    """``flush()`` and urgent events name no event that must be written; with ``strict`` they raise."""
    for strict in (False, True):
        gate = Gate()
        gate.failures = [InvalidEvent("no such thing"), InvalidEvent("nor this")]
        publisher = Publisher(gate, strict=strict)
        if strict:
            with pytest.raises(InvalidEvent):
                await publisher.publish(note("a"), urgent=True)
            continue
        await publisher.publish(note("a"), urgent=True)
        await publisher.publish(note("b"))
        assert await publisher.flush() is None
        await publisher.publish(note("c"), urgent=True)
        assert gate.bodies() == ["c"]
        assert sum("refused" in record.message for record in caplog.records) == 2
        assert publisher.statistics()["dropped"] == 2


async def test_a_refused_batch_does_not_fail_closing():
    """It is told in the log of the process."""
    gate = Gate()
    gate.failures = [InvalidEvent("no such thing")]
    publisher = Publisher(gate, window_s=10)
    publisher._next_window = 1e12
    await publisher.publish(note("a"))
    await publisher.close()
    assert publisher.statistics()["dropped"] == 1


async def test_a_long_text_is_taken_whole_or_not_at_all():
    """Cancelled while it waits for room, no piece of it is written."""
    gate = Gate()
    gate.open.clear()
    publisher = Publisher(gate, window_s=0, max_bytes=5_000)
    await publisher.publish(note("x" * 9_900))
    writing = asyncio.create_task(publisher.write("out", "y" * 100_000))
    await asyncio.sleep(0.01)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    gate.open.set()
    await publisher.flush()
    await publisher.write("out", "z" * 100_000)
    await publisher.flush()
    import json

    text = "".join(json.loads(event.data).get("delta", "") for batch in gate.batches for event in batch)
    assert text == "z" * 100_000


async def test_flushing_nothing_waits_for_what_is_under_way():
    """And for nothing when there is nothing."""
    gate = Gate()
    publisher = Publisher(gate)
    assert await publisher.flush() is None
    gate.open.clear()
    await publisher.publish(note("a"))
    flushing = asyncio.create_task(publisher.flush())
    await asyncio.sleep(0)
    gate.open.set()
    receipt = await flushing
    assert receipt is not None
    assert (receipt.seq, gate.bodies()) == (1, ["a"])


async def test_an_end_waits_for_a_store_that_is_away():
    """Also if the publisher is strict: nobody else would end the run."""
    gate = Gate()
    gate.failures = [StoreUnavailable("gone"), StoreUnavailable("still gone")]
    publisher = Publisher(gate, strict=True)
    await publisher.end(note("end"))
    assert gate.bodies() == ["end"]


async def failed_publisher(gate: Gate) -> Publisher:
    """One that was stopped because its sink failed."""
    gate.failures = [ZeroDivisionError()]
    publisher = Publisher(gate)
    with pytest.raises(HeadwayError, match="ZeroDivisionError"):
        await publisher.flush(note("lost"))
    return publisher


async def test_an_end_is_written_past_a_sink_that_failed():
    """What was lost is lost, but viewers learn that the run is over."""
    gate = Gate()
    publisher = await failed_publisher(gate)
    await publisher.end(note("end"))
    await publisher.close()
    assert gate.bodies() == ["end"]


@pytest.mark.parametrize("error", [Fenced("execution 2 has it"), InvalidEvent("too large")])
@pytest.mark.parametrize("broken_before", [False, True])
async def test_an_end_that_is_refused_is_told(error: HeadwayError, broken_before: bool):
    """It is somebody else's run, or the result is nothing that can be kept."""
    gate = Gate()
    publisher = await failed_publisher(gate) if broken_before else Publisher(gate)
    gate.failures = [error]
    with pytest.raises(type(error)):
        await publisher.end(note("end"))
    if isinstance(error, Fenced) and not broken_before:
        with pytest.raises(Fenced):
            await publisher.end(note("end"))
    assert gate.bodies() == []


async def test_an_error_that_is_raised_again_and_again_does_not_grow():
    """Code that swallows what it is told must not fill the memory with tracebacks."""
    publisher = Publisher(Gate())
    publisher.stop(Fenced("execution 2 has it"))
    depths = []
    for _ in range(3):
        with pytest.raises(Fenced) as told:
            await publisher.publish(note("a"))
        depths.append(len(told.traceback))
    assert len(set(depths)) == 1
