"""Runs with long logs, written as a publisher writes them: in batches, with a snapshot stored from time to time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headway.core.cursor import Cursor
from headway.core.events import NewEvent, new_event
from headway.core.ids import new_execution_id, new_run_id
from headway.stores.base import NewRun, RunRow, Store, Write, wall_ms
from headway.stores.projection import Projections
from headway.stores.sqlite import SqliteStore

CURSORS_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Filled:
    """A run with a long log.

    Attributes:
        head: Seq of the last event.
        early: Cursors near the beginning of the log, by seq.
        late: Cursors near its end, by seq.
    """

    id: str
    execution_id: str
    head: int
    early: dict[int, str]
    late: dict[int, str]

    @property
    def path(self) -> str:
        """The path of the run."""
        return f"/v1/runs/{self.id}"

    @property
    def stream(self) -> str:
        """The path of its stream."""
        return f"{self.path}/stream"


def started_run(started: Sequence[NewEvent] = ()) -> NewRun:
    """Return a run to be created whose work happens elsewhere: it is running, and no engine touches it."""
    header = {"job": "bench", "title": "bench", "created_at": "2026-01-01T00:00:00.000Z"}
    queued = new_event("run.queued", {"attempt": 1, "reason": "created", "run": header})
    return NewRun(
        id=new_run_id(),
        job="bench",
        title="bench",
        events=(queued, new_event("run.started", {"attempt": 1}), *started),
        execution_id=new_execution_id(),
        external=True,
    )


def lines(data_bytes: int) -> Callable[[int], NewEvent]:
    """Return what makes events that are in the log and not in the state; the data of each is about so long."""
    event = new_event("log", {"text": "x" * (data_bytes - 40)})
    return lambda _: event


def piece(number: int) -> str:
    """Return the n-th piece of a text, about as long as those a language model streams."""
    return f"word{number % 100:02} "


def delta(number: int) -> NewEvent:
    """Return the event that brings it."""
    return new_event("output.appended", {"key": "text", "delta": piece(number)})


def fill(
    file: Path,
    count: int,
    event: Callable[[int], NewEvent],
    *,
    started: Sequence[NewEvent] = (),
    batch: int = 500,
    ended_days_ago: float | None = None,
) -> Filled:
    """Write a run of `count` events into the store at `file`, made if it is not there.

    Args:
        file: Of the store.
        count: Events after those that start the run.
        event: Makes the n-th.
        started: Events that go before.
        batch: How many in one transaction.
        ended_days_ago: The run happened then, and has ended; None: it happens now and goes on.
    """
    ago_ms = round((ended_days_ago or 0) * 86_400_000)

    async def work() -> Filled:
        store = SqliteStore(file, now_ms=lambda: wall_ms() - ago_ms)
        await store.open()
        try:
            run = await _fill(store, count, event, started, batch)
            if ended_days_ago is not None:
                ended = await store.append(run.id, Write([new_event("run.succeeded", {})], run.execution_id))
                await Projections(store).save(run.id, ended.run)
            return run
        finally:
            await store.close()

    return asyncio.run(work())


async def _fill(
    store: Store, count: int, event: Callable[[int], NewEvent], started: Sequence[NewEvent], batch: int
) -> Filled:
    projections = Projections(store)
    row, _ = await store.create(started_run(started))
    early: dict[int, str] = {}
    late: deque[Cursor] = deque(maxlen=CURSORS_KEPT)
    for first in range(0, count, batch):
        row, cursors = await _append(store, row, [event(n) for n in range(first, min(first + batch, count))])
        await projections.save(row.id, row)
        late.extend(cursors)
        if len(early) < CURSORS_KEPT:
            early |= {cursor.seq: str(cursor) for cursor in cursors}
    return Filled(row.id, row.execution_id, row.seq, early, {cursor.seq: str(cursor) for cursor in late})


async def _append(store: Store, row: RunRow, events: Sequence[NewEvent]) -> tuple[RunRow, list[Cursor]]:
    done = await store.append(row.id, Write(events=events, execution_id=row.execution_id))
    return done.run, [Cursor(each.seq, each.tag) for each in done.events]
