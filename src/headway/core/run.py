"""Life of a run, its phases, items and outputs, as tables.

The tables say which event is legal in which status and where it leads. Everything that is not in a table is illegal:
a store refuses it where it guards a control write, and a fold ignores it, in both languages alike. ``None`` stands for
"does not exist yet".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    #: an execution works on it
    RUNNING = "running"
    #: for an answer to ``run.ask``
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    #: finished, but some items failed
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE: Final = frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING})
AT_WORK: Final = ACTIVE - {RunStatus.QUEUED}
ENDED: Final = frozenset(RunStatus) - ACTIVE

_Q, _R, _W = RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING

RUN_TRANSITIONS: Final[Mapping[str, Mapping[RunStatus | None, RunStatus]]] = {
    # a new attempt: creation, retry of the body, take-over from a dead owner, an answer that arrived later
    "run.queued": {None: _Q, _Q: _Q, _R: _Q, _W: _Q},
    "run.started": {_Q: _R},
    "run.waiting": {_R: _W},
    "run.resumed": {_W: _R},
    "run.cancel_requested": {_Q: _Q, _R: _R, _W: _W},
    "run.succeeded": {_R: RunStatus.SUCCEEDED},
    "run.partial": {_R: RunStatus.PARTIAL},
    # a run may fail before it starts: too many take-overs, an expired lease
    "run.failed": dict.fromkeys((_Q, _R, _W), RunStatus.FAILED),
    "run.cancelled": dict.fromkeys((_Q, _R, _W), RunStatus.CANCELLED),
    "run.reopened": dict.fromkeys((RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.CANCELLED), _Q),
}

REOPENABLE: Final = frozenset(status for status in RUN_TRANSITIONS["run.reopened"] if status is not None)

PHASE_TRANSITIONS: Final[Mapping[str, Mapping[str | None, str]]] = {
    # starting again resets the entry
    "phase.started": dict.fromkeys((None, "planned", "running", "finished", "failed"), "running"),
    "phase.progressed": dict.fromkeys((None, "planned", "running"), "running"),
    "phase.finished": dict.fromkeys((None, "planned", "running"), "finished"),
    "phase.failed": dict.fromkeys((None, "planned", "running"), "failed"),
}

ITEM_TRANSITIONS: Final[Mapping[str, Mapping[str | None, str]]] = {
    "item.planned": {None: "planned"},
    "item.started": dict.fromkeys((None, "planned", "running", "finished", "failed"), "running"),
    "item.progressed": dict.fromkeys((None, "planned", "running"), "running"),
    # data may still be enriched after the item was finished
    "item.updated": {None: "planned"} | {status: status for status in ("planned", "running", "finished", "failed")},
    "item.finished": dict.fromkeys((None, "planned", "running"), "finished"),
    "item.failed": dict.fromkeys((None, "planned", "running"), "failed"),
}

OUTPUT_TRANSITIONS: Final[Mapping[str, Mapping[str | None, str]]] = {
    "output.started": dict.fromkeys((None, "open", "finished"), "open"),
    "output.appended": dict.fromkeys((None, "open"), "open"),
    "output.finished": dict.fromkeys((None, "open"), "finished"),
}


def next_status(status: RunStatus | None, event_type: str) -> RunStatus | None:
    """Return the run's status after an event of this type, unchanged where the event does not touch it.

    An illegal transition leaves the status as it is, too; ask `is_legal` where that matters.
    """
    table = RUN_TRANSITIONS.get(event_type)
    return status if table is None else table.get(status, status)


def is_legal(status: RunStatus | None, event_type: str) -> bool:
    """Tell whether an event of this type may be written to a run of this status."""
    table = RUN_TRANSITIONS.get(event_type)
    if table is not None:
        return status in table
    return status in ACTIVE


def table_rows() -> list[dict[str, str | None]]:
    """All transitions as rows, for the documentation and for other languages to compare their tables with.

    Always in the same order: the rows are committed, and a difference fails the build.
    """
    tables: dict[str, Mapping[str, Mapping[Any, str]]] = {
        "run": RUN_TRANSITIONS,
        "phase": PHASE_TRANSITIONS,
        "item": ITEM_TRANSITIONS,
        "output": OUTPUT_TRANSITIONS,
    }
    return [
        {"of": of, "event": event, "from": None if source is None else str(source), "to": str(target)}
        for of, table in tables.items()
        for event, moves in table.items()
        for source, target in moves.items()
    ]
