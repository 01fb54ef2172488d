# ruff: noqa: D102 - what the methods promise is said once, in `base`
"""The store in memory: the whole contract within one process, nothing kept after it.

For tests, notebooks and runs nobody needs tomorrow. A method does its work without a pause in it, so on one event loop
each is a transaction.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

import orjson

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import START, Cursor
from headway.core.events import StoredEvent
from headway.core.ids import new_worker_id
from headway.core.run import AT_WORK, ENDED, RunStatus
from headway.errors import RunActive, RunNotFound, UsageError
from headway.stores.base import (
    Appended,
    Checkpoint,
    Ended,
    Leader,
    ListenerRow,
    NewRun,
    Page,
    RunFilter,
    RunRow,
    Store,
    StoreCaps,
    StoredSnapshot,
    Topic,
    WorkerState,
    Write,
    bell_of,
    wall_ms,
)
from headway.stores.doorbell import Doorbell, Ring
from headway.stores.ledger import Decision, birth, check_same, decide, lapses_ms, page_from
from headway.stores.retention import (
    UNTRIMMED,
    Expiry,
    Floors,
    Part,
    Prunable,
    Retention,
    cutoff,
    expiries,
    tally,
    trim_limit,
)
from headway.types import RunId, Seq

_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(slots=True)
class _Kept:
    """Everything kept of one run. `row` has no metadata and no summary; these are kept as JSON, as on a disk."""

    row: RunRow
    metadata: bytes
    fingerprint: str
    key: str | None
    input: bytes | None
    summary: bytes | None = None
    lapses_ms: int | None = None
    events: list[StoredEvent] = field(default_factory=list)
    keys: dict[str, Seq] = field(default_factory=dict)
    steps: dict[str, Checkpoint] = field(default_factory=dict)
    snapshot: StoredSnapshot | None = None
    floors: Floors = UNTRIMMED
    positions: dict[str, Cursor] = field(default_factory=dict)

    def shown(self) -> RunRow:
        """Return the row as a value of its own."""
        summary = None if self.summary is None else orjson.loads(self.summary)
        return replace(self.row, metadata=orjson.loads(self.metadata), summary=summary)

    def keep(self, decision: Decision, now_ms: int) -> None:
        """Take over what was decided."""
        self.row = replace(decision.run, metadata=_NOTHING, summary=None)
        self.lapses_ms = lapses_ms(self.row, now_ms)
        self.events += decision.events
        for event, key in zip(decision.events, decision.keys, strict=True):
            if key:
                self.keys[key] = event.seq
        if decision.ends:
            for step in list(self.steps.values()):
                if step.at_end is not None:
                    self.steps[step.key] = Checkpoint(step.key, step.at_end)
        if decision.checkpoint is not None:
            self.steps[decision.checkpoint.key] = decision.checkpoint

    def index(self, seq: Seq) -> int:
        """Return where the event `seq`, or the first one after it, stands in `events`."""
        return bisect_left(self.events, seq, key=lambda event: event.seq)

    @property
    def trimmable(self) -> Seq:
        """Up to which seq the log may be trimmed."""
        return trim_limit(self.snapshot_seq, self.row.seq)

    @property
    def snapshot_seq(self) -> Seq:
        """Seq of the newest snapshot; 0 where there is none."""
        return 0 if self.snapshot is None else self.snapshot.cursor.seq

    def count(self, part: Part) -> tuple[int, int]:
        """Return how many events a trim as far as may be would drop, and their bytes."""
        events = self.events[self.index(self.floors.of(part) + 1) : self.index(self.trimmable + 1)]
        sizes = [len(event.body) for event in events if not part.types or event.type in part.types]
        return len(sizes), sum(sizes)

    def trim(self, floor: Seq, part: Part) -> None:
        """Drop events up to `floor`."""
        until = self.index(floor + 1)
        kept = [event for event in self.events[:until] if part.types and event.type not in part.types]
        self.events[:until] = kept
        held = {event.seq for event in kept}
        self.keys = {key: seq for key, seq in self.keys.items() if seq > floor or seq in held}
        self.floors = self.floors.raised(part, floor)
        log, text, lines = self.floors
        self.row = replace(self.row, floor=log, text_floor=text, lines_floor=lines)


class MemoryStore(Store):
    """Runs and their logs in this process.

    Args:
        now_ms: The store's clock.
    """

    caps = StoreCaps(name="memory", durable=False, processes=False, machines=False)

    def __init__(self, *, now_ms: Callable[[], int] = wall_ms) -> None:
        self._now_ms = now_ms
        self._runs: dict[RunId, _Kept] = {}
        self._by_key: dict[tuple[str, str], RunId] = {}
        self._workers: dict[str, int] = {}
        self._leaders: dict[str, Leader] = {}
        self._begun: dict[str, list[int]] = {}
        self._listeners: dict[str, ListenerRow] = {}
        self._settings: dict[str, bytes] = {}
        self._board: defaultdict[str, dict[str, tuple[bytes, float]]] = defaultdict(dict)
        self._doorbell = Doorbell()
        self._is_open = False

    async def open(self) -> None:
        self._is_open = True

    async def close(self) -> None:
        self._is_open = False
        self._workers.clear()

    async def _turn(self) -> None:
        """Let others run, as a store elsewhere would; what follows in the caller happens without a pause."""
        await asyncio.sleep(0)
        if not self._is_open:
            raise UsageError("the store is not open", hint="await store.open() first")

    def _kept(self, run_id: RunId) -> _Kept:
        kept = self._runs.get(run_id)
        if kept is None:
            raise RunNotFound(f"there is no run {run_id[:64]!r}")
        return kept

    # -- writing

    async def _create(self, new: NewRun) -> tuple[RunRow, bool]:
        await self._turn()
        by_key = None if new.key is None else self._by_key.get((new.owner, new.key))
        known = self._runs.get(new.id) or self._runs.get(by_key or "")
        if known is not None:
            check_same(known.row, new, known.fingerprint)
            return known.shown(), False
        now_ms = self._now_ms()
        decision = birth(new, now_ms=now_ms)
        metadata = orjson.dumps(dict(new.metadata))
        kept = _Kept(decision.run, metadata, new.fingerprint, new.key, new.input)
        kept.keep(decision, now_ms)
        self._runs[new.id] = kept
        if new.key is not None:
            self._by_key[new.owner, new.key] = new.id
        self._doorbell.news((new.id,))
        return kept.shown(), True

    async def _append(self, run_id: RunId, write: Write) -> Appended:
        await self._turn()
        kept, now_ms = self._kept(run_id), self._now_ms()
        known = {event.key for event in write.events if event.key in kept.keys}
        claimed = sum(1 for other in self._runs.values() if other.row.job == kept.row.job and other.row.worker)
        begun = self._begun.get(kept.row.job, [])
        decision = decide(kept.row, write, now_ms=now_ms, known=known, claimed=claimed, begun=begun)
        kept.keep(decision, now_ms)
        if write.claim is not None and write.claim.rate is not None and decision.events:
            self._begun[kept.row.job] = write.claim.rate.kept(begun, now_ms)
        if decision.events:
            self._doorbell.news((run_id,))
        return Appended(kept.shown(), decision.events)

    async def put_snapshot(self, run_id: RunId, snapshot: StoredSnapshot, summary: Mapping[str, Any]) -> None:
        await self._turn()
        kept, encoded = self._runs.get(run_id), orjson.dumps(dict(summary))
        if kept is None or (kept.snapshot is not None and kept.snapshot.cursor.seq > snapshot.cursor.seq):
            return
        if _tag_of(kept, snapshot.cursor.seq) != snapshot.cursor.tag:
            return
        kept.snapshot, kept.summary = snapshot, encoded
        self._doorbell.news((run_id,))

    async def trim(self, run_id: RunId, *, floor: Seq, part: Part = Part.LOG) -> None:
        await self._turn()
        kept = self._runs.get(run_id)
        if kept is None:
            return
        floor = min(floor, kept.trimmable)
        if floor > kept.floors.of(part):
            kept.trim(floor, part)

    async def prune(self, retention: Mapping[str, Retention], *, max_rows: int = 2_000) -> int:
        await self._turn()
        done = 0
        for expiry in expiries(retention, self._now_ms()):
            for kept in self._expired(expiry):
                start = kept.floors.of(expiry.part)
                end = min(kept.trimmable, start + max_rows - done)
                if end > start:
                    kept.trim(end, expiry.part)
                    done += end - start
        return done

    async def prunable(self, retention: Mapping[str, Retention]) -> list[Prunable]:
        await self._turn()
        return tally(
            (kept.row.job, expiry.part, *kept.count(expiry.part))
            for expiry in expiries(retention, self._now_ms())
            for kept in self._expired(expiry)
        )

    def _expired(self, expiry: Expiry) -> Iterator[_Kept]:
        """Yield the runs a retention is over for."""
        for kept in self._runs.values():
            row = kept.row
            if row.job == expiry.job and row.finished_at and expiry.after < row.finished_at <= expiry.until:
                yield kept

    async def prunable_jobs(self) -> list[str]:
        await self._turn()
        ended = (kept for kept in self._runs.values() if kept.row.finished_at)
        return sorted({kept.row.job for kept in ended if kept.floors.log < kept.trimmable})

    async def unfolded(self, ended_s: float, after: Ended, *, limit: int = 200) -> list[RunRow]:
        await self._turn()
        until = cutoff(self._now_ms(), ended_s)
        places = [place for place in self._ended() if after < place and place.finished_at <= until]
        found = [self._runs[place.run_id] for place in places]
        return [kept.shown() for kept in found if kept.snapshot_seq < kept.row.seq][:limit]

    async def delete(self, run_id: RunId) -> None:
        await self._turn()
        kept = self._kept(run_id)
        if kept.row.status not in ENDED:
            raise RunActive(f"run {run_id} is {kept.row.status}", hint="cancel it first", current=kept.row.status)
        del self._runs[run_id]
        if kept.key is not None:
            del self._by_key[kept.row.owner, kept.key]
        self._doorbell.news(())

    # -- reading

    async def get(self, run_id: RunId) -> RunRow | None:
        await self._turn()
        kept = self._runs.get(run_id)
        return None if kept is None else kept.shown()

    async def input(self, run_id: RunId) -> bytes | None:
        await self._turn()
        kept = self._runs.get(run_id)
        return None if kept is None else kept.input

    async def read(
        self,
        run_id: RunId,
        *,
        after: Cursor = START,
        limit: int = 500,
        max_bytes: int = 4_194_304,
        partial: bool = False,
    ) -> Page:
        await self._turn()
        kept = self._kept(run_id)
        found = islice(kept.events, kept.index(after.seq), None)
        return page_from(kept.shown(), after, found, limit=limit, max_bytes=max_bytes, partial=partial)

    async def snapshot(self, run_id: RunId) -> StoredSnapshot | None:
        await self._turn()
        kept = self._runs.get(run_id)
        return None if kept is None else kept.snapshot

    async def steps(self, run_id: RunId) -> dict[str, bytes]:
        await self._turn()
        kept = self._runs.get(run_id)
        return {} if kept is None else {key: step.result for key, step in kept.steps.items()}

    async def list_runs(self, which: RunFilter, *, limit: int = 50) -> list[RunRow]:
        await self._turn()
        return self._shown(lambda row: _matches(row, which), limit, newest_first=True)

    async def queued(self, jobs: Collection[str], *, limit: int = 20) -> list[RunRow]:
        await self._turn()
        now_ms = self._now_ms()
        return self._shown(
            lambda row: (
                row.status is RunStatus.QUEUED
                and row.worker is None
                and not row.external
                and row.job in jobs
                and (row.due_ms is None or row.due_ms <= now_ms)
            ),
            limit,
        )

    async def claimed(self) -> list[RunRow]:
        await self._turn()
        return self._shown(lambda row: row.worker is not None)

    async def lapsed(self) -> list[RunRow]:
        await self._turn()
        now_ms = self._now_ms()
        lapsed = {run_id for run_id, kept in self._runs.items() if kept.lapses_ms and kept.lapses_ms < now_ms}
        return self._shown(lambda row: row.id in lapsed)

    async def asked_to_stop(self) -> list[RunRow]:
        await self._turn()
        return self._shown(lambda row: row.cancel_requested and row.worker is None and row.status in AT_WORK)

    async def durations(self, job: str, *, limit: int = 20) -> list[float]:
        await self._turn()
        rows = [kept.row for kept in self._runs.values() if kept.row.job == job]
        ended = [row for row in rows if row.status is RunStatus.SUCCEEDED]
        ended.sort(key=lambda row: (row.finished_at or "", row.id), reverse=True)
        return [_seconds(row.started_at, row.finished_at) for row in ended[:limit]]

    async def begun(self, job: str) -> list[int]:
        await self._turn()
        now_ms = self._now_ms()
        return [now_ms - at for at in self._begun.get(job, [])]

    async def ended(self, after: Ended, *, limit: int = 200) -> list[RunRow]:
        await self._turn()
        return [self._runs[place.run_id].shown() for place in self._ended() if place > after][:limit]

    def _ended(self) -> list[Ended]:
        """Return all runs that have ended, in that order."""
        rows = (kept.row for kept in self._runs.values())
        return sorted(Ended(row.finished_at, row.id) for row in rows if row.finished_at)

    # -- listeners

    async def add_listener(self, name: str, *, from_beginning: bool = False) -> ListenerRow:
        await self._turn()
        since = "" if from_beginning else format_ms(self._now_ms())
        return self._listeners.setdefault(name, ListenerRow(name, since, since))

    async def listeners(self) -> list[ListenerRow]:
        await self._turn()
        return [row for _, row in sorted(self._listeners.items())]

    async def move_listener(self, name: str, told_until: str, *, told: bool = False) -> None:
        await self._turn()
        row = self._listeners.get(name)
        if row is not None:
            told_at = format_ms(self._now_ms()) if told else ""
            later = {"told_until": max(row.told_until, told_until), "told_at": max(row.told_at, told_at)}
            self._listeners[name] = replace(row, **later)

    async def remove_listener(self, name: str) -> None:
        await self._turn()
        self._listeners.pop(name, None)

    async def positions(self, listener: str, run_ids: Collection[RunId]) -> dict[RunId, Cursor]:
        await self._turn()
        found = {run_id: kept.positions.get(listener) for run_id in run_ids if (kept := self._runs.get(run_id))}
        return {run_id: at for run_id, at in found.items() if at is not None}

    async def move_position(self, listener: str, run_id: RunId, seen: Cursor, to: Cursor) -> bool:
        await self._turn()
        kept = self._runs.get(run_id)
        if kept is None or kept.positions.get(listener, START) not in (seen, to):
            return False
        kept.positions[listener] = to
        return True

    def _shown(
        self, wanted: Callable[[RunRow], bool], limit: int | None = None, *, newest_first: bool = False
    ) -> list[RunRow]:
        ids = sorted((run_id for run_id, kept in self._runs.items() if wanted(kept.row)), reverse=newest_first)
        return [self._runs[run_id].shown() for run_id in ids[:limit]]

    # -- who is alive

    async def join(self) -> str:
        await self._turn()
        worker = new_worker_id()
        self._workers[worker] = 0
        return worker

    def beat_soon(self, worker: str) -> None:
        if worker in self._workers:
            self._workers[worker] += 1

    async def beat(self, worker: str) -> None:
        await self._turn()
        if worker in self._workers:
            self._workers[worker] += 1

    async def leave(self, worker: str) -> None:
        await self._turn()
        self._workers.pop(worker, None)

    async def workers(self) -> Mapping[str, WorkerState]:
        await self._turn()
        return {worker: WorkerState(beat, gone=False) for worker, beat in self._workers.items()}

    async def lead(self, role: str, worker: str, *, instead_of: Leader | None = None) -> Leader:
        await self._turn()
        leader = self._leaders.get(role)
        if leader is not None and leader.worker in self._workers and leader.worker != worker and leader != instead_of:
            return leader
        leader = self._leaders[role] = Leader(worker, 1 if leader is None else leader.beat + 1)
        return leader

    # -- settings and news

    async def setting(self, name: str) -> Any:
        await self._turn()
        encoded = self._settings.get(name)
        return None if encoded is None else orjson.loads(encoded)

    async def put_setting(self, name: str, value: Any) -> None:
        await self._turn()
        self._settings[name] = orjson.dumps(value)
        self._doorbell.news(())

    async def post(self, topic: Topic, key: str, value: Any, *, ttl_s: float | None = None) -> None:
        await self._turn()
        now_ms, board = self._now_ms(), self._board[topic]
        for old in [old for old, (_, until_ms) in board.items() if until_ms <= now_ms]:
            del board[old]
        board[key] = orjson.dumps(value), math.inf if ttl_s is None else now_ms + ttl_s * 1000
        self._doorbell.news((bell_of(topic),))

    async def posted(self, topic: Topic, *, prefix: str = "") -> dict[str, Any]:
        await self._turn()
        now_ms, board = self._now_ms(), sorted(self._board[topic].items())
        return {
            key: orjson.loads(value) for key, (value, until_ms) in board if until_ms > now_ms and key.startswith(prefix)
        }

    def watch(self, ring: Ring) -> Callable[[], None]:
        return self._doorbell.watch(ring)

    def statistics(self) -> Mapping[str, Any]:
        return {
            "runs": len(self._runs),
            "events": sum(len(kept.events) for kept in self._runs.values()),
            "watchers": len(self._doorbell),
        }


def _matches(row: RunRow, which: RunFilter) -> bool:
    return (
        (which.owner is None or row.owner == which.owner)
        and (which.status is None or row.status in which.status)
        and (which.job is None or row.job == which.job)
        and (which.group is None or row.group == which.group)
        and (which.before is None or row.id < which.before)
    )


def _tag_of(kept: _Kept, seq: Seq) -> str | None:
    at = kept.index(seq)
    return kept.events[at].tag if at < len(kept.events) and kept.events[at].seq == seq else None


def _seconds(started_at: str | None, finished_at: str | None) -> float:
    return ((parse_ms(finished_at) or 0) - (parse_ms(started_at) or 0)) / 1000
