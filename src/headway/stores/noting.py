"""What a store's writes leave behind beside the log: counts, times, a line where something begins, ends or drags."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from headway.core.clock import parse_ms
from headway.core.events import ENDING_TYPES
from headway.lines import Line
from headway.measures import APPEND_SECONDS, EVENTS, RUNS, Measures

if TYPE_CHECKING:
    from headway.core.events import NewEvent, StoredEvent
    from headway.stores.base import Appended, NewRun, RunRow, Store

SLOW_S: Final = 0.1
"""An append that takes longer is worth a line."""

_log = logging.getLogger("headway.stores")


def note_created(store: Store, run: RunRow, new: NewRun) -> None:
    """Take note of a new run."""
    _count(store.measures, new.events)
    about = {"run_id": run.id, "job": run.job, "correlation_id": run.correlation_id}
    _log.info(Line("run created", **about, execution_id=run.execution_id))


def note_appended(store: Store, done: Appended, seconds: float) -> None:
    """Take note of a write that was committed, and of how long that took."""
    measures, run = store.measures, done.run
    measures.observe(APPEND_SECONDS, seconds, store.caps.name)
    types = _count(measures, done.events)
    if not ENDING_TYPES.isdisjoint(types):
        measures.count(RUNS, run.job, str(run.status))
        _log.info(_ended(run))
    if seconds > SLOW_S:
        _log.warning(Line("append was slow", run_id=run.id, seconds=round(seconds, 3), events=len(done.events)))
    elif _log.isEnabledFor(logging.DEBUG):
        _log.debug(Line("appended", run_id=run.id, seq=run.seq, events=len(done.events), seconds=round(seconds, 6)))


def _count(measures: Measures, events: Iterable[NewEvent | StoredEvent]) -> Collection[str]:
    """Count events by type; return the types."""
    counts: dict[str, int] = {}
    for event in events:
        counts[event.type] = counts.get(event.type, 0) + 1
    for type, count in counts.items():
        measures.count(EVENTS, type, by=count)
    return counts


def _ended(run: RunRow) -> Line:
    began, ended = parse_ms(run.started_at or run.created_at), parse_ms(run.finished_at)
    seconds = None if began is None or ended is None else (ended - began) / 1000
    about = {"run_id": run.id, "job": run.job, "status": str(run.status), "attempt": run.attempt, "seconds": seconds}
    return Line("run ended", **about, correlation_id=run.correlation_id)
