"""Business events: what happened to reports, for those who bill, count or tell people.

A listener writes them into a table, after they happened and outside the job: it is told of each at least once, of each
run's in order, from the log, and the work never waits for it. Whoever wants more of them than a row reads the table,
which has each once: a process that died before it could say that it had written one is told of that one again, and the
table's key, run and seq, lets it in only the first time.

| kind                   | event of the run       | details                                                           |
|------------------------|------------------------|-------------------------------------------------------------------|
| `report_requested`     | `run.queued`           | `attempt`                                                         |
| `report_started`       | `run.started`          | `attempt`                                                         |
| `worker_lost`          | `run.queued`, takeover | `attempt`                                                         |
| `competitor_captured`  | `item.finished`        | `competitor`, `pages`                                             |
| `competitor_failed`    | `item.failed`          | `competitor`, `code`, `message`                                   |
| `report_completed`     | `run.succeeded`        | `dataCompletenessScore`, `dataFreshness`, `captured`, `total`     |
| `report_incomplete`    | `run.partial`          | the same                                                          |
| `report_failed`        | `run.failed`           | `code`, `message`                                                 |
| `report_cancelled`     | `run.cancelled`        | `reason`                                                          |
| `report_retried`       | `run.queued`, reopened | `attempt`                                                         |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from examples.report.job import JOB
from examples.report.tables.events import EventRow, EventTable
from headway import Headway, RunHandle

LISTENER: Final = "business-events"

_OF_QUEUED: Final = {
    "created": "report_requested",
    "takeover": "worker_lost",
    "reopened": "report_retried",
}


def listen(hw: Headway, events: EventTable) -> None:
    """Register the listener that writes them. It begins with what the logs hold: the key makes that harmless."""

    @hw.on(*_KINDS, name=LISTENER, job=JOB, since="beginning")
    async def note(event: dict[str, Any], run: RunHandle) -> None:
        """Write one down; a database that is away raises, and the event is told again."""
        found = business_event_of(event)
        if found is None:
            return
        kind, details = found
        await events.add(
            EventRow(
                run_id=run.id,
                seq=event["seq"],
                project_id=run.metadata["project_id"],
                report_id=run.metadata["report_id"],
                kind=kind,
                happened_at=dt.datetime.fromisoformat(event["time"]),
                correlation_id=event["correlation_id"],
                details=details,
            )
        )


def business_event_of(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return kind and details of what an event means for the business; None: nothing.

    Args:
        event: Of a run, as it is sent.
    """
    read = _KINDS.get(event["type"])
    return None if read is None else read(event["data"])


# ------------------------------------------------------------------------------------------------ by type

_Read = Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]] | None]


def _queued(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    kind = _OF_QUEUED.get(data["reason"])
    return None if kind is None else (kind, {"attempt": data["attempt"]})


def _started(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return "report_started", {"attempt": data["attempt"]}


def _captured(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    if not _is_competitor(data["key"]):
        return None
    return "competitor_captured", {"competitor": data["key"], "pages": data["data"]["pages"]}


def _not_captured(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    return ("competitor_failed", {"competitor": data["key"], **_why(data)}) if _is_competitor(data["key"]) else None


def _is_competitor(key: str) -> bool:
    """Whether an item is a competitor: its pages are items, too, below it."""
    return key.startswith("competitor:") and "/" not in key


def _made(kind: str) -> _Read:
    def read(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        result = data["result"]
        scores = {"dataCompletenessScore": result["completeness"], "dataFreshness": result["data_freshness"]}
        return kind, {**scores, "captured": result["captured"], "total": result["total"]}

    return read


def _failed(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return "report_failed", _why(data)


def _cancelled(data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return "report_cancelled", {"reason": data["reason"]}


def _why(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": data["error"]["code"], "message": data["error"]["message"]}


_KINDS: Final[Mapping[str, _Read]] = {
    "run.queued": _queued,
    "run.started": _started,
    "item.finished": _captured,
    "item.failed": _not_captured,
    "run.succeeded": _made("report_completed"),
    "run.partial": _made("report_incomplete"),
    "run.failed": _failed,
    "run.cancelled": _cancelled,
}
