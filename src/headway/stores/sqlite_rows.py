"""Rows of the database as the values of `headway.stores.base`, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import Any, Final

import orjson

from headway.core.cursor import Cursor
from headway.core.events import StoredEvent
from headway.core.run import RunStatus
from headway.errors import RunNotFound
from headway.stores.base import Page, RunRow, Standing
from headway.stores.ledger import first_page, judge, tail_bytes
from headway.stores.queries import queries
from headway.types import RunId

ROW: Final = 27
"""Columns of the view ``run_rows``: the run's number, then the fields of `RunRow` in order."""

_SQL: Final = queries("sqlite")


def run_row(columns: Sequence[Any]) -> RunRow:
    """Make a `RunRow` of the first `ROW` columns."""
    (
        _, id, job, title, owner, group, metadata, correlation_id, status, attempt, execution_id, external, lease_s,
        worker, takeovers, cancel_requested, created_at, started_at, finished_at, updated_at, seq, tag, total, floor,
        delta_floor, due_ms, summary,
    ) = columns[:ROW]  # fmt: skip
    return RunRow(
        id, job, title, owner, group, orjson.loads(metadata), correlation_id, RunStatus(status), attempt, execution_id,
        bool(external), lease_s, worker, takeovers, bool(cancel_requested), created_at, started_at, finished_at,
        updated_at, seq, tag, total, floor, delta_floor, due_ms, None if summary is None else orjson.loads(summary),
    )  # fmt: skip


def advance_values(number: int, run: RunRow, lapses_ms: int | None, change: int) -> tuple[Any, ...]:
    """Return the arguments of the statement ``advance``."""
    return (number, run.seq, run.tag, run.total, run.updated_at, lapses_ms, change)


def move_values(number: int, run: RunRow, lapses_ms: int | None, change: int) -> tuple[Any, ...]:
    """Return the arguments of the statement ``move``."""
    return (
        *advance_values(number, run, lapses_ms, change), run.status.value, run.attempt, run.execution_id, run.worker,
        run.takeovers, run.cancel_requested, run.started_at, run.finished_at, run.due_ms,
    )  # fmt: skip


def event_values(
    number: int, events: Sequence[StoredEvent], keys: Sequence[str | None]
) -> list[tuple[int | str | bytearray, ...]]:
    """Return the arguments of the statement ``add_event``, one tuple per event."""
    return [
        # a bytearray, because the sqlite3 module asks every bytes object (and None) whether it wants to be adapted
        (number, event.seq, event.tag, event.type, key or "", event.step or "", event.total, bytearray(event.body))
        for event, key in zip(events, keys, strict=True)
    ]


def not_found(run_id: RunId) -> RunNotFound:
    """Return the error for a run that is not there."""
    return RunNotFound(f"there is no run {run_id[:64]!r}")


def read_page(
    connection: sqlite3.Connection, run_id: RunId, after: Cursor, *, limit: int, max_bytes: int, partial: bool
) -> Page:
    """Read one page of a log with one statement; see `headway.stores.base.Store.read`."""
    # closed at once, because a statement that has not come to its end holds back the checkpoint of the WAL
    with closing(connection.execute(_SQL["read"], (run_id, after.seq, max(limit, 1) + 1))) as rows:
        first = rows.fetchone()
        if first is None:
            raise not_found(run_id)
        run = run_row(first)
        found: Iterator[StoredEvent] = (
            StoredEvent(*columns[ROW:]) for columns in chain((first,), rows) if columns[ROW] is not None
        )
        own = next(found, None)
        if own is not None and own.seq != after.seq:
            found, own = chain((own,), found), None
        standing = judge(run, after, own.tag if own else None, partial=partial)
        if standing is not Standing.GOOD:
            return Page(run, standing, (), 0)
        events = first_page(found, limit, max_bytes)
    return Page(run, standing, events, tail_bytes(run, after, own, events))
