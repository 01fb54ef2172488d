"""What a store promises, in the words of its users.

A store keeps, for every run, one row (`RunRow`), one dense log, the checkpoints of finished steps and the newest
snapshot. Every change of a run is one `Write`, done in one transaction under the run's row lock, so that:

* seqs are dense from 1, and what a reader sees is committed;
* a write of an older execution is refused (`Fenced`), one to an ended run too (`RunClosed`);
* a control write happens only in the statuses it names (`Conflict` otherwise);
* events whose key is already in the log are dropped, the others written, without a hole (a trimmed event's key is
  forgotten);
* ``time`` never falls within a log.

`watch` is a doorbell: it may ring late, twice or not at all for one change, so readers also look once a second. The
log is the truth.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from headway.core.cursor import START, Cursor
from headway.core.events import NewEvent, StoredEvent
from headway.core.run import RunStatus
from headway.measures import Measures
from headway.stores.alive import Leader as Leader  # noqa: PLC0414 -- public here, as all a store takes or gives
from headway.stores.alive import WorkerState as WorkerState  # noqa: PLC0414
from headway.stores.board import Topic as Topic  # noqa: PLC0414
from headway.stores.board import bell_of as bell_of  # noqa: PLC0414
from headway.stores.changes import Checkpoint as Checkpoint  # noqa: PLC0414
from headway.stores.changes import Claim as Claim  # noqa: PLC0414
from headway.stores.changes import Release as Release  # noqa: PLC0414
from headway.stores.changes import Requeue as Requeue  # noqa: PLC0414
from headway.stores.changes import Write as Write  # noqa: PLC0414
from headway.stores.noting import note_appended, note_created
from headway.stores.retention import Part, Prunable, Retention
from headway.types import RunId, Seq


def wall_ms() -> int:
    """Return the time by this machine's clock, milliseconds since the epoch.

    A store's clock is the one that counts: for ``time``, due times, leases and retention.
    """
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class StoreCaps:
    """What differs between stores.

    Attributes:
        name: ``memory``, ``sqlite`` ...
        durable: The log outlives the process.
        processes: Several processes may share it.
        machines: Several machines may share it.
    """

    name: str
    durable: bool
    processes: bool
    machines: bool


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be created.

    Attributes:
        id: From `headway.core.ids.new_run_id`.
        job: Name of the job, or the kind of an external run.
        events: Its first batch, beginning with ``run.queued``; ``run.started`` in it claims for `worker`.
        execution_id: Of attempt 1.
        owner: Who may see it; "" for nobody in particular.
        key: Creation key, unique per owner, or None.
        fingerprint: Of job and input: the same key with another fingerprint is `KeyReused`.
        input: The job's input as JSON, or None.
        external: Its work happens elsewhere; no engine picks it up and no restart touches it.
        lease_s: An external run without an append for so long has lost its worker. None: never.
        worker: Id of the process that starts it at once, or None.
        due_ms: Not to be claimed before this time (store's clock), or None.
    """

    id: RunId
    job: str
    title: str
    events: Sequence[NewEvent]
    execution_id: str
    owner: str = ""
    group: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    correlation_id: str | None = None
    key: str | None = None
    fingerprint: str = ""
    input: bytes | None = None
    external: bool = False
    lease_s: float | None = None
    worker: str | None = None
    due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """What is known of a run without reading its log.

    Attributes:
        worker: Id of the process that holds the current execution, or None.
        takeovers: How often a dead worker's execution was taken over since a step was last finished, or since the run
            was created or reopened.
        seq: Seq of the last event.
        tag: Tag of the last event.
        total: Bytes of all events of the log, trimmed ones included.
        floor: Seq up to which the log was trimmed; 0 for none.
        text_floor: Seq up to which streamed text was trimmed; never below `floor`.
        lines_floor: The same of log lines.
        updated_at: Time of the last append; an empty execution write (a heartbeat) counts.
        due_ms: A queued run is not to be claimed before this time (store's clock); None: at once. One that waits for an
            answer, held by nobody, is among `Store.lapsed` after it; None: never.
        summary: Percent and the like, as of the last stored snapshot; None before the first.
    """

    id: RunId
    job: str
    title: str
    owner: str
    group: str | None
    metadata: Mapping[str, Any]
    correlation_id: str | None
    status: RunStatus
    attempt: int
    execution_id: str
    external: bool
    lease_s: float | None
    worker: str | None
    takeovers: int
    cancel_requested: bool
    created_at: str
    started_at: str | None
    finished_at: str | None
    updated_at: str
    seq: Seq
    tag: str
    total: int
    floor: Seq
    text_floor: Seq
    lines_floor: Seq
    due_ms: int | None
    summary: Mapping[str, Any] | None

    @property
    def cursor(self) -> Cursor:
        """Position of the last event."""
        return Cursor(self.seq, self.tag)

    @property
    def delta_floor(self) -> Seq:
        """Seq from which on the log is whole: up to it text, lines or everything may be missing."""
        return max(self.text_floor, self.lines_floor)


@dataclass(frozen=True, slots=True)
class Appended:
    """What a write did, and what every writer must learn.

    Attributes:
        run: The row after the write.
        events: What was written, in order; those with a known key are not in it.
    """

    run: RunRow
    events: Sequence[StoredEvent]

    def answer(self) -> dict[str, Any]:
        """Return the JSON every append is answered with."""
        run = self.run
        return {
            "seq": run.seq,
            "cursor": str(run.cursor),
            "status": str(run.status),
            "cancel_requested": run.cancel_requested,
            "lease_s": run.lease_s,
        }


class Standing(Enum):
    """What a cursor is worth against the log as it is now."""

    GOOD = "good"
    #: its event, or one after it, was trimmed
    TRIMMED = "trimmed"
    #: the log does not hold its event: the log lost its tail, or the cursor is another log's
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a log, with everything else read from the same state of the database.

    Attributes:
        run: The row.
        standing: Of the cursor asked for. Unless GOOD, `events` is empty.
        events: After the cursor, in order, dense. Only a reader that asked for a `partial` log may find text or lines
            missing, those at or below ``run.delta_floor``.
        tail: Bytes of the log after the cursor, including what did not fit into this page; 0 unless GOOD.
    """

    run: RunRow
    standing: Standing
    events: Sequence[StoredEvent]
    tail: int

    @property
    def more(self) -> bool:
        """Whether the log goes on after this page."""
        return bool(self.events) and self.events[-1].seq < self.run.seq


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot as bytes, with the position it was folded through.

    Attributes:
        total: ``total`` of its last event.
        version: `headway.core.limits.FOLD_VERSION` of the fold that made it.
        body: JSON.
    """

    cursor: Cursor
    total: int
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list. None means any.

    Attributes:
        before: Id of the last run of the page before; runs are listed newest first by id.
    """

    owner: str | None = None
    status: Collection[RunStatus] | None = None
    job: str | None = None
    group: str | None = None
    before: RunId | None = None


class Store(ABC):
    """One log per run, and what belongs to it.

    All methods may be called from many tasks of one event loop. A call that is cancelled either happened or did not;
    nothing is half written. Any of them may raise `StoreError`; a read never waits for a write.
    """

    caps: StoreCaps

    @cached_property
    def measures(self) -> Measures:
        """What this process counts; everything that works on the store counts here."""
        return Measures()

    @abstractmethod
    async def open(self) -> None:
        """Open or create it and bring its schema up to date. Idempotent."""

    def expect_attempts(self, at_once: int) -> None:  # noqa: B027 - not every store has something to save
        """Learn, before it is opened, that this process executes so few attempts at once: fewer connections do."""

    @abstractmethod
    async def close(self) -> None:
        """Finish the writes already handed in, then let go of everything. Idempotent."""

    # -- writing

    async def create(self, new: NewRun) -> tuple[RunRow, bool]:
        """Create a run with its first events; the flag tells whether it is new.

        Raises:
            KeyReused: its key was used by the same owner for another job or input.
        """
        run, created = await self._create(new)
        if created:
            note_created(self, run, new)
        return run, created

    @abstractmethod
    async def _create(self, new: NewRun) -> tuple[RunRow, bool]:
        """Do what `create` promises."""

    async def append(self, run_id: RunId, write: Write) -> Appended:
        """Do one write in one transaction. Writes handed in by one task happen in that order.

        Raises:
            RunNotFound, RunClosed, Fenced, Conflict: see `Write`; nothing was written.
        """
        began = time.perf_counter()
        done = await self._append(run_id, write)
        note_appended(self, done, time.perf_counter() - began)
        return done

    @abstractmethod
    async def _append(self, run_id: RunId, write: Write) -> Appended:
        """Do what `append` promises."""

    @abstractmethod
    async def put_snapshot(self, run_id: RunId, snapshot: StoredSnapshot, summary: Mapping[str, Any]) -> None:
        """Keep a snapshot and its summary, unless a later one is kept already or the log does not hold its event.

        Unknown run: nothing happens.
        """

    @abstractmethod
    async def trim(self, run_id: RunId, *, floor: Seq, part: Part = Part.LOG) -> None:
        """Drop events up to and with seq `floor` (only those of a part if so asked), in small transactions.

        Never the event of the newest stored snapshot or a later one, so that no state is lost and the snapshot's
        cursor stays good. Unknown run: nothing happens.
        """

    @abstractmethod
    async def prune(self, retention: Mapping[str, Retention], *, max_rows: int = 2_000) -> int:
        """Drop what has outlived its retention, going over at most `max_rows` events; return how many. 0: all is done.

        Trims as `trim` does, so a run still has its row, its last snapshot and that snapshot's event.

        Args:
            retention: By job; the runs of other jobs are let be.
            max_rows: So many events are gone over at most.
        """

    @abstractmethod
    async def prunable(self, retention: Mapping[str, Retention]) -> list[Prunable]:
        """Return what `prune`, called until all is done, would drop now: by job, whole logs first. Changes nothing."""

    @abstractmethod
    async def prunable_jobs(self) -> list[str]:
        """Return the jobs, and kinds of runs, of which ended runs have something left to lose, by name."""

    @abstractmethod
    async def unfolded(self, ended_s: float, after: Ended, *, limit: int = 200) -> list[RunRow]:
        """Return runs that ended at least so many seconds ago without a snapshot of their end, behind a place.

        In the order of their ends. Their process died in between; what no snapshot holds is never trimmed.
        """

    @abstractmethod
    async def delete(self, run_id: RunId) -> None:
        """Remove a run with all that belongs to it. It is gone at once; its events follow in small transactions.

        Raises:
            RunNotFound: there is none.
            RunActive: it has not ended.
        """

    # -- reading

    @abstractmethod
    async def get(self, run_id: RunId) -> RunRow | None:
        """Return the row of a run."""

    @abstractmethod
    async def input(self, run_id: RunId) -> bytes | None:
        """Return the input a run was created with, as JSON."""

    @abstractmethod
    async def read(
        self,
        run_id: RunId,
        *,
        after: Cursor = START,
        limit: int = 500,
        max_bytes: int = 4_194_304,
        partial: bool = False,
    ) -> Page:
        """Read the log after a cursor, from one state of the database, by one indexed query.

        The cursor's own event is read and its tag compared. `START` is good unless the log was trimmed; the cursor of
        the log's last event is always good. At least one event is returned if there is one, however large.

        With `partial` it reads on although text or lines were trimmed; only ``floor`` counts then.

        Raises:
            RunNotFound: there is no such run.
        """

    @abstractmethod
    async def snapshot(self, run_id: RunId) -> StoredSnapshot | None:
        """Return the newest stored snapshot."""

    @abstractmethod
    async def steps(self, run_id: RunId) -> dict[str, bytes]:
        """Return the checkpoints of a run: results as JSON by step key."""

    @abstractmethod
    async def list_runs(self, which: RunFilter, *, limit: int = 50) -> list[RunRow]:
        """Return runs, newest first."""

    @abstractmethod
    async def queued(self, jobs: Collection[str], *, limit: int = 20) -> list[RunRow]:
        """Return unclaimed runs of these jobs that are due, oldest first. External runs are never among them."""

    @abstractmethod
    async def claimed(self) -> list[RunRow]:
        """Return all runs that have not ended and are held by a worker."""

    @abstractmethod
    async def lapsed(self) -> list[RunRow]:
        """Return runs whose time is over, and that have not ended.

        External ones that were not appended to for longer than their lease; and those that wait for an answer, held by
        nobody, past their ``due_ms``.
        """

    @abstractmethod
    async def asked_to_stop(self) -> list[RunRow]:
        """Return all runs at work that were asked to stop and are held by no worker; somebody outside reports them."""

    @abstractmethod
    async def durations(self, job: str, *, limit: int = 20) -> list[float]:
        """Return the seconds the last successful runs of a job took, newest first."""

    @abstractmethod
    async def begun(self, job: str) -> list[int]:
        """Return how many milliseconds ago claims of a job were made at a rate, the last one first.

        As many as the last claim's `Rate.times`, no more.
        """

    @abstractmethod
    async def ended(self, after: Ended, *, limit: int = 200) -> list[RunRow]:
        """Return runs that have ended behind a place, in the order of their ends.

        The times are those of the last events: a run may be committed a moment after another that ended later.
        """

    # -- listeners

    @abstractmethod
    async def add_listener(self, name: str, *, from_beginning: bool = False) -> ListenerRow:
        """Register a listener, unless it is; return what is kept of it.

        Args:
            name: Of the listener.
            from_beginning: It hears of everything that is still in the logs; else of what happens from now on.
        """

    @abstractmethod
    async def listeners(self) -> list[ListenerRow]:
        """Return all registered listeners by name."""

    @abstractmethod
    async def move_listener(self, name: str, told_until: str, *, told: bool = False) -> None:
        """Keep up to which end of a run everything was told. It never goes back. Rings no doorbell.

        Args:
            name: Of the listener.
            told_until: End of a run.
            told: Something was told since this was kept last; that is noted with the time (store's clock).
        """

    @abstractmethod
    async def remove_listener(self, name: str) -> None:
        """Forget a listener. Its positions go with their runs; one that comes back goes on from there. Idempotent.

        A process that tells it meanwhile does not notice; one that starts later registers it anew.
        """

    @abstractmethod
    async def positions(self, listener: str, run_ids: Collection[RunId]) -> dict[RunId, Cursor]:
        """Return how far a listener was told of these runs, without those of which nothing is kept."""

    @abstractmethod
    async def move_position(self, listener: str, run_id: RunId, seen: Cursor, to: Cursor) -> bool:
        """Keep how far a listener was told of a run, if it still is where it was `seen`; tell whether it is there now.

        `START` stands for a run of which nothing is kept. What is kept goes with the run. Rings no doorbell.
        """

    # -- who is alive

    @abstractmethod
    async def join(self) -> str:
        """Register this process as a worker and return its id. It counts as alive until it dies or leaves.

        A worker that is not listed by `workers` is dead.
        """

    @abstractmethod
    async def beat(self, worker: str) -> None:
        """Say that a worker is alive. Called from time to time by whoever joined."""

    @abstractmethod
    def beat_soon(self, worker: str) -> None:
        """The same from any thread, without waiting, also while the event loop stands still. A failure is not told."""

    @abstractmethod
    async def leave(self, worker: str) -> None:
        """Take a worker off the list. Idempotent."""

    @abstractmethod
    async def workers(self) -> Mapping[str, WorkerState]:
        """Return all registered workers."""

    @abstractmethod
    async def lead(self, role: str, worker: str, *, instead_of: Leader | None = None) -> Leader:
        """Make a worker the leader in a role, unless another one is; return who leads now.

        A leader that is not listed any more, or is gone, loses the role to whoever asks next. One that is there and
        does not ask any more loses it to who names it as it was last seen, as `instead_of`. It learns of that when it
        asks again, so for a while two may be at work.

        Args:
            role: Name of the work.
            worker: Who asks; it has joined. When it leads already, this is its beat.
            instead_of: The leader that has been silent for too long.
        """

    # -- settings and news

    @abstractmethod
    async def setting(self, name: str) -> Any:
        """Return a stored setting (JSON), or None."""

    @abstractmethod
    async def put_setting(self, name: str, value: Any) -> None:
        """Store a setting; readers learn of it by the doorbell."""

    # -- the board: what processes tell one another for a while

    @abstractmethod
    async def post(self, topic: Topic, key: str, value: Any, *, ttl_s: float | None = None) -> None:
        """Put a value (JSON) on the board under a topic and a key, in place of what is there; `bell_of` it rings.

        Args:
            topic: What it belongs to.
            key: Tells it from others of the topic.
            value: Any JSON.
            ttl_s: It is gone after so many seconds by the store's clock; None: it stays until something else takes its
                place.
        """

    @abstractmethod
    async def posted(self, topic: Topic, *, prefix: str = "") -> dict[str, Any]:
        """Return what stands on the board under a topic, by key, in their order; only keys that begin with `prefix`."""

    @abstractmethod
    def watch(self, ring: Callable[[Collection[RunId]], None]) -> Callable[[], None]:
        """Call `ring` on the event loop when runs may have news, in this or another process.

        The runs named may be fewer or more than those that changed; an empty collection means any run or setting. What
        is posted rings with `bell_of` its topic among the runs, so that nobody need look at a run because of it.
        Returns a function that ends it. `ring` must not block; what it raises is logged and ends nothing.
        """

    def statistics(self) -> Mapping[str, Any]:
        """Return sizes and counters of this store's buffers, for metrics and `doctor`."""
        return {}


class Ended(NamedTuple):
    """A place among the runs that have ended: they are in the order of their ends, then of their ids."""

    finished_at: str = ""
    run_id: RunId = ""


@dataclass(frozen=True, slots=True)
class ListenerRow:
    """What is kept of a listener.

    Attributes:
        name: Of the listener.
        since: It hears of events from this time on (store's clock); "" for all.
        told_until: Of every run that ended up to this time it was told everything; "" for none.
        told_at: When it was last told of something, to a few seconds (store's clock); "" for never.
    """

    name: str
    since: str
    told_until: str
    told_at: str = ""
