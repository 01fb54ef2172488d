"""One change of one run, as whoever makes it says it; what a store makes of it is decided in `ledger`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from headway.core.events import NewEvent
from headway.core.run import RunStatus
from headway.stores.rate import Rate
from headway.types import Seq


@dataclass(frozen=True, slots=True)
class Requeue:
    """Begin a new attempt in the same transaction; the write's events hold its ``run.queued`` (else `UsageError`).

    From ``run.queued`` on, the events carry the new execution's id.

    Attributes:
        execution_id: Of the new attempt. The old execution is fenced by this.
        due_ms: Not to be claimed before this time, or None.
        takeover: Counts as a take-over; False sets the count back to 0 (a person asked for it).
    """

    execution_id: str
    due_ms: int | None = None
    takeover: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the queued attempt for a process in the same transaction; the events hold its ``run.started``.

    `Conflict` when the run is not queued, or when `concurrency` or `rate` is used up.

    Attributes:
        worker: Id of the process.
        concurrency: At most so many claimed runs of this job at once over all processes; None: any number.
        rate: At most so many claims of this job in such a time over all processes, by the store's clock; None: any
            number. This one counts from the moment it is made.
        lease_s: Of the run from now on; None: as it was. Only one whose work happens elsewhere has any.
    """

    worker: str | None
    concurrency: int | None = None
    rate: Rate | None = None
    lease_s: float | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Let go of a run that waits for an answer, in the same transaction: no worker holds it from then on.

    It needs an event that tells of it (else `UsageError`).

    Attributes:
        due_ms: When somebody must look after it again although no answer came (store's clock), or None.
    """

    due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Result of a finished step, stored in the same transaction as its ``step.finished``.

    Attributes:
        at_end: JSON that takes the place of the result in the transaction that ends the run; None: the result stays.
    """

    key: str
    result: bytes
    at_end: bytes | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one run: an execution write names its execution, a control write the statuses it is legal in.

    What is refused writes nothing, in this order: `Fenced`, `RunClosed`, `Conflict`. A batch that ends the run and
    goes on is refused, too. An execution's batch whose events are all in the log already is answered as done, even
    when the run has ended since: whoever lost the answer to its last batch may send it again.

    Attributes:
        events: In order; may be empty (an execution's heartbeat, or only asking for the status).
        execution_id: Execution write; refused as `Fenced` when it is not the current one, as `RunClosed` when the run
            has ended.
        statuses: Refused as `Conflict` in any other status. None: any status that is not ended.
        attempt: Compare-and-set: refused as `Conflict` when the run's attempt is another one.
        seq: Compare-and-set: refused as `Conflict` when the log's last seq is another one.
        held: Compare-and-set: refused as `Conflict` unless a worker holds the run (True) or none does (False).
        fresh: Refused as `Conflict` when the key of one of its events is in the log already.
        checkpoint: Kept with the events; not where all of them were in the log already, for it came with them then.
    """

    events: Sequence[NewEvent] = ()
    execution_id: str | None = None
    statuses: Collection[RunStatus] | None = None
    attempt: int | None = None
    seq: Seq | None = None
    held: bool | None = None
    fresh: bool = False
    requeue: Requeue | None = None
    claim: Claim | None = None
    release: Release | None = None
    checkpoint: Checkpoint | None = None
