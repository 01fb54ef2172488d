"""Rows of the database as the values of `headway.stores.base`, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from typing import Any, Final

from headway.core.cursor import Cursor
from headway.core.events import StoredEvent
from headway.stores.base import Page, RunRow
from headway.stores.ledger import page_from
from headway.stores.queries import queries
from headway.stores.rows import ROW, not_found, run_row
from headway.types import RunId

_SQL: Final = queries("sqlite")


def advance_values(number: int, run: RunRow, lapses_ms: int | None, change: int) -> tuple[Any, ...]:
    """Return the arguments of the statement ``advance``."""
    return (number, run.seq, run.tag, run.total, run.updated_at, lapses_ms, change)


def move_values(number: int, run: RunRow, lapses_ms: int | None, change: int) -> tuple[Any, ...]:
    """Return the arguments of the statement ``move``."""
    return (
        *advance_values(number, run, lapses_ms, change), run.status.value, run.attempt, run.execution_id, run.worker,
        run.takeovers, run.cancel_requested, run.started_at, run.finished_at, run.due_ms, run.lease_s,
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


def read_page(
    connection: sqlite3.Connection, run_id: RunId, after: Cursor, *, limit: int, max_bytes: int, partial: bool
) -> Page:
    """Read one page of a log with one statement; see `headway.stores.base.Store.read`."""
    # closed at once, because a statement that has not come to its end holds back the checkpoint of the WAL
    with closing(connection.execute(_SQL["read"], (run_id, after.seq, max(limit, 1) + 1))) as rows:
        first = rows.fetchone()
        if first is None:
            raise not_found(run_id)
        found = (StoredEvent(*columns[ROW:]) for columns in chain((first,), rows) if columns[ROW] is not None)
        return page_from(run_row(first), after, found, limit=limit, max_bytes=max_bytes, partial=partial)
