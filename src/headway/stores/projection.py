"""What a run looks like now: its log folded, kept in memory, and stored as a snapshot from time to time.

The log is the truth, a projection only a cache of it. It is refreshed by reading the tail from its own position; where
the log does not hold that position any more it begins anew: at the stored snapshot, else at the beginning of the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from headway.core.cursor import START, Cursor
from headway.core.entries import ITEM_ENDED
from headway.core.events import StoredEvent
from headway.core.fold import Applied, Fold
from headway.core.limits import FOLD_VERSION, SNAPSHOT_EVERY_BYTES, SNAPSHOT_EVERY_EVENTS
from headway.core.run import ENDED, RunStatus
from headway.errors import InvalidCursor, RunNotFound, StoreError, StoreInvalid, Trimmed
from headway.stores.base import RunRow, Standing, Store, StoredSnapshot
from headway.stores.summary import is_folded
from headway.types import RunId, Seq

_log = logging.getLogger("headway.stores")

SLICE_S: Final = 0.005
"""How long folding may keep the event loop from everybody else."""

_LOOK_AT_CLOCK: Final = 16


async def read_log(store: Store, run_id: RunId, after: Cursor = START) -> AsyncIterator[StoredEvent]:
    """Yield the events of a log after a cursor, up to its end, in order and dense.

    Cancel-safe; holds no lock and no transaction between two pages. What is appended meanwhile is read, too.

    Raises:
        RunNotFound: there is no such run, or it was deleted meanwhile.
        Trimmed: the log does not reach back to the cursor; take the snapshot.
        InvalidCursor: the log does not hold the cursor's event.
    """
    while True:
        page = await store.read(run_id, after=after)
        if page.standing is Standing.TRIMMED:
            raise Trimmed(f"the log of {run_id} begins after {after}", hint="take the snapshot and go on from it")
        if page.standing is Standing.AHEAD:
            raise InvalidCursor(f"the log of {run_id} does not hold {after}", hint="take the snapshot")
        for event in page.events:
            yield event
        if not page.more:
            return
        after = Cursor(page.events[-1].seq, page.events[-1].tag)


@dataclass(slots=True)
class _State:
    """A fold and where it stands: at every moment of the same event."""

    fold: Fold
    at: Cursor = START
    total: int = 0

    def apply(self, event: StoredEvent) -> None:
        if self.fold.apply(event.envelope(), event.cursor) is Applied.GAP:
            raise StoreInvalid(f"the log has a hole between seq {self.at.seq} and {event.seq}")
        self.at, self.total = Cursor(event.seq, event.tag), event.total


@dataclass(slots=True)
class _Projection:
    """One run's state with what is needed to refresh it once for everybody who asks."""

    state: _State | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: int = 0
    done: int = 0


class Projections:
    """The states of runs, at most `keep` of them in memory. Used on one event loop.

    Args:
        store: Whose logs are folded.
        keep: How many states to keep; the one not asked for the longest gives way.
    """

    def __init__(self, store: Store, *, keep: int = 256) -> None:
        self._store = store
        self._keep = keep
        self._kept: OrderedDict[RunId, _Projection] = OrderedDict()
        self._saved = _Saved()
        self._counts = {"events": 0, "reads": 0, "begun_anew": 0, "saved": 0, "not_saved": 0}

    async def current(self, run_id: RunId) -> Fold:
        """Return the state of a run with everything in it that was in its log when this was called.

        It is the kept state itself, which goes on with the next call: read what you need before the next ``await``, and
        change nothing. Callers of one run share the work. Cancel-safe.

        Raises:
            RunNotFound: there is no such run.
            Trimmed: the log was trimmed and no snapshot of it is stored.
            StoreError: the store could not be read.
        """
        projection = self._kept_of(run_id)
        # a refresh under way may have read before the caller's event was there; the one after it has not
        wanted = projection.begun + 1
        async with projection.lock:
            if projection.state is None or projection.done < wanted:
                await self._refresh(run_id, projection)
        assert projection.state is not None  # noqa: S101 - a refresh leaves a state or raises
        return projection.state.fold

    async def save(self, run_id: RunId, run: RunRow | None = None, *, force: bool = False) -> bool:
        """Store a snapshot if enough events or bytes are new, or the run has ended; tell whether that was done.

        With `run`, the row after an append, this costs nothing in most cases. A store that cannot keep the snapshot is
        logged, no more: it is only a shortcut, and the append before it stands.
        """
        if run is not None and not force and not self._saved.is_due(run_id, run.seq, run.total, run.status):
            return False
        try:
            await self.current(run_id)
            state = self._kept_of(run_id).state
            return state is not None and await self._save(run_id, state, force=force)
        except (StoreError, Trimmed) as error:
            _log.warning("the snapshot of %s was not stored: %s", run_id, error)
            self._counts["not_saved"] += 1
        except RunNotFound:
            pass  # deleted meanwhile
        return False

    def forget(self, run_id: RunId) -> None:
        """Let go of a state; the next call begins at the stored snapshot."""
        self._kept.pop(run_id, None)
        self._saved.forget(run_id)

    def statistics(self) -> Mapping[str, int]:
        """Return how many states are kept, and what was done for them since the start."""
        return {"kept": len(self._kept), **self._counts}

    def _kept_of(self, run_id: RunId) -> _Projection:
        projection = self._kept.get(run_id)
        if projection is None:
            projection = self._kept[run_id] = _Projection()
        self._kept.move_to_end(run_id)
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)
        return projection

    async def _refresh(self, run_id: RunId, projection: _Projection) -> None:
        projection.begun += 1
        number = projection.begun
        try:
            await self._catch_up_from_somewhere(run_id, projection)
        except RunNotFound:
            self.forget(run_id)
            raise
        projection.done = number

    async def _catch_up_from_somewhere(self, run_id: RunId, projection: _Projection) -> None:
        if projection.state is not None:
            if await self._catch_up(run_id, projection.state):
                return
            self._counts["begun_anew"] += 1
        stored = await self._store.snapshot(run_id)
        if stored is None or stored.version != FOLD_VERSION:
            self._saved.forget(run_id)
        else:
            self._saved.note(run_id, stored.cursor.seq, stored.total)
        for state in _beginnings(stored):
            projection.state = state  # kept at once: who comes after a cancelled call goes on where it stopped
            if await self._catch_up(run_id, state):
                return
        projection.state = None
        raise Trimmed(f"the log of {run_id} was trimmed, and no snapshot of it is stored")

    async def _catch_up(self, run_id: RunId, state: _State) -> bool:
        """Fold in what the log has after the state; False when it does not hold the state's position."""
        until = time.perf_counter() + SLICE_S
        while True:
            page = await self._store.read(run_id, after=state.at)
            self._counts["reads"] += 1
            if page.standing is not Standing.GOOD:
                return False
            for count, event in enumerate(page.events, 1):
                state.apply(event)
                if not count % _LOOK_AT_CLOCK and time.perf_counter() > until:
                    await asyncio.sleep(0)
                    until = time.perf_counter() + SLICE_S
            self._counts["events"] += len(page.events)
            if not page.more:
                return True

    async def _save(self, run_id: RunId, state: _State, *, force: bool) -> bool:
        if not force and not self._saved.is_due(run_id, state.at.seq, state.total, state.fold.status):
            return False
        before = self._saved.get(run_id)
        # noted first, so that whoever comes while it is being stored does not do it again
        self._saved.note(run_id, state.at.seq, state.total)
        snapshot = StoredSnapshot(state.at, state.total, FOLD_VERSION, state.fold.snapshot_json())
        try:
            await self._store.put_snapshot(run_id, snapshot, summary(state.fold))
        except BaseException:
            self._saved.note(run_id, *before)
            raise
        self._counts["saved"] += 1
        return True


class _Saved:
    """Up to where the stored snapshots of runs reach, as far as this process knows.

    Of more runs than there are states: whoever appends asks, without needing a state.
    """

    _MOST: Final = 10_000

    def __init__(self) -> None:
        self._reached: OrderedDict[RunId, tuple[Seq, int]] = OrderedDict()

    def get(self, run_id: RunId) -> tuple[Seq, int]:
        """Return seq and total of the last snapshot; zeros where there is none, or none is known of."""
        return self._reached.get(run_id, (0, 0))

    def note(self, run_id: RunId, seq: Seq, total: int) -> None:
        """Remember a stored snapshot."""
        self._reached[run_id] = seq, total
        self._reached.move_to_end(run_id)
        if len(self._reached) > self._MOST:
            self._reached.popitem(last=False)

    def forget(self, run_id: RunId) -> None:
        """Know nothing of a run."""
        self._reached.pop(run_id, None)

    def is_due(self, run_id: RunId, seq: Seq, total: int, status: RunStatus | None) -> bool:
        """Whether a snapshot of this position is worth storing."""
        saved_seq, saved_total = self.get(run_id)
        return (
            seq - saved_seq >= SNAPSHOT_EVERY_EVENTS
            or total - saved_total >= SNAPSHOT_EVERY_BYTES
            or (status in ENDED and seq != saved_seq)
        )


def _beginnings(stored: StoredSnapshot | None) -> Iterator[_State]:
    """Yield where a fold may begin, the cheapest first; a snapshot of another version is better than nothing."""
    if stored is not None and stored.version == FOLD_VERSION:
        yield _of(stored)
    yield _State(Fold())
    if stored is not None and stored.version != FOLD_VERSION:
        yield _of(stored)


def _of(stored: StoredSnapshot) -> _State:
    return _State(Fold(orjson.loads(stored.body)), stored.cursor, stored.total)


def summary(fold: Fold) -> dict[str, Any]:
    """Return what a list of runs shows of one: stored beside its snapshot."""
    progress, items = fold.get("progress"), fold.items_by_status()
    return {
        "seq": fold.seq,
        "percent": progress["percent"],
        "reached": progress["reached"],
        "message": progress["message"],
        "phase": _current_phase(fold),
        "items_total": sum(items.values()),
        "items_ended": sum(items.get(status, 0) for status in ITEM_ENDED),
        "items_failed": items.get("failed", 0),
    }


async def with_ends(projections: Projections, rows: Sequence[RunRow]) -> list[RunRow]:
    """Return the rows of a list; those that ended, but whose end no snapshot holds yet, with the summary of their end.

    Raises:
        StoreError: the store could not be read.
    """
    return [row if row.status not in ENDED or is_folded(row) else await _with_end(projections, row) for row in rows]


async def _with_end(projections: Projections, row: RunRow) -> RunRow:
    try:
        return replace(row, summary=summary(await projections.current(row.id)))
    except (RunNotFound, Trimmed) as error:
        _log.debug("run %s has no state: %s", row.id, error)
        return row


def _current_phase(fold: Fold) -> str | None:
    """Return the id of the phase that runs, else of the last one that has ended."""
    last = None
    for key in fold.keys("phases"):
        status = (fold.entry("phases", key) or {}).get("status")
        if status == "running":
            return key
        if status != "planned":
            last = key
    return last
