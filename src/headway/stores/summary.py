"""A run in a list: what is known of it without reading its log. The same in pages and in the live list."""

from __future__ import annotations

from typing import Any, Final

from headway.stores.base import RunRow

FOLDED: Final = ("percent", "reached", "message", "phase", "items_total", "items_ended", "items_failed")
"""Known as of the last stored snapshot; null before the first (`headway.stores.projection.summary`)."""


def is_folded(run: RunRow) -> bool:
    """Tell whether what is kept of a run's state is that of its last event."""
    return run.summary is not None and run.summary.get("seq", run.seq) == run.seq


def summary_of(run: RunRow) -> dict[str, Any]:
    """Return a row as it goes over the wire."""
    return {
        "id": run.id,
        "job": run.job,
        "title": run.title,
        "status": str(run.status),
        "owner": run.owner,
        "group": run.group,
        "metadata": dict(run.metadata),
        "execution_id": run.execution_id,
        "attempt": run.attempt,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "updated_at": run.updated_at,
        "cancel_requested": run.cancel_requested,
        "seq": run.seq,
        "cursor": str(run.cursor),
        **{name: (run.summary or {}).get(name) for name in FOLDED},
    }
