# ruff: noqa: S608 - statements are put together of our own columns, never of values
"""Business events, as rows: each once, however often it is written."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from examples.report.tables.database import Database, Row, as_json

LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened to a report.

    Attributes:
        run_id: Of the run that makes the report.
        seq: Of the event in the run's log; both together are the key.
        kind: What happened.
        correlation_id: Of the request that asked for the report.
        details: By kind.
    """

    run_id: str
    seq: int
    project_id: str
    report_id: str
    kind: str
    happened_at: dt.datetime
    correlation_id: str | None
    details: Mapping[str, Any]


class EventTable:
    """All of them.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: EventRow) -> None:
        """Write one. Written again, the first one stays."""
        await self._database.rows(
            _ADD,
            row.run_id,
            row.seq,
            row.project_id,
            row.report_id,
            row.kind,
            row.happened_at,
            row.correlation_id,
            as_json(row.details),
        )

    async def of_project(self, project_id: str) -> list[EventRow]:
        """Return the last ones of a project, in the order in which they happened."""
        return [_event(row) for row in reversed(await self._database.rows(_OF_PROJECT, project_id, LISTED))]


_COLUMNS: Final = "run_id, seq, project_id, report_id, kind, happened_at, correlation_id, details"
_ADD: Final = f"""
INSERT INTO app.business_event ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
_OF_PROJECT: Final = f"""
SELECT {_COLUMNS} FROM app.business_event WHERE project_id = $1 ORDER BY run_id DESC, seq DESC LIMIT $2
"""


def _event(row: Row) -> EventRow:
    at = row["happened_at"]
    moment = at if isinstance(at, dt.datetime) else dt.datetime.fromisoformat(at)
    return EventRow(**{**row, "happened_at": moment, "details": json.loads(row["details"])})
