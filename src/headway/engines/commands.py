"""Commands: everything a gateway or an application may ask of a run, each one control write.

They decide nothing that the store's transaction does not check again, so two of them at once are as safe as one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from headway.core.clock import parse_ms
from headway.core.events import (
    NewEvent,
    PhasePlan,
    RunCancelled,
    RunCancelRequested,
    RunHeader,
    RunQueued,
    RunReopened,
    RunStarted,
    new_event,
)
from headway.core.ids import new_correlation_id, new_execution_id, new_run_id
from headway.core.limits import NAME_MAX
from headway.core.plan import as_phases, planned
from headway.core.run import ENDED, REOPENABLE, RunStatus
from headway.engines.asking import answer
from headway.engines.job import Job
from headway.engines.patience import patiently
from headway.errors import Conflict, Fenced, HeadwayError, Owned, RunClosed, RunNotFound
from headway.stores.base import Appended, Claim, NewRun, Requeue, RunRow, Store, Write
from headway.stores.projection import Projections
from headway.types import RunId, Seq


@dataclass(frozen=True, slots=True)
class About:
    """What may be said about a run when it is created.

    Attributes:
        owner: Who may see it; "" for nobody in particular.
        key: Creation key: the same key of the same owner gives the same run.
        correlation_id: Ties together what one request caused; made when None.
    """

    title: str | None = None
    owner: str = ""
    key: str | None = None
    group: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    correlation_id: str | None = None


_ANSWER_TRIES: Final = 10
"""Each but the first is because a worker let go of the run, or took it, between the look and the write."""


class Commands:
    """Creates runs and steers them.

    Args:
        store: Where the runs are.
        projections: Their folded states.
        now_iso: The wall clock, as wire time.
        lease_s: Of a run that is taken over from a process whose beat was missed: the next one's death is noticed, too.

    Attributes:
        on_queued: Called with each run of a job that was created.
    """

    def __init__(
        self, store: Store, projections: Projections, now_iso: Callable[[], str], *, lease_s: float = 15.0
    ) -> None:
        self._store = store
        self._projections = projections
        self._now_iso = now_iso
        self._lease_s = lease_s
        self._unheard: dict[tuple[str, str | None], asyncio.Task[None]] = {}
        self.on_queued: Callable[[RunRow], object] = lambda _row: None

    # -- creation

    async def start(self, job: Job, value: Any, about: About, *, delay_s: float = 0.0) -> tuple[RunRow, bool]:
        """Create a queued run of a job; the flag tells whether it is new.

        Args:
            job: The job.
            value: Its input, validated by `Job.parse`.
            about: Title, owner, key ...
            delay_s: It is not begun before so many seconds have passed.

        Raises:
            KeyReused: the key was used for another job or input.
        """
        body = job.dump(value)
        title = (about.title or job.title_of(value))[:NAME_MAX]
        new = self._new(job.name, title, about, body, first=job.first_events(value))
        if delay_s > 0:
            new = replace(new, due_ms=(parse_ms(self._now_iso()) or 0) + round(delay_s * 1000))
        row, created = await self._create(new)
        if created:
            self.on_queued(row)
        return row, created

    async def open(
        self,
        kind: str,
        about: About,
        *,
        phases: Mapping[str, float] | Iterable[PhasePlan | str] | None = None,
        lease_s: float | None = None,
        worker: str | None = None,
        queued: bool = False,
    ) -> tuple[RunRow, bool]:
        """Create a run whose work happens elsewhere; it is running at once, unless it is to be `queued`.

        Args:
            kind: What it is; stands where a job's name would.
            about: Title, owner, key ...
            phases: Declared phases.
            lease_s: Without an append for so long its worker is lost; None: never.
            worker: Process that does the work, when it is one of ours; its death then fails the run.
            queued: Nobody works on it yet: it waits until somebody begins its execution (`take_over`).

        Cancelled, it leaves no run behind that a process of ours was to work on.

        Raises:
            KeyReused: the key was used for another kind.
        """
        if (seeing := self._unheard.get((about.owner, about.key))) is not None:
            await asyncio.wait([seeing])
        first = [planned(as_phases(phases))]
        if not queued:
            first.append(new_event("run.started", RunStarted(attempt=1, worker=worker)))
        new = self._new(kind, about.title or kind, about, None, first=first)
        return await self._create(replace(new, external=True, lease_s=lease_s, worker=worker))

    async def _create(self, new: NewRun) -> tuple[RunRow, bool]:
        """Create a run. A caller who is cancelled is not told; who asks again by its key finds it, but not as new."""
        creating = asyncio.ensure_future(self._store.create(new))
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            place = (new.owner, new.key or new.id)
            seeing = self._unheard[place] = asyncio.ensure_future(self._see_to_unheard(creating))
            seeing.add_done_callback(lambda _: self._seen_to(place, seeing))
            raise

    def _seen_to(self, place: tuple[str, str | None], seeing: asyncio.Task[None]) -> None:
        if self._unheard.get(place) is seeing:  # not one that was cancelled after it
            del self._unheard[place]

    async def _see_to_unheard(self, creating: Awaitable[tuple[RunRow, bool]]) -> None:
        """See to a new run nobody was told of: a job's engine is, and work this process was to do is taken back."""
        with contextlib.suppress(HeadwayError):
            row, created = await creating
            if created and not row.external:
                self.on_queued(row)
            elif created and row.worker is not None:
                cancelled = new_event("run.cancelled", RunCancelled(reason="its opening was cancelled", forced=False))
                write = Write(events=[cancelled], attempt=row.attempt, seq=row.seq)
                await patiently(lambda: self._store.append(row.id, write))
                await patiently(lambda: self.delete(row.id))

    def _new(self, job: str, title: str, about: About, body: bytes | None, *, first: Sequence[NewEvent]) -> NewRun:
        header = RunHeader(
            job=job,
            title=title,
            owner=about.owner,
            group=about.group,
            metadata=dict(about.metadata),
            created_at=self._now_iso(),
        )
        queued = new_event("run.queued", RunQueued(attempt=1, reason="created", run=header))
        return NewRun(
            id=new_run_id(),
            job=job,
            title=title,
            events=[queued, *first],
            execution_id=new_execution_id(),
            owner=about.owner,
            group=about.group,
            metadata=about.metadata,
            correlation_id=about.correlation_id or new_correlation_id(),
            key=about.key,
            fingerprint=hashlib.sha256(job.encode() + b"\0" + (body or b"")).hexdigest(),
            input=body,
        )

    # -- steering

    async def report(self, run_id: RunId, execution_id: str | None, events: Sequence[NewEvent]) -> Appended:
        """Append what a process outside reports, in one transaction. An empty batch is a heartbeat.

        Args:
            run_id: The run.
            execution_id: The execution it reports for; None: the current one.
            events: Of `headway.core.events.REPORTED_TYPES`.

        Raises:
            RunNotFound, RunClosed, Fenced, Conflict: as `Store.append`.
        """
        if execution_id is None:
            execution_id = (await self.row(run_id)).execution_id
        appended = await self._store.append(run_id, Write(events=events, execution_id=execution_id))
        await self._projections.save(run_id, appended.run)
        return appended

    async def cancel(
        self,
        run_id: RunId,
        *,
        by: str | None = None,
        reason: str | None = None,
        attempt: int | None = None,
        execution_id: str | None = None,
    ) -> RunRow:
        """Ask a run to stop; ask again as often as you like.

        Queued, or waiting without a worker: it is cancelled now. Otherwise its worker is asked to. An ended run is
        left as it is.

        Args:
            run_id: The run.
            by: Who asks.
            reason: Why.
            attempt: The attempt the caller saw. A command that arrives late, or a second time, is not to stop what
                somebody has tried again since; an attempt that began because a worker died is stopped.
            execution_id: The last execution the caller saw, or None.

        Raises:
            RunNotFound: there is no such run.
            Fenced: `execution_id` is given and is not the current one.
            Conflict: it was reopened after `attempt`.
        """
        while True:
            row = await self.row(run_id, execution_id)
            if row.status in ENDED or row.cancel_requested:
                return row
            if attempt is not None and attempt < row.attempt and await self._tried_again_after(run_id, attempt):
                raise Conflict(
                    f"the run was tried again after its attempt {attempt}",
                    current=str(row.status),
                    hint="look at the run again, and cancel it then",
                )
            # by a key: of two who ask at once, one is written
            asked = RunCancelRequested(by=by, reason=reason)
            write = Write(
                events=[new_event("run.cancel_requested", asked, key=f"headway/cancel/{row.attempt}")],
                statuses=(row.status,),
                attempt=row.attempt,
            )
            if row.worker is None and (row.status is RunStatus.QUEUED or not row.external):
                cancelled = new_event("run.cancelled", RunCancelled(reason=reason, forced=False))
                # compare-and-set on the seq: a worker may claim it between the look and the write
                write = replace(write, events=[*write.events, cancelled], seq=row.seq)
            try:
                return (await self._store.append(run_id, write)).run
            except Conflict:
                continue  # it was claimed, taken over, or has ended

    async def retry(
        self,
        run_id: RunId,
        *,
        seq: Seq | None = None,
        items: Sequence[str] | None = None,
        by: str | None = None,
        execution_id: str | None = None,
    ) -> RunRow:
        """Reopen an ended run: its failed items (or those named) are planned again, what is finished stays.

        Args:
            run_id: The run.
            seq: Last seq the caller saw; makes the command idempotent: of two with the same seq one reopens.
            items: Keys of failed items; None: all failed ones.
            by: Who asks.
            execution_id: The last execution the caller saw, or None.

        Raises:
            RunNotFound: there is no such run.
            Fenced: `execution_id` is given and is not the current one.
            Conflict: it has not ended, or succeeded (which is final), or names an item that has not failed.
        """
        row = await self.row(run_id)
        if seq is not None and seq < row.seq and await self._reopened_after(run_id, seq):
            return row
        _check_current(row, execution_id)
        if row.status not in REOPENABLE:
            raise Conflict(f"a run that is {row.status} is not tried again", current=str(row.status), hint=_WHY_NOT)
        failed = await self._failed_items(run_id)
        wanted = list(failed) if items is None else list(items)
        wrong = [key for key in wanted if key not in failed]
        if wrong:
            raise Conflict(f"item {wrong[0]!r} has not failed", current=str(row.status), failed_items=sorted(failed))
        events = [
            new_event("run.reopened", RunReopened(by=by, items=wanted)),
            new_event("run.queued", RunQueued(attempt=row.attempt + 1, reason="reopened")),
        ]
        write = Write(
            events=events, statuses=REOPENABLE, attempt=row.attempt, seq=seq, requeue=Requeue(new_execution_id())
        )
        return (await self._store.append(run_id, write)).run

    async def _tried_again_after(self, run_id: RunId, attempt: int) -> bool:
        fold = await self._projections.current(run_id)
        return any(one["reason"] == "reopened" and one["attempt"] > attempt for one in fold.get("executions"))

    async def _reopened_after(self, run_id: RunId, seq: Seq) -> bool:
        fold = await self._projections.current(run_id)
        last = fold.get("executions")[-1]
        return last["reason"] == "reopened" and fold.status not in ENDED and fold.seq > seq

    async def _failed_items(self, run_id: RunId) -> set[str]:
        fold = await self._projections.current(run_id)
        return {key for key in fold.keys("items") if (item := fold.entry("items", key)) and item["status"] == "failed"}

    async def answer(
        self, run_id: RunId, ask_id: str, data: Any, *, by: str | None = None, execution_id: str | None = None
    ) -> RunRow:
        """Answer a question of the job. The same answer again changes nothing.

        Args:
            run_id: The run.
            ask_id: Which question, as ``asks`` of the run's state names it.
            data: The answer as JSON data, measured by the question's schema.
            by: Who answers.
            execution_id: The last execution the caller saw, or None.

        Raises:
            RunNotFound: there is no such run.
            Fenced: `execution_id` is given and is not the current one.
            InvalidInput: the answer does not fit; ``extra["errors"]`` lists where and why.
            EventTooLarge: it is too large.
            Conflict: no such question is open, somebody has given another answer, or the run changes too fast.
        """
        row = await self.row(run_id, execution_id)
        for _ in range(_ANSWER_TRIES):
            answered = await answer(self._store, self._projections, row, ask_id, data, by=by)
            if answered is not None:
                return answered
            row = await self.row(run_id, execution_id)
        raise Conflict(
            f"run {run_id} changed each time {ask_id[:64]!r} was to be answered",
            current=str(row.status),
            hint="read the run again, and answer what is open then",
        )

    async def take_over(
        self,
        run_id: RunId,
        *,
        take_over: bool = False,
        key: str | None = None,
        execution_id: str | None = None,
        lease_s: float | None = None,
    ) -> RunRow:
        """Begin an execution for somebody who reports from outside.

        A queued run's attempt is begun as it stands. A running one gets a new attempt, and the execution before is
        fenced: if `take_over` asks for that, or if its lease is over. A run of a job is its workers' alone: they have
        its input, its checkpoints and a beat that is missed when they die; who reports from outside has none of these.

        Args:
            run_id: The run.
            take_over: Fence an execution that may be alive.
            key: Of this beginning: sent again, because the answer was lost, it begins nothing twice.
            execution_id: The last execution the caller saw, or None.
            lease_s: Without an append for so long its worker is lost; None: as the run has it. One without, taken over
                from a process whose beat was missed, gets one all the same.

        Raises:
            RunNotFound: there is no such run.
            RunClosed: it has ended.
            Conflict: somebody else took it over, or it ended, at the same time; or it is the run of a job.
            Owned: an execution is running and `take_over` is False; ``extra`` has its last sign of life as
                ``updated_at``, and ``lease_s``.
            Fenced: `execution_id` is given and is not the current one.
        """
        row = await self.row(run_id, execution_id)
        if row.status in ENDED:
            raise RunClosed(f"run {run_id} is {row.status}", current=str(row.status), hint=_HOW_AGAIN)
        _check_outside(row)
        if key is not None and row.status is RunStatus.RUNNING:
            with contextlib.suppress(Conflict):
                return await self._claim_outside(row, key, lease_s)
        if row.status is RunStatus.QUEUED:
            with contextlib.suppress(Conflict):
                return await self._claim_outside(row, key, lease_s)
            row = await self.row(run_id)  # somebody was faster
        if not (take_over or await self._has_lapsed(row)):
            raise Owned(
                f"execution {row.execution_id} is running",
                execution_id=row.execution_id,
                updated_at=row.updated_at,
                lease_s=row.lease_s,
                hint="send take_over: true",
            )
        queued = new_event("run.queued", RunQueued(attempt=row.attempt + 1, reason="takeover"))
        begun = replace(row, attempt=row.attempt + 1)
        if lease_s is None and row.lease_s is None and row.worker is not None:
            lease_s = self._lease_s
        write = Write(
            events=[queued, _started(begun, key)],
            attempt=row.attempt,
            requeue=Requeue(new_execution_id(), takeover=True),
            claim=Claim(None, lease_s=lease_s),
        )
        return (await self._store.append(run_id, write)).run

    async def _claim_outside(self, row: RunRow, key: str | None, lease_s: float | None) -> RunRow:
        """Begin the attempt that is queued; done already, if it was begun under this key.

        Raises:
            Conflict: it was begun otherwise.
        """
        statuses = (RunStatus.QUEUED, RunStatus.RUNNING)
        claim = Claim(None, lease_s=lease_s)
        write = Write(events=[_started(row, key)], statuses=statuses, attempt=row.attempt, claim=claim)
        return (await self._store.append(row.id, write)).run

    async def _has_lapsed(self, row: RunRow) -> bool:
        return row.lease_s is not None and any(lapsed.id == row.id for lapsed in await self._store.lapsed())

    async def hand_back(self, run_id: RunId, execution_id: str | None = None) -> RunRow:
        """Give up the execution that is running without ending the run: it waits for somebody to begin the next one.

        Args:
            run_id: The run.
            execution_id: The execution that gives up, or None for the current one.

        Raises:
            RunNotFound: there is no such run.
            RunClosed: it has ended.
            Fenced: `execution_id` is given and is not the current one.
        """
        row = await self.row(run_id, execution_id)
        write = Write(
            events=[new_event("run.queued", RunQueued(attempt=row.attempt + 1, reason="retry"))],
            execution_id=row.execution_id,
            attempt=row.attempt,
            requeue=Requeue(new_execution_id()),
        )
        return (await self._store.append(run_id, write)).run

    async def delete(self, run_id: RunId) -> None:
        """Remove an ended run with all that belongs to it.

        Raises:
            RunNotFound, RunActive: as `Store.delete`.
        """
        await self._store.delete(run_id)
        self._projections.forget(run_id)

    async def row(self, run_id: RunId, execution_id: str | None = None) -> RunRow:
        """Return the run's row.

        Raises:
            RunNotFound: there is no such run.
            Fenced: `execution_id` is given and is not the current one.
        """
        row = await self._store.get(run_id)
        if row is None:
            raise RunNotFound(f"there is no run {run_id[:64]!r}")
        _check_current(row, execution_id)
        return row


def _started(row: RunRow, key: str | None) -> NewEvent:
    """Return the event by which an attempt is begun; its key tells one beginning of this attempt from another."""
    named = None if key is None else f"headway/begin/{row.attempt}/{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    return new_event("run.started", RunStarted(attempt=row.attempt), key=named)


def _check_outside(row: RunRow) -> None:
    """Leave the run of a job to its workers: begun from outside it would have neither a worker nor a lease to miss."""
    if row.external:
        return
    queued = row.status is RunStatus.QUEUED
    raise Conflict(
        f"run {row.id} {'waits for' if queued else 'belongs to'} a worker of job {row.job!r}",
        hint=_HOW_BESIDE if queued else _HOW_INSTEAD,
        current=str(row.status),
    )


def _check_current(row: RunRow, execution_id: str | None) -> None:
    if execution_id is not None and execution_id != row.execution_id:
        raise Fenced(
            f"execution {execution_id[:64]!r} is not the current one of run {row.id}", execution_id=row.execution_id
        )


_HOW_BESIDE = "attach when it is running, or open a run that is queued for work elsewhere"
_HOW_INSTEAD = "attach without take_over to report beside its worker, or hand it back (queued) for another worker"
_HOW_AGAIN = "retry reopens what failed, was cancelled or ended partially"
_WHY_NOT = "only failed, partial and cancelled runs are tried again; start a new run instead"
