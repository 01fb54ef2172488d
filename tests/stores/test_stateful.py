"""Random histories of commands, carried out on two stores: they answer alike, and every log stays true."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from headway.core.cursor import START, Cursor
from headway.core.events import NewEvent
from headway.core.run import RunStatus
from headway.errors import HeadwayError
from headway.stores.base import (
    Checkpoint,
    Claim,
    Ended,
    NewRun,
    Page,
    Requeue,
    RunFilter,
    RunRow,
    Store,
    StoredSnapshot,
    Write,
)
from headway.stores.memory import MemoryStore
from headway.stores.rate import Rate
from headway.stores.retention import Part, Retention
from tests.stores.builders import (
    CANCEL_REQUESTED,
    CANCELLED,
    REOPENED,
    SUCCEEDED,
    FakeClock,
    assert_true,
    delta,
    failed,
    line,
    log,
    note,
    queued,
    started,
)
from tests.stores.conftest import make_store

RUNS = [f"run_{number}" for number in range(4)]
EXECUTIONS = [f"exe_{number}" for number in range(4)]
KEYS = ["a", "b", "c"]
JOBS = ["x", "y"]
WAITING = NewEvent("run.waiting", b'{"ask_id":"q","prompt":"?","schema":null}')
RESUMED = NewEvent("run.resumed", b'{"ask_id":"q","answer":1}')
PARTIAL = NewEvent("run.partial", b'{"result":null}')

runs = st.sampled_from(RUNS)
ages = st.none() | st.integers(0, 20)
jobs = st.sampled_from(JOBS)
attempts = st.none() | st.integers(1, 4)
events = st.one_of(
    st.builds(note, st.text(max_size=5), st.none() | st.sampled_from(KEYS)),
    st.builds(delta, st.text(max_size=30)),
    st.just(line()),
    st.sampled_from([SUCCEEDED, PARTIAL, CANCELLED, CANCEL_REQUESTED, REOPENED, WAITING, RESUMED, failed()]),
    st.builds(queued, st.integers(2, 5), st.sampled_from(["retry", "takeover"])),
    st.builds(started, st.integers(1, 5)),
)
batches = st.lists(events, max_size=5)
checkpoints = st.none() | st.builds(
    Checkpoint, st.sampled_from(KEYS), st.binary(max_size=5), st.sampled_from([None, b"over"])
)
statuses = st.none() | st.sets(st.sampled_from(RunStatus))
writes = st.builds(
    Write,
    events=batches,
    execution_id=st.none() | st.sampled_from(EXECUTIONS),
    statuses=statuses,
    attempt=attempts,
    seq=st.none() | st.integers(1, 30),
    requeue=st.none() | st.builds(Requeue, st.sampled_from(EXECUTIONS), st.none(), st.booleans()),
    claim=st.none() | st.builds(Claim, st.sampled_from(["w1", None]), st.none() | st.integers(0, 2)),
    checkpoint=checkpoints,
)


def new_run(run_id: str, job: str, key: str | None, worker: str | None, more: Sequence[NewEvent]) -> NewRun:
    """A run, started if there is a worker; those with more events are external."""
    return NewRun(
        id=run_id,
        job=job,
        title="t",
        events=(queued(job=job), *([started(1, worker)] if worker else []), *more),
        execution_id=EXECUTIONS[0],
        owner=("ada", "")[len(more) % 2],
        key=key,
        fingerprint=job,
        input=b"1",
        external=bool(more),
        lease_s=5.0 if more else None,
        worker=worker,
    )


news = st.builds(
    new_run, runs, jobs, st.none() | st.sampled_from(KEYS), st.none() | st.sampled_from(["w1", "w2"]), batches
)


def outcome(answer: Any) -> Any:
    """An answer without what is random in it: the tags."""
    if isinstance(answer, HeadwayError):
        return type(answer), answer.detail, answer.extra
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, RunRow):
        return [getattr(answer, name) for name in RunRow.__slots__ if name != "tag"]
    if isinstance(answer, Page):
        bodies = [(event.seq, event.type, event.body, event.total, event.step) for event in answer.events]
        return outcome(answer.run), answer.standing, bodies, answer.tail, answer.more
    if isinstance(answer, StoredSnapshot):
        return answer.cursor.seq, answer.total, answer.version, answer.body
    if isinstance(answer, tuple | list):
        return [outcome(each) for each in answer]
    return answer


class Stores(RuleBasedStateMachine):
    """The same commands to a store in memory and to another one.

    Args:
        other: Makes the other one, in a folder, on a clock.
    """

    def __init__(self, other: Callable[[Path, FakeClock], Store]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.stores: list[Store] = [MemoryStore(now_ms=self.clock), other(Path(self.folder.name), self.clock)]
        for store in self.stores:
            self.runner.run(store.open())

    def teardown(self) -> None:
        """Be rid of both."""
        for store in self.stores:
            self.runner.run(store.close())
        self.runner.close()
        self.folder.cleanup()

    def both(self, command: Callable[[Store], Awaitable[Any]]) -> list[Any]:
        """Give a command to both stores; they answer, or refuse, alike."""

        async def do(store: Store) -> Any:
            try:
                return await command(store)
            except HeadwayError as error:
                return error

        answers = [self.runner.run(do(store)) for store in self.stores]
        assert outcome(answers[0]) == outcome(answers[1])
        return answers

    def cursors(self, run_id: str, place: int) -> list[Cursor]:
        """The cursor at about a place of the log, by each store's own tags."""
        found = []
        for store in self.stores:
            if self.runner.run(store.get(run_id)) is None:
                found.append(START)
                continue
            whole = self.runner.run(log_of(store, run_id))
            event = whole[place % len(whole)] if whole else None
            found.append(START if event is None else Cursor(event.seq, event.tag))
        return found

    @initialize()
    def begin(self) -> None:
        """One run to begin with."""
        self.both(lambda store: store.create(new_run(RUNS[0], "x", None, None, ())))

    @rule(new=news)
    def create(self, new: NewRun) -> None:
        """Create a run, perhaps one that is there already."""
        self.both(lambda store: store.create(new))

    @rule(run_id=runs, write=writes)
    def write(self, run_id: str, write: Write) -> None:
        """Any write at all."""
        self.both(lambda store: append(store, run_id, write))

    @rule(run_id=runs, batch=batches, checkpoint=checkpoints)
    def report(self, run_id: str, batch: list[NewEvent], checkpoint: Checkpoint | None) -> None:
        """A batch of the current execution."""

        async def command(store: Store) -> Any:
            run = await store.get(run_id)
            execution_id = None if run is None else run.execution_id
            return await append(store, run_id, Write(batch, execution_id, checkpoint=checkpoint))

        self.both(command)

    @rule(run_id=runs, concurrency=st.none() | st.integers(1, 2), rate=st.sampled_from([None, "1/s", "2/m"]))
    def claim(self, run_id: str, concurrency: int | None, rate: str | None) -> None:
        """Claim whatever attempt there is."""
        claim = Claim("w2", concurrency, None if rate is None else Rate.parse(rate))
        write = Write(events=[started(1, "w2")], claim=claim)
        self.both(lambda store: append(store, run_id, write))

    @rule(run_id=runs, takeover=st.booleans(), due_s=st.none() | st.integers(0, 5), number=st.integers(0, 3))
    def requeue(self, run_id: str, takeover: bool, due_s: int | None, number: int) -> None:
        """Begin the next attempt."""
        due_ms = None if due_s is None else self.clock.ms + 1_000 * due_s
        write = Write(events=[queued(2, "retry")], requeue=Requeue(EXECUTIONS[number], due_ms, takeover))
        self.both(lambda store: append(store, run_id, write))

    @rule(run_id=runs, place=st.integers(0, 50), percent=st.integers(0, 100))
    def snapshot(self, run_id: str, place: int, percent: int) -> None:
        """Keep a snapshot of some event."""
        cursors = dict(zip(map(id, self.stores), self.cursors(run_id, place), strict=True))

        async def command(store: Store) -> Any:
            at = cursors[id(store)]
            await store.put_snapshot(run_id, StoredSnapshot(at, at.seq, 1, b"{}"), {"percent": percent})
            return await store.snapshot(run_id)

        self.both(command)

    @rule(run_id=runs, floor=st.integers(0, 40), part=st.sampled_from(Part))
    def trim(self, run_id: str, floor: int, part: Part) -> None:
        """Drop old events."""
        self.both(lambda store: store.trim(run_id, floor=floor, part=part))

    @rule(log_s=ages, text_s=ages, lines_s=ages)
    def prune(self, log_s: int | None, text_s: int | None, lines_s: int | None) -> None:
        """Drop what has outlived its retention, all of it; the stores may go about it in another order."""

        async def command(store: Store) -> list[Any]:
            retention = dict.fromkeys(await store.prunable_jobs(), Retention(log_s, text_s, lines_s))
            told = await store.prunable(retention)
            while await store.prune(retention, max_rows=7):
                pass
            assert await store.prunable(retention) == []
            return [*retention, told, await store.prunable_jobs()]

        self.both(command)

    @rule(run_id=runs)
    def delete(self, run_id: str) -> None:
        """Remove a run."""
        self.both(lambda store: store.delete(run_id))

    @rule(seconds=st.integers(1, 10))
    def wait(self, seconds: int) -> None:
        """Let time go by."""
        self.clock.ms += 1_000 * seconds

    @rule(run_id=runs, place=st.integers(0, 50), limit=st.integers(0, 5), partial=st.booleans(), other=st.booleans())
    def read(self, run_id: str, place: int, limit: int, partial: bool, other: bool) -> None:
        """Read from somewhere, perhaps with a cursor of another log."""
        cursors = dict(zip(map(id, self.stores), self.cursors(run_id, place), strict=True))

        async def command(store: Store) -> Any:
            at = cursors[id(store)]
            at = Cursor(at.seq + place % 3, "other") if other else at
            return await store.read(run_id, after=at, limit=limit, max_bytes=600, partial=partial)

        self.both(command)

    @rule(
        which=st.builds(
            RunFilter,
            owner=st.none() | st.sampled_from(["ada", ""]),
            status=statuses,
            job=st.none() | jobs,
            before=st.none() | runs,
        ),
        limit=st.integers(1, 3),
    )
    def lists(self, which: RunFilter, limit: int) -> None:
        """Ask for all lists there are."""
        self.both(lambda store: store.list_runs(which, limit=limit))
        self.both(lambda store: store.queued(JOBS, limit=limit))
        self.both(lambda store: store.claimed())
        self.both(lambda store: store.lapsed())
        self.both(lambda store: store.asked_to_stop())
        self.both(lambda store: store.begun("x"))
        self.both(lambda store: store.ended(Ended(), limit=limit))
        self.both(lambda store: store.durations("x", limit=limit))

    @rule(run_id=runs, seen=st.integers(0, 2), to=st.integers(1, 2))
    def tell(self, run_id: str, seen: int, to: int) -> None:
        """Keep how far a listener was told."""
        self.both(lambda store: store.move_position("l", run_id, Cursor(seen, "0"), Cursor(to, "0")))
        self.both(lambda store: store.positions("l", RUNS))

    @rule(seconds=st.integers(0, 10))
    def unfolded(self, seconds: int) -> None:
        """Look for ends that no snapshot holds."""
        self.both(lambda store: store.unfolded(seconds, Ended()))

    @invariant()
    def logs_are_true(self) -> None:
        """What is left of every log agrees with its row, and both stores hold the same."""
        self.both(everything)


async def everything(store: Store) -> list[Any]:
    """All there is of all runs."""
    found: list[Any] = []
    for run_id in RUNS:
        run = await store.get(run_id)
        found += [run, await store.steps(run_id), await store.input(run_id), await store.snapshot(run_id)]
        if run is not None:
            found.append(await store.read(run_id, limit=1_000, partial=True))
        if run is not None and run.delta_floor == 0:
            assert_true(await log(store, run_id), run, numbered=False)
    return found


async def append(store: Store, run_id: str, write: Write) -> Any:
    """Append, and answer with what is comparable."""
    appended = await store.append(run_id, write)
    return appended.run, [(event.seq, event.body) for event in appended.events]


async def log_of(store: Store, run_id: str) -> list[Any]:
    """What is left of a log."""
    run = await store.get(run_id)
    assert run is not None
    page = await store.read(run_id, limit=1_000, partial=True)
    if page.events:
        return list(page.events)
    snapshot = await store.snapshot(run_id)
    return [] if snapshot is None else list((await store.read(run_id, after=snapshot.cursor)).events)


@pytest.mark.slow
@pytest.mark.parametrize("examples", [10, pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "redis"])
def test_all_stores_do_the_same(kind: str, examples: int, request: pytest.FixtureRequest) -> None:
    """Whatever is asked of them, in whatever order."""

    class Histories(Stores):
        def __init__(self) -> None:
            super().__init__(lambda folder, clock: make_store(kind, folder, clock, request))

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
