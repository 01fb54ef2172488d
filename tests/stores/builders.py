"""Short ways to make what the stores' tests need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from headway.core.cursor import START, Cursor
from headway.core.events import NewEvent, StoredEvent, new_event
from headway.core.fold import Fold
from headway.core.ids import new_execution_id, new_run_id
from headway.core.limits import FOLD_VERSION
from headway.core.run import ENDED, RunStatus
from headway.errors import HeadwayError
from headway.stores.base import Claim, NewRun, Requeue, RunRow, Store, StoredSnapshot, Write
from headway.stores.rate import Rate


def note(body: str = "hello", key: str | None = None, step: str | None = None) -> NewEvent:
    """An event that changes no status."""
    return new_event("note", {"body": body}, key=key, step=step)


def delta(text: str = "x") -> NewEvent:
    """A piece of text."""
    return new_event("output.appended", {"key": "text", "delta": text})


def line(text: str = "x") -> NewEvent:
    """A line of the run's own logging."""
    return new_event("log", {"text": text})


def queued(attempt: int = 1, reason: str = "created", **header: Any) -> NewEvent:
    """A new attempt; with a header it is the first."""
    run = {"job": "j", "title": "t", "created_at": "2026-01-01T00:00:00.000Z"} | header if attempt == 1 else None
    return new_event("run.queued", {"attempt": attempt, "reason": reason, "run": run})


def started(attempt: int = 1, worker: str | None = None) -> NewEvent:
    """The attempt is taken."""
    return new_event("run.started", {"attempt": attempt, "worker": worker})


SUCCEEDED = new_event("run.succeeded", {"result": 42})
CANCEL_REQUESTED = new_event("run.cancel_requested", {"by": "ada"})
CANCELLED = new_event("run.cancelled", {})
REOPENED = new_event("run.reopened", {"by": "ada"})


def failed(code: str = "job_error") -> NewEvent:
    """The run ends with an error."""
    return new_event("run.failed", {"error": {"code": code, "message": "it broke"}})


def new_run(*more: NewEvent, job: str = "j", **fields: Any) -> NewRun:
    """A run to be created, queued."""
    fields = {"id": new_run_id(), "title": "t", "execution_id": new_execution_id()} | fields
    return NewRun(job=job, events=(queued(job=job), *more), **fields)


async def running(store: Store, *more: NewEvent, **fields: Any) -> RunRow:
    """Create a run that has been started at once."""
    run, new = await store.create(new_run(started(), *more, **fields))
    assert new
    return run


async def claim(
    store: Store,
    run: RunRow,
    worker: str | None = "wrk_1",
    concurrency: int | None = None,
    rate: str | None = None,
) -> RunRow:
    """Claim a queued run."""
    write = Write(
        events=[started(run.attempt, worker)],
        execution_id=run.execution_id,
        attempt=run.attempt,
        claim=Claim(worker, concurrency, None if rate is None else Rate.parse(rate)),
    )
    return (await store.append(run.id, write)).run


def requeue(run: RunRow, *, takeover: bool = False, due_ms: int | None = None) -> Write:
    """A control write that begins the next attempt."""
    reason = "takeover" if takeover else "retry"
    return Write(
        events=[queued(run.attempt + 1, reason)],
        attempt=run.attempt,
        requeue=Requeue(new_execution_id(), takeover=takeover, due_ms=due_ms),
    )


async def report(store: Store, run: RunRow, *events: NewEvent) -> list[StoredEvent]:
    """Append as the run's current execution."""
    return list((await store.append(run.id, Write(events=events, execution_id=run.execution_id))).events)


async def end(store: Store, run: RunRow, event: NewEvent = SUCCEEDED) -> RunRow:
    """End a run."""
    return (await store.append(run.id, Write(events=[event], execution_id=run.execution_id))).run


async def refused(store: Store, run: RunRow, write: Write, error: type[HeadwayError]) -> HeadwayError:
    """Expect a write to be refused and to have changed nothing."""
    before = await log(store, run.id), await store.get(run.id), await store.steps(run.id)
    with pytest.raises(error) as raised:
        await store.append(run.id, write)
    assert (await log(store, run.id), await store.get(run.id), await store.steps(run.id)) == before
    return raised.value


async def log(store: Store, run_id: str, after: Cursor = START, *, partial: bool = False) -> list[StoredEvent]:
    """The whole log after a cursor."""
    events: list[StoredEvent] = []
    while True:
        page = await store.read(run_id, after=after, partial=partial)
        events += page.events
        if not page.more:
            return events
        after = Cursor(events[-1].seq, events[-1].tag)


async def save(store: Store, run_id: str, seq: int | None = None) -> StoredSnapshot:
    """Fold the log through `seq` (all of it by default) and store the snapshot."""
    events = [event for event in await log(store, run_id) if seq is None or event.seq <= seq]
    fold = Fold()
    for event in events:
        fold.apply(event.envelope(), event.cursor)
    last = events[-1]
    snapshot = StoredSnapshot(Cursor(last.seq, last.tag), last.total, FOLD_VERSION, fold.snapshot_json())
    await store.put_snapshot(run_id, snapshot, {"percent": None, "seq": last.seq})
    return snapshot


def assert_true(events: list[StoredEvent], run: RunRow, *, numbered: bool = True) -> None:
    """A whole log is dense, its times never fall, its totals add up, and it folds to what the row says.

    Unless `numbered`, the attempts in the payloads were made up and say nothing.
    """
    fold, total, time = Fold(), 0, ""
    for seq, event in enumerate(events, 1):
        envelope = event.envelope()
        total += len(event.body)
        assert (event.seq, envelope["seq"], event.total) == (seq, seq, total)
        assert envelope["time"] >= time
        time = envelope["time"]
        fold.apply(envelope, event.cursor)
    last = events[-1]
    assert (run.seq, run.tag, run.total) == (last.seq, last.tag, total)
    for name in ("status", "execution_id", "finished_at", "started_at", *(("attempt",) if numbered else ())):
        assert getattr(run, name) == fold.get(name)
    assert (run.status in ENDED) == (run.finished_at is not None)
    assert run.cancel_requested == (fold.get("cancel_requested_at") is not None)
    assert run.created_at == fold.get("created_at")


class FakeClock:
    """A store's clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def __call__(self) -> int:
        """The time in milliseconds."""
        return self.ms


class Bell:
    """Hears a store's doorbell."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self.anything = 0
        self._rang = asyncio.Event()

    def ring(self, run_ids: Any) -> None:
        """What the store calls."""
        self.heard |= set(run_ids)
        self.anything += not run_ids
        self._rang.set()

    async def until_told(self, run_id: str | None = None) -> None:
        """Wait for news of a run, or of anything; then forget them."""
        async with asyncio.timeout(20):
            while not (self.anything or run_id in self.heard):
                self._rang.clear()
                await self._rang.wait()
        self.heard.clear()
        self.anything = 0


@asynccontextmanager
async def listening(store: Store) -> AsyncIterator[Bell]:
    """Watch a store."""
    bell = Bell()
    unwatch = store.watch(bell.ring)
    try:
        yield bell
    finally:
        unwatch()


def data(event: StoredEvent) -> Any:
    """The payload of an event."""
    return orjson.loads(event.body)["data"]


ACTIVE_AND_ENDED = tuple(RunStatus)
