"""The contract of every store: the checkpoints of steps, kept with the events that tell of them."""

from dataclasses import replace

import pytest

from headway.core.events import NewEvent
from headway.core.ids import new_run_id
from headway.core.run import ENDED, RunStatus
from headway.errors import Fenced
from headway.stores.base import Checkpoint, Store, Write
from tests.stores.builders import (
    CANCELLED,
    REOPENED,
    SUCCEEDED,
    claim,
    end,
    failed,
    note,
    queued,
    refused,
    requeue,
    running,
)


async def test_a_checkpoint_is_stored_with_its_event(store: Store) -> None:
    """By key; a refused write stores none."""
    run = await running(store)
    finished = NewEvent("step.finished", b'{"key":"hotel"}', step="hotel")
    write = Write(events=[finished], execution_id=run.execution_id, checkpoint=Checkpoint("hotel", b'{"name":"x"}'))
    await store.append(run.id, write)
    assert await store.steps(run.id) == {"hotel": b'{"name":"x"}'}
    again = (await store.append(run.id, requeue(run))).run
    await refused(store, run, write, Fenced)
    assert await store.steps(again.id) == {"hotel": b'{"name":"x"}'}
    assert await store.steps(new_run_id()) == {}


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("as_control", [False, True])
async def test_a_batch_that_comes_again_late_brings_no_old_checkpoint(
    store: Store, as_control: bool, ended: bool
) -> None:
    """Neither in the run's life nor after it; and what is new in a batch brings the checkpoint with it."""
    run = await running(store)
    execution_id = None if as_control else run.execution_id
    statuses = [RunStatus.RUNNING, RunStatus.SUCCEEDED] if as_control else None
    old = Write([note("a", key="a"), note("b", key="b")], execution_id, statuses, checkpoint=Checkpoint("s", b"1"))
    await store.append(run.id, old)
    await store.append(run.id, Write([note("c", key="c")], execution_id, checkpoint=Checkpoint("s", b"2")))
    more = Write([*old.events, note("d", key="d")], execution_id, checkpoint=Checkpoint("other", b"3"))
    await store.append(run.id, more)
    if ended:
        await store.append(run.id, Write([SUCCEEDED], run.execution_id))
    for again in (old, replace(old, events=[note("a", key="a"), note("b", key="b")])):
        assert not (await store.append(run.id, again)).events
    assert await store.steps(run.id) == {"s": b"2", "other": b"3"}


@pytest.mark.parametrize("ending", [SUCCEEDED, CANCELLED])
@pytest.mark.parametrize("as_control", [False, True])
async def test_what_is_kept_for_the_life_of_a_run_gives_way_with_its_end(
    store: Store, as_control: bool, ending: NewEvent
) -> None:
    """In the same transaction, whatever else it writes; the rest stays, and so does what a refused end would drop."""
    run, other = await running(store), await running(store)
    for row in (run, other):
        for key, at_end in (("a", b"over"), ("b", b"over"), ("c", None), ("d", b"over"), ("e", b"over")):
            step = Checkpoint(key, b"secret", at_end)
            # a store may keep them by different statements: with events or without, of an execution or not
            events, execution_id = [note()] if key in "ac" else [], row.execution_id if key in "abc" else None
            await store.append(row.id, Write(events, execution_id, checkpoint=step))
    await store.append(run.id, Write(execution_id=run.execution_id, checkpoint=Checkpoint("e", b"for good")))
    await refused(store, run, Write([ending], "exec_old"), Fenced)
    assert (await store.steps(run.id))["a"] == b"secret"
    execution_id = None if as_control else run.execution_id
    ended = Write([note(), ending], execution_id, checkpoint=Checkpoint("d", b"its last secret", b"over at once"))
    await store.append(run.id, ended)
    kept = {"a": b"over", "b": b"over", "c": b"secret", "d": b"over at once", "e": b"for good"}
    assert await store.steps(run.id) == kept
    assert await store.steps(other.id) == dict.fromkeys("abcde", b"secret")


async def test_what_gave_way_does_not_come_back(store: Store) -> None:
    """Neither when the run is reopened and ends again, nor with what is kept of one that has ended."""
    run = await running(store)
    await store.append(run.id, Write([note()], run.execution_id, checkpoint=Checkpoint("a", b"secret", b"over")))
    run = (await store.append(run.id, Write([failed()], run.execution_id))).run
    late = Write(statuses=ENDED, checkpoint=Checkpoint("b", b"secret", b"over"))
    await store.append(run.id, late)
    assert await store.steps(run.id) == {"a": b"over", "b": b"over"}
    again = replace(requeue(run), events=[REOPENED, queued(2, "reopened")], statuses=ENDED)
    run = await claim(store, (await store.append(run.id, again)).run)
    await store.append(run.id, Write([note()], run.execution_id, checkpoint=Checkpoint("a", b"again")))
    await end(store, run)
    assert await store.steps(run.id) == {"a": b"again", "b": b"over"}


async def test_a_checkpoint_of_the_same_key_replaces(store: Store) -> None:
    """The last one counts."""
    run = await running(store)
    for result in (b"1", b"2"):
        await store.append(run.id, Write(execution_id=run.execution_id, checkpoint=Checkpoint("k", result)))
    assert await store.steps(run.id) == {"k": b"2"}
