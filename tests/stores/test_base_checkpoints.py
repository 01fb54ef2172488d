"""The contract of every store: the checkpoints of steps, kept with the events that tell of them."""

from dataclasses import replace

import pytest

from headway.core.events import NewEvent
from headway.core.ids import new_run_id
from headway.core.run import RunStatus
from headway.errors import Fenced
from headway.stores.base import Checkpoint, Store, Write
from tests.stores.builders import SUCCEEDED, note, refused, requeue, running


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


async def test_a_checkpoint_of_the_same_key_replaces(store: Store) -> None:
    """The last one counts."""
    run = await running(store)
    for result in (b"1", b"2"):
        await store.append(run.id, Write(execution_id=run.execution_id, checkpoint=Checkpoint("k", result)))
    assert await store.steps(run.id) == {"k": b"2"}
