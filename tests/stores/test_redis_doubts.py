"""Commands and answers that are lost on the way to Redis and back: nothing is done twice, and nothing is forgotten."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from headway.core.events import NewEvent
from headway.core.run import RunStatus
from headway.errors import Fenced, RunNotFound, StoreUnavailable
from headway.stores.base import Checkpoint, NewRun, RunRow, Store, Write
from headway.stores.redis import RedisStore
from headway.stores.redis_errors import AnswerLost, Unreached
from headway.stores.redis_scripts import scripts
from tests.stores.builders import assert_true, claim, data, end, log, new_run, note, report, requeue, running


class Faults:
    """Stands between a store and the connection it writes on.

    Attributes:
        plan: What befalls the next appends and creations: ``answer`` or ``request`` is lost, ``late``: the request
            arrives when it is delivered, ``unreached``: it was never sent.
        away: Whether nothing at all gets through.
    """

    def __init__(self, store: RedisStore) -> None:
        assert store._link is not None
        self._wire = store._link.wire
        self._through: Callable[..., asyncio.Future[Any]] = self._wire.call
        self._late: list[tuple[Any, ...]] = []
        self._breakable = {scripts()[name].sha for name in ("append", "create")}
        self.plan: deque[str] = deque()
        self.away = False
        self._wire.call = self._call  # type: ignore[method-assign]

    def _call(self, *command: Any) -> asyncio.Future[Any]:
        is_breakable = command[0] == "EVALSHA" and command[1] in self._breakable
        if is_breakable and self.plan:
            return asyncio.ensure_future(self._break(self.plan.popleft(), command))
        if self.away:
            return asyncio.ensure_future(self._break("unreached", command))
        return self._through(*command)

    async def _break(self, fault: str, command: tuple[Any, ...]) -> None:
        if fault == "unreached":
            raise Unreached("nobody is there")
        if fault == "answer":
            await self._through(*command)
        if fault == "late":
            self._late.append(command)
        raise AnswerLost("no answer")

    async def deliver(self) -> None:
        """Let what is late arrive."""
        for command in self._late:
            await self._through(*command)
        self._late.clear()


@pytest.fixture
def faults(redis_store: RedisStore) -> Faults:
    """Those of `redis_store`."""
    return Faults(redis_store)


@pytest.fixture
def impatient(redis_store: RedisStore) -> None:
    """`redis_store` gives up at once."""
    assert redis_store._link is not None
    redis_store._link.patience_s = redis_store._link.writes._patience_s = 0


async def bodies(store: Store, run: RunRow) -> list[str]:
    """What the notes of a log say; it is a true log."""
    row = await store.get(run.id)
    assert row is not None
    events = await log(store, run.id)
    assert_true(events, row, numbered=False)
    return [data(event)["body"] for event in events if event.type == "note"]


@pytest.mark.parametrize("fault", ["answer", "request", "late", "unreached"])
async def test_a_lost_append_is_done_once(redis_store: RedisStore, faults: Faults, fault: str) -> None:
    """Its writer never hears of it; a request that arrives too late changes nothing."""
    run = await running(redis_store)
    await report(redis_store, run, note("before"))
    faults.plan.append(fault)
    appended = await report(redis_store, run, note("lost"), note("found"))
    assert [event.seq for event in appended] == [4, 5]
    assert (await log(redis_store, run.id))[3:] == appended
    await report(redis_store, run, note("after"))
    await faults.deliver()
    assert await bodies(redis_store, run) == ["before", "lost", "found", "after"]


async def test_what_is_late_cannot_come_between(redis_store: RedisStore, faults: Faults) -> None:
    """Not even when its writer has not written anything since."""
    run = await running(redis_store)
    faults.plan += ["late", "late", "late"]
    await report(redis_store, run, note("once"))
    before = await redis_store.get(run.id)
    await faults.deliver()
    assert await bodies(redis_store, run) == ["once"]
    assert await redis_store.get(run.id) == before


@pytest.mark.parametrize("fault", ["answer", "request", "late"])
async def test_a_write_given_up_may_be_handed_in_again(
    redis_store: RedisStore, faults: Faults, impatient: None, fault: str
) -> None:
    """The same events are answered as done if they were; equal ones are others."""
    run = await running(redis_store)
    events = [note("a"), note("b")]
    faults.plan.append(fault)
    faults.away = True
    with pytest.raises(StoreUnavailable):
        await report(redis_store, run, *events)
    with pytest.raises(StoreUnavailable):
        await report(redis_store, run, *events)
    faults.away = False
    again = await redis_store.append(run.id, Write(events=list(events), execution_id=run.execution_id))
    await faults.deliver()
    assert [event.seq for event in again.events] == [3, 4]
    assert (again.run, list(again.events)) == (await redis_store.get(run.id), (await log(redis_store, run.id))[2:])
    await report(redis_store, run, note("a"), note("b"))
    assert await bodies(redis_store, run) == ["a", "b"] * 2


@pytest.mark.parametrize("fault", ["answer", "request", "late"])
async def test_others_write_before_it_is_handed_in_again(
    redis_store: RedisStore, other_redis: RedisStore, faults: Faults, impatient: None, fault: str
) -> None:
    """Another process, or the same one: the doubt stays until its own events come."""
    run = await running(redis_store)
    event = note("doubtful")
    faults.plan.append(fault)
    faults.away = True
    with pytest.raises(StoreUnavailable):
        await report(redis_store, run, event)
    faults.away = False
    await report(other_redis, run, note("theirs"))
    await report(redis_store, run, note("mine"))
    await faults.deliver()
    await report(redis_store, run, event)
    found = await bodies(redis_store, run)
    assert sorted(found) == ["doubtful", "mine", "theirs"]
    assert found.index("doubtful") == (0 if fault == "answer" else 2)


async def test_doubts_about_several_writes_of_a_run(redis_store: RedisStore, faults: Faults, impatient: None) -> None:
    """Each is settled for itself, in whatever order they come again."""
    run = await running(redis_store)
    events = [note("a"), note("b"), note("c")]
    for event in events:
        faults.plan.append("answer")
        faults.away = True
        with pytest.raises(StoreUnavailable):
            await redis_store.append(run.id, Write(events=[event], execution_id=run.execution_id))
        faults.away = False
        await redis_store.append(run.id, Write())  # its row is read again, so that the next one gets through
    for event in reversed(events):
        await report(redis_store, run, event)
    assert await bodies(redis_store, run) == ["a", "b", "c"]


@pytest.mark.parametrize("fault", ["answer", "request", "late"])
async def test_a_run_whose_answer_was_lost_is_new(redis_store: RedisStore, faults: Faults, fault: str) -> None:
    """To whoever created it, and to nobody else."""
    new = new_run(note("first"), key="k")
    faults.plan.append(fault)
    run, is_new = await redis_store.create(new)
    await faults.deliver()
    assert is_new
    assert await bodies(redis_store, run) == ["first"]
    assert await redis_store.create(new) == (run, False)
    assert await redis_store.create(new_run(key="k")) == (run, False)


async def test_a_creation_given_up_may_be_handed_in_again(
    redis_store: RedisStore, faults: Faults, impatient: None
) -> None:
    """It was us, even if somebody has taken the run meanwhile."""
    new: NewRun = new_run()
    faults.plan.append("answer")
    with pytest.raises(StoreUnavailable):
        await redis_store.create(new)
    row = await redis_store.get(new.id)
    assert row is not None
    claimed = await claim(redis_store, row)
    assert await redis_store.create(new) == (claimed, True)
    assert await redis_store.create(new) == (claimed, False)


async def test_lost_commands_are_no_conflicts(redis_store: RedisStore, faults: Faults) -> None:
    """A claim, a requeue and an end are done once, and their writer is not told that they came too late."""
    run, _ = await redis_store.create(new_run())
    faults.plan.append("answer")
    run = await claim(redis_store, run, concurrency=1, rate="3/h")
    assert len(await redis_store.begun(run.job)) == 1
    faults.plan.append("answer")
    again = (await redis_store.append(run.id, requeue(run, takeover=True))).run
    assert (again.attempt, again.takeovers) == (2, 1)
    with pytest.raises(Fenced):
        await report(redis_store, run, note())
    again = await claim(redis_store, again, concurrency=1)
    faults.plan.append("answer")
    assert (await end(redis_store, again)).status is RunStatus.SUCCEEDED
    assert await bodies(redis_store, run) == []


async def test_a_lost_heartbeat_and_its_checkpoint(redis_store: RedisStore, faults: Faults) -> None:
    """Are simply sent again."""
    run = await running(redis_store)
    for fault in ("answer", "request", "late"):
        faults.plan.append(fault)
        write = Write(execution_id=run.execution_id, checkpoint=Checkpoint("step", fault.encode()))
        assert (await redis_store.append(run.id, write)).run.seq == 2
        assert await redis_store.steps(run.id) == {"step": fault.encode()}


async def test_keyed_batches_that_are_lost(redis_store: RedisStore, faults: Faults) -> None:
    """Are told what they wrote, not that it was there."""
    run = await running(redis_store)
    await report(redis_store, run, note("a", key="a"))
    faults.plan.append("answer")
    written = await report(redis_store, run, note("a", key="a"), note("b", key="b"))
    assert [event.seq for event in written] == [4]
    assert await bodies(redis_store, run) == ["a", "b"]


async def test_a_run_that_was_deleted_meanwhile(
    redis_store: RedisStore, other_redis: RedisStore, faults: Faults, impatient: None
) -> None:
    """There is nothing to settle any more."""
    run = await running(redis_store)
    events: list[NewEvent] = [note()]
    faults.plan.append("answer")
    faults.away = True
    with pytest.raises(StoreUnavailable):
        await report(redis_store, run, *events)
    faults.away = False
    await end(other_redis, run)
    await other_redis.delete(run.id)
    for _ in range(2):
        with pytest.raises(RunNotFound):
            await report(redis_store, run, *events)


async def test_connections_are_cut_in_the_midst_of_it(redis_store: RedisStore, other_redis: RedisStore) -> None:
    """Again and again, for all clients, while two processes write to two runs: every note once, in its task's order."""
    stores = (redis_store, other_redis)
    runs = [await running(store) for store in stores]
    for store in stores:
        assert store._link is not None
        store._link.patience_s = store._link.writes._patience_s = 60

    async def write(store: RedisStore, run: RunRow, who: str) -> None:
        for number in range(150):
            if number % 10 == 0:
                cut(store)
            await report(store, run, note(f"{who} {number}"))

    pairs = [(store, run) for store in stores for run in runs]
    await asyncio.gather(*(write(store, run, str(number)) for number, (store, run) in enumerate(pairs)))
    assert sum(store.statistics()["settled"] for store in stores) > 0
    for run in runs:
        found = await bodies(redis_store, run)
        writers = [str(number) for number, (_, its) in enumerate(pairs) if its is run]
        for who in writers:
            own = [body for body in found if body.startswith(f"{who} ")]
            assert own == [f"{who} {number}" for number in range(150)]
        assert len(found) == 150 * len(writers)


def cut(store: RedisStore) -> None:
    """Cut the connections of all clients, on the way of the next append."""
    assert store._link is not None
    killing = store._link.readers[0].call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    killing.add_done_callback(lambda killed: killed.exception())
