"""What a write does to a run, decided once for every store. Pure: stores only load what it needs and keep what it says.

A write is looked at in this order: may this writer write (fence, end, status)? Which of its events are new? Is each of
them legal in the status the events before it led to? Then every new event gets its seq, its running total and its
bytes, and the row what follows from them. Whatever is refused is refused before anything was changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import orjson

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import Cursor, new_tag
from headway.core.events import ENDING_TYPES, NewEvent, StoredEvent, encode
from headway.core.run import ACTIVE, ENDED, RUN_TRANSITIONS, RunStatus
from headway.errors import Conflict, Fenced, HeadwayError, KeyReused, RunClosed, UsageError
from headway.stores.base import Checkpoint, Claim, NewRun, Page, Requeue, RunRow, Standing, Write

_format_ms = lru_cache(maxsize=4)(format_ms)
"""All writes of one transaction happen at one time."""

_AT_WORK: Final = ACTIVE - {RunStatus.QUEUED}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a store has to keep.

    Attributes:
        run: The row after the write; the row before it itself when nothing at all is to be kept.
        events: To be added to the log.
        keys: Their idempotency keys, one per event.
        moved: More of the row changes than its position and ``updated_at``.
        checkpoint: To be kept with them. None also where the whole batch was in the log before: its checkpoint came
            with it then, and what is kept under that key by now may be newer.
        ends: The run ends by it, so what was kept for its life only gives way (`Checkpoint.at_end`).
    """

    run: RunRow
    events: Sequence[StoredEvent]
    keys: Sequence[str | None]
    moved: bool
    checkpoint: Checkpoint | None = None
    ends: bool = False


def decide(
    run: RunRow,
    write: Write,
    *,
    now_ms: int,
    known: Collection[str] = (),
    claimed: int = 0,
    begun: Sequence[int] = (),
) -> Decision:
    """Decide a write.

    Args:
        run: The row as it is, under the run's lock.
        write: What is wanted.
        now_ms: The store's clock.
        known: Which keys of the write's events are in the log.
        claimed: How many runs of this job are held by workers; only asked for where the write claims.
        begun: When the last claims of this job were made, the last one first; only asked for where the write claims at
            a rate.

    Raises:
        Fenced, RunClosed, Conflict: see `Write`.
        UsageError: its parts contradict each other.
    """
    _check_parts(write)
    events = _unknown(write.events, known)
    if write.execution_id is not None and write.execution_id != run.execution_id:
        raise _fenced(run, write.execution_id)
    if write.execution_id is not None and run.status in ENDED:
        if write.events and not events:
            return Decision(run, (), (), moved=False)
        raise _closed(run)
    _check_seen(run, write)
    if write.fresh and len(events) < len(write.events):
        raise Conflict(f"run {run.id} was told of this before", current=run.status)
    if not events and write.execution_id is None:
        return Decision(run, (), (), moved=False, checkpoint=_checkpoint(write, events, run.status))
    return _Entry(run, write, now_ms, claimed, begun).add(events)


def birth(new: NewRun, *, now_ms: int) -> Decision:
    """Decide the creation of a run: its first row and events."""
    if not new.events or new.events[0].type != "run.queued":
        raise UsageError(f"run {new.id} is created without run.queued as its first event")
    started = any(event.type == "run.started" for event in new.events)
    write = Write(
        events=new.events,
        requeue=Requeue(new.execution_id, new.due_ms),
        claim=Claim(new.worker) if started else None,
    )
    time = _format_ms(now_ms)
    blank = RunRow(
        id=new.id,
        job=new.job,
        title=new.title,
        owner=new.owner,
        group=new.group,
        metadata=new.metadata,
        correlation_id=new.correlation_id,
        status=RunStatus.QUEUED,
        attempt=0,
        execution_id=new.execution_id,
        external=new.external,
        lease_s=new.lease_s,
        worker=None,
        takeovers=0,
        cancel_requested=False,
        created_at=_created_at(new.events[0]) or time,
        started_at=None,
        finished_at=None,
        updated_at=time,
        seq=0,
        tag="0",
        total=0,
        floor=0,
        text_floor=0,
        lines_floor=0,
        due_ms=None,
        summary=None,
    )
    return _Entry(blank, write, now_ms).add(_unknown(new.events, ()))


def check_same(run: RunRow, new: NewRun, fingerprint: str) -> None:
    """Raise `KeyReused` unless a creation key stands for the same job and input as before."""
    if new.fingerprint != fingerprint:
        what = f"id {new.id}" if run.id == new.id else f"key {new.key!r}"
        raise KeyReused(
            f"the {what} was used before, for run {run.id}, with another job or input",
            hint="take a new key for a new run",
            run_id=run.id,
        )


def lapses_ms(run: RunRow, now_ms: int) -> int | None:
    """Return when a run appended to just now has lost its worker, or has waited long enough for an answer.

    None for never; one that is queued has no worker.
    """
    if run.status is RunStatus.WAITING and run.worker is None and not run.external:
        return run.due_ms
    if not run.external or run.lease_s is None or run.status not in _AT_WORK:
        return None
    return now_ms + round(run.lease_s * 1000)


def judge(run: RunRow, after: Cursor, own_tag: str | None, *, partial: bool = False) -> Standing:
    """Say what a cursor is worth.

    `own_tag` is the tag of the event the cursor names, None if the log does not hold it (any more). To a reader of a
    `partial` log missing text and lines do not matter, and one that stands at the floor itself misses nothing.
    """
    if after.seq >= run.seq:
        return Standing.GOOD if after == run.cursor else Standing.AHEAD
    if after.seq < (run.floor if partial else run.delta_floor):
        return Standing.TRIMMED
    if after.seq == 0:
        return Standing.GOOD
    if own_tag is None and after.seq <= run.delta_floor:
        return Standing.GOOD if partial and after.seq >= run.floor else Standing.TRIMMED
    return Standing.GOOD if own_tag == after.tag else Standing.AHEAD


def first_page(events: Iterable[StoredEvent], limit: int, max_bytes: int) -> list[StoredEvent]:
    """Return the events that make a page: as many as fit, but at least one if there is one."""
    page: list[StoredEvent] = []
    size = 0
    for event in events:
        size += len(event.body)
        if page and (size > max_bytes or len(page) >= limit):
            break
        page.append(event)
    return page


def page_from(
    run: RunRow, after: Cursor, found: Iterator[StoredEvent], *, limit: int, max_bytes: int, partial: bool
) -> Page:
    """Return the page after a cursor; `found` are the log's events from the cursor's own on, as far as there are any.

    No more of them are taken than the page holds, and one.
    """
    own = next(found, None)
    if own is not None and own.seq != after.seq:
        found, own = chain((own,), found), None
    standing = judge(run, after, own.tag if own else None, partial=partial)
    if standing is not Standing.GOOD:
        return Page(run, standing, (), 0)
    events = first_page(found, limit, max_bytes)
    return Page(run, standing, events, tail_bytes(run, after, own, events))


def tail_bytes(run: RunRow, after: Cursor, own: StoredEvent | None, events: Sequence[StoredEvent]) -> int:
    """Return how many bytes of a log come after a good cursor, given its own event and the page that follows."""
    if own is not None:
        return run.total - own.total
    if events:
        return run.total - events[0].total + len(events[0].body)
    return 0 if after.seq else run.total


class _Entry:
    """One batch on its way into the log: follows the run's status event by event."""

    __slots__ = ("_begun", "_changes", "_claimed", "_ends", "_now_ms", "_requeue", "_run", "_status", "_time", "_write")

    def __init__(self, run: RunRow, write: Write, now_ms: int, claimed: int = 0, begun: Sequence[int] = ()) -> None:
        self._run = run
        self._write = write
        self._now_ms = now_ms
        self._claimed = claimed
        self._begun = begun
        self._requeue = write.requeue
        # times have one length, so that the later one is the greater text
        self._time = max(_format_ms(now_ms), run.updated_at)
        self._status: RunStatus | None = run.status if run.attempt else None
        self._changes: dict[str, Any] = {}
        self._ends = False

    def add(self, events: Sequence[NewEvent]) -> Decision:
        """Return the decision on these events, all of them new."""
        run, time, tag = self._run, self._time, new_tag()
        seq, total = run.seq, run.total
        execution_id = run.execution_id
        is_open = self._status in ACTIVE
        stored = []
        for event in events:
            if event.type in RUN_TRANSITIONS:
                self._follow(event)
                execution_id = self._changes.get("execution_id", execution_id)
                is_open = self._status in ACTIVE
            elif not is_open:
                raise self._illegal(event)
            seq += 1
            body = encode(
                event,
                run_id=run.id,
                seq=seq,
                time=time,
                execution_id=execution_id,
                correlation_id=run.correlation_id,
            )
            total += len(body)
            stored.append(StoredEvent(seq, tag, event.type, body, total, event.step))
        if stored and self._write.release is not None:
            self._changes |= {"worker": None, "due_ms": self._write.release.due_ms}
        if stored and self._write.checkpoint is not None and run.takeovers:
            self._changes.setdefault("takeovers", 0)  # something got done: its process does not die of the run itself
        moved = bool(self._changes)
        if stored:
            self._changes |= {"seq": seq, "tag": tag, "total": total}
        self._changes["updated_at"] = time
        keys, checkpoint = [event.key for event in events], _checkpoint(self._write, events, self._status)
        return Decision(_changed(run, self._changes), stored, keys, moved, checkpoint, self._ends)

    def _follow(self, event: NewEvent) -> None:
        """Move the status along."""
        target = RUN_TRANSITIONS[event.type].get(self._status)
        if target is None:
            raise self._illegal(event)
        self._effect(event.type)
        self._status = self._changes["status"] = target

    def _effect(self, type: str) -> None:
        changes = self._changes
        if type == "run.queued":
            self._queue()
        elif type == "run.started":
            self._start()
        elif type == "run.cancel_requested":
            changes["cancel_requested"] = True
        elif type == "run.reopened":
            changes |= {"finished_at": None, "cancel_requested": False}
        elif type in ENDING_TYPES:
            self._ends = True
            changes |= {"finished_at": self._time, "worker": None, "due_ms": None}

    def _queue(self) -> None:
        requeue, self._requeue = self._requeue, None
        if requeue is None:
            raise UsageError("run.queued begins a new attempt: the write needs a Requeue of its own for it")
        self._changes |= {
            "attempt": self._run.attempt + 1,
            "execution_id": requeue.execution_id,
            "worker": None,
            "takeovers": self._run.takeovers + 1 if requeue.takeover else 0,
            "due_ms": requeue.due_ms,
        }

    def _start(self) -> None:
        claim = self._write.claim
        if claim is not None:
            self._check_limits(claim)
            self._changes["worker"] = claim.worker
            if claim.lease_s is not None:
                self._changes["lease_s"] = claim.lease_s
        self._changes |= {"started_at": self._run.started_at or self._time, "due_ms": None}

    def _check_limits(self, claim: Claim) -> None:
        if claim.concurrency is not None and self._claimed >= claim.concurrency:
            raise Conflict(
                f"{self._claimed} runs of job {self._run.job!r} are at work, which is as many as may be",
                hint="leave the run queued and claim it later",
                current=self._run.status,
                concurrency=claim.concurrency,
            )
        wait_ms = 0 if claim.rate is None else claim.rate.wait_ms(self._begun, self._now_ms)
        if wait_ms:
            raise Conflict(
                f"job {self._run.job!r} has begun {claim.rate} already, which is as often as may be",
                hint=f"leave the run queued and claim it in {wait_ms / 1000:g} s",
                current=self._run.status,
                rate=str(claim.rate),
                wait_ms=wait_ms,
            )

    def _illegal(self, event: NewEvent) -> HeadwayError:
        if self._status in ENDED and self._write.execution_id is not None:
            return RunClosed(f"{event.type} follows the end of run {self._run.id} in one batch", current=self._status)
        return Conflict(
            f"{event.type} cannot be written while run {self._run.id} is {self._status or 'not created'}",
            current=self._run.status,
        )


_FIELDS: Final = {field.name: place for place, field in enumerate(dataclasses.fields(RunRow))}
_values = attrgetter(*_FIELDS)


def _changed(run: RunRow, changes: Mapping[str, Any]) -> RunRow:
    """`dataclasses.replace`, which took a fifth of the time of a small append."""
    values = list(_values(run))
    for name, value in changes.items():
        values[_FIELDS[name]] = value
    return RunRow(*values)


def _check_parts(write: Write) -> None:
    types = {event.type for event in write.events} if write.requeue or write.claim else ()
    if write.requeue is not None and "run.queued" not in types:
        raise UsageError("a Requeue needs run.queued among the write's events")
    if write.claim is not None and "run.started" not in types:
        raise UsageError("a Claim needs run.started among the write's events")
    if write.release is not None and not write.events:
        raise UsageError("a Release needs an event that tells of it")


def _unknown(events: Sequence[NewEvent], known: Collection[str]) -> Sequence[NewEvent]:
    """Return the events to be written: those without a key, and the first of each key that is not in the log."""
    if not any(event.key for event in events):
        return events
    seen = set(known)
    fresh = []
    for event in events:
        if not event.key:
            fresh.append(event)
        elif event.key not in seen:
            seen.add(event.key)
            fresh.append(event)
    return fresh


def _checkpoint(write: Write, events: Sequence[NewEvent], status: RunStatus | None) -> Checkpoint | None:
    """Return what is to be kept of a write of which these events are new, and which leads to this status."""
    step = write.checkpoint
    if step is None or (write.events and not events):
        return None
    return Checkpoint(step.key, step.at_end) if status in ENDED and step.at_end is not None else step


def _check_seen(run: RunRow, write: Write) -> None:
    allowed = write.statuses if write.statuses is not None else ACTIVE
    if run.status not in allowed:
        raise Conflict(
            f"run {run.id} is {run.status}; this is possible only while it is {_alternatives(allowed)}",
            current=run.status,
        )
    if write.attempt is not None and write.attempt != run.attempt:
        raise Conflict(
            f"run {run.id} is at attempt {run.attempt}, not {write.attempt}",
            current=run.status,
            attempt=run.attempt,
        )
    if write.held is not None and write.held != (run.worker is not None):
        raise Conflict(
            f"run {run.id} is held by {run.worker or 'nobody'}",
            hint="read the run again and decide anew",
            current=run.status,
        )
    if write.seq is not None and write.seq != run.seq:
        raise Conflict(
            f"the log of run {run.id} ends at seq {run.seq}, not {write.seq}",
            hint="read the run again and decide anew",
            current=run.status,
            seq=run.seq,
        )


def _alternatives(statuses: Collection[RunStatus]) -> str:
    return " or ".join(status for status in RunStatus if status in statuses) or "in no status at all"


def _fenced(run: RunRow, execution_id: str) -> Fenced:
    return Fenced(
        f"run {run.id} is now executed by {run.execution_id} (attempt {run.attempt}), no longer by {execution_id}",
        hint="stop working on it",
        current=run.status,
        execution_id=run.execution_id,
    )


def _closed(run: RunRow) -> RunClosed:
    return RunClosed(f"run {run.id} has ended: it is {run.status}", current=run.status)


def _created_at(queued: NewEvent) -> str | None:
    """Return the time of creation as the run's first event tells it, so that row and snapshot agree."""
    header = orjson.loads(queued.data).get("run")
    created_at = header.get("created_at") if isinstance(header, dict) else None
    return created_at if parse_ms(created_at) is not None else None
