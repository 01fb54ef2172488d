"""A run's row as databases give it: one shape for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import orjson

from headway.core.run import RunStatus
from headway.errors import RunNotFound
from headway.stores.base import RunFilter, RunRow
from headway.types import RunId

ROW: Final = 28
"""Columns of the view ``run_rows``: the run's number, then the fields of `RunRow` in order."""


def run_row(columns: Sequence[Any]) -> RunRow:
    """Make a `RunRow` of the first `ROW` columns."""
    (
        _, id, job, title, owner, group, metadata, correlation_id, status, attempt, execution_id, external, lease_s,
        worker, takeovers, cancel_requested, created_at, started_at, finished_at, updated_at, seq, tag, total, floor,
        text_floor, lines_floor, due_ms, summary,
    ) = columns[:ROW]  # fmt: skip
    return RunRow(
        id, job, title, owner, group, orjson.loads(metadata), correlation_id, RunStatus(status), attempt, execution_id,
        bool(external), lease_s, worker, takeovers, bool(cancel_requested), created_at, started_at, finished_at,
        updated_at, seq, tag, total, floor, text_floor, lines_floor, due_ms,
        None if summary is None else orjson.loads(summary),
    )  # fmt: skip


def not_found(run_id: RunId) -> RunNotFound:
    """Return the error for a run that is not there."""
    return RunNotFound(f"there is no run {run_id[:64]!r}")


def list_query(which: RunFilter) -> tuple[str, tuple[str | None, ...]]:
    """Return the name of the statement that goes by the most telling index, and its conditions."""
    if which.group is not None:
        return "list_of_group", (which.group, which.owner, which.job)
    if which.owner is not None:
        return "list_of_owner", (which.owner, which.job)
    return ("list_all", ()) if which.job is None else ("list_of_job", (which.job,))


async def each_job(next_after: Callable[[str], Awaitable[Sequence[Any]]]) -> list[str]:
    """Return jobs by name, gone through one by one: `next_after` finds the row of the one behind another."""
    jobs: list[str] = []
    while found := await next_after(jobs[-1] if jobs else ""):
        jobs.append(found[0][0])
    return jobs
