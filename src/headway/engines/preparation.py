"""From a claimed attempt to a handle: what earlier attempts left, what of it stays, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson

from headway.core.events import AttemptDiscarded, Discarded, NewEvent, new_event
from headway.core.withdraw import Withdrawal
from headway.engines.patience import patiently
from headway.publish.context import Context
from headway.publish.execution import Clock, Discard, Execution
from headway.publish.publisher import Publisher, Receipt
from headway.stores.base import Checkpoint, RunRow, Store, Write
from headway.stores.projection import Projections, read_log

VERSION_STEP = "headway/version"
"""Under this key the version of the code that began a run is kept among its steps."""

CONTINUED = ("takeover", "resumed")
"""Reasons of attempts that go on where the one before stopped, instead of beginning again after a failure."""


class StoreSink:
    """Writes an execution's events to a store in this process."""

    def __init__(self, store: Store, projections: Projections, run_id: str, execution_id: str) -> None:
        self._store = store
        self._projections = projections
        self._run_id = run_id
        self._execution_id = execution_id

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Write a batch in one transaction."""
        write = Write(events=events, execution_id=self._execution_id, checkpoint=checkpoint)
        run = (await self._store.append(self._run_id, write)).run
        await self._projections.save(self._run_id, run)
        return Receipt(run.seq, str(run.cursor), str(run.status), run.cancel_requested)


def context_of(row: RunRow) -> Context:
    """Return the context of a run's current execution."""
    return Context(row.id, row.execution_id, row.attempt, row.correlation_id)


async def prepare(
    store: Store, projections: Projections, row: RunRow, clock: Clock, *, strict: bool = False
) -> Execution:
    """Make the execution of a claimed attempt of a job.

    Takes back what unfinished steps of earlier attempts have written: they begin anew. After an answer that is the
    step which asked.
    """
    checkpoints = await store.steps(row.id)
    fold = await projections.current(row.id)
    publisher = Publisher(StoreSink(store, projections, row.id, row.execution_id), strict=strict)
    if row.attempt > 1:
        discarded = await withdraw(store, row, lambda step: step not in checkpoints)
        if discarded is not None:
            await publisher.flush(discarded)
            fold = await projections.current(row.id)
    state = fold.snapshot()
    generation, begun_by = generation_of(state["executions"])
    return Execution(
        publisher,
        checkpoints=checkpoints,
        state=state,
        generation=generation,
        retry_from=asked_in(state["executions"]) if begun_by == "retry" else None,
        discard=step_discard(store, row, checkpoints),
        clock=clock,
        cancel_requested=row.cancel_requested,
        job=row.job,
        measures=store.measures,
    )


def generation_of(executions: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    """Return the attempt since which the body goes on without having failed, and why that one was made."""
    begun = executions[0]
    for execution in executions:
        if execution["reason"] not in CONTINUED:
            begun = execution
    return begun["attempt"], begun["reason"]


def asked_in(executions: Sequence[Mapping[str, Any]]) -> int:
    """Return the attempt in which somebody last asked for the work: by creating the run or by reopening it."""
    asked = [execution["attempt"] for execution in executions if execution["reason"] in ("created", "reopened")]
    return int(asked[-1]) if asked else 1  # long lists of executions are cut at their beginning


def retries_used(executions: Sequence[Mapping[str, Any]]) -> int:
    """Return how many automatic retries there were since the run was created or reopened."""
    since = asked_in(executions)
    return sum(1 for execution in executions if execution["reason"] == "retry" and execution["attempt"] > since)


def step_discard(store: Store, row: RunRow, finished: Collection[str]) -> Discard:
    """Return what withdraws the events of a step, and of unfinished ones inside it, before it is tried again."""

    async def discard(key: str) -> NewEvent | None:
        def withdrawn(step: str) -> bool:
            return (step == key or step.startswith(f"{key}/")) and step not in finished

        return await patiently(lambda: withdraw(store, row, withdrawn, step=key))

    return discard


async def withdraw(
    store: Store, row: RunRow, withdrawn: Callable[[str], bool], *, step: str | None = None
) -> NewEvent | None:
    """Return the ``attempt.discarded`` that takes back the events of some steps, or None when nothing changes.

    Reads the log from its beginning. That is the price of a crash or a retry, not of progress.
    """
    base = await _base(store, row)
    work = Withdrawal(withdrawn, base)
    loop = asyncio.get_running_loop()
    pause_at = loop.time() + 0.005
    async for event in read_log(store, row.id, after=_cursor_of(base)):
        work.feed(event.envelope())
        if loop.time() > pause_at:
            await asyncio.sleep(0)
            pause_at = loop.time() + 0.005
    changes = work.result()
    if changes is None:
        return None
    payload = AttemptDiscarded(attempt=row.attempt, step=step, set=Discarded(**changes))
    return new_event("attempt.discarded", payload)


async def _base(store: Store, row: RunRow) -> dict[str, Any] | None:
    """A trimmed log is folded from its snapshot: what went before cannot be told apart any more."""
    if row.delta_floor == 0:
        return None
    stored = await store.snapshot(row.id)
    return None if stored is None else orjson.loads(stored.body)


def _cursor_of(base: Mapping[str, Any] | None) -> Any:
    from headway.core.cursor import START, Cursor

    return START if base is None else Cursor.parse(base["cursor"])
