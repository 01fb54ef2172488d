"""What an attempt leaves behind beside the run's log: a line when it begins and when it ends, counts and times."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headway.lines import Line
from headway.measures import ATTEMPT_SECONDS, FAILURES, RECOVERIES, Measures
from headway.stores.base import RunRow

Outcome: TypeAlias = Literal["finished", "failed", "retried", "cancelled", "handed_back", "waiting", "lost"]
"""How an attempt ended; ``waiting``: it made room until an answer comes; ``lost``: another process has the run, or it
ended without us."""

_log = logging.getLogger("headway.runtime")


@dataclass(slots=True)
class Note:
    """Carries the outcome out of the attempt."""

    outcome: Outcome = "lost"


@contextlib.contextmanager
def noted(measures: Measures, row: RunRow, *, reason: str, worker: str) -> Iterator[Note]:
    """Take note of the attempt that runs inside."""
    _log.info(Line("attempt started", job=row.job, attempt=row.attempt, reason=reason, worker=worker))
    began, note = time.perf_counter(), Note()
    try:
        yield note
    finally:
        seconds = time.perf_counter() - began
        about = {"job": row.job, "attempt": row.attempt, "outcome": note.outcome}
        _log.info(Line("attempt ended", **about, seconds=round(seconds, 3)))
        measures.observe(ATTEMPT_SECONDS, seconds, row.job, note.outcome)
        if note.outcome in ("failed", "retried"):
            measures.count(FAILURES, row.job, "attempt")
        elif note.outcome == "finished" and _follows_a_failure(row, reason):
            measures.count(RECOVERIES, row.job, reason)


def _follows_a_failure(row: RunRow, reason: str) -> bool:
    """Tell whether an attempt follows one that failed or died; one handed back by a worker that stops did neither."""
    return reason in ("retry", "reopened") or (reason == "takeover" and row.takeovers > 0)
