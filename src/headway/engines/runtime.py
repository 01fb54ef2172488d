"""The runtime: claims attempts, runs the job's function, and writes how it went. The same under every engine.

The claim is a compare-and-set in the store, made anew at each delivery, so a delivery that comes twice, late, or to two
processes runs the body once. From then on every write carries the execution; when another process has taken the run
over, the next write says so (`Fenced`) and the body is stopped.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from pydantic import ValidationError

from headway.core.events import Error, ErrorReported, RunFailed, RunQueued, RunStarted, new_event
from headway.core.ids import new_execution_id
from headway.core.run import RunStatus
from headway.engines.desk import StoreDesk
from headway.engines.job import Job
from headway.engines.noting import Note, Outcome, noted
from headway.engines.patience import patiently
from headway.engines.preparation import CONTINUED, VERSION_STEP, context_of, prepare, retries_used
from headway.engines.supervision import Supervision
from headway.errors import Conflict, HeadwayError, RunClosed, RunNotFound
from headway.publish.asking import Unwound
from headway.publish.context import active
from headway.publish.execution import BODY, Clock, Execution, RealClock, backoff
from headway.publish.plain import call
from headway.publish.publisher import STOPPING
from headway.publish.reporter import describe
from headway.publish.run import Run
from headway.stores.base import Checkpoint, Claim, Requeue, RunRow, Store, Write
from headway.stores.projection import Projections
from headway.types import RunId

log = logging.getLogger("headway.runtime")

_ENDS: Final[Mapping[str, Outcome]] = {"run.failed": "failed", "run.cancelled": "cancelled"}
"""Outcomes of bodies that end their runs by themselves; any other end is ``finished``."""


class Runtime:
    """Executes attempts of registered jobs in this process.

    Args:
        store: Where the runs are.
        projections: Their folded states.
        jobs: Registered jobs by name.
        worker: Id this process joined the store with.
        supervision: Watches the executions of this process.
        clock: Waits between retries; tests bring their own.
        cancel_grace_s: Seconds a body has to stop when its worker does.
        ask_hold_s: Seconds a body is kept in memory while it waits for nothing but an answer.
    """

    def __init__(
        self,
        store: Store,
        projections: Projections,
        jobs: Mapping[str, Job],
        worker: str,
        supervision: Supervision,
        *,
        clock: Clock | None = None,
        cancel_grace_s: float = 10.0,
        ask_hold_s: float = 60.0,
    ) -> None:
        self.jobs = jobs
        self.worker = worker
        self._store = store
        self._projections = projections
        self._clock = clock or RealClock()
        self._grace_s = cancel_grace_s
        self._hold_s = ask_hold_s
        self._supervision = supervision

    # -- one attempt

    async def execute(self, run_id: RunId, attempt: int, *, on_claimed: Callable[[], object] | None = None) -> bool:
        """Claim an attempt and run it to its end; True when it was this call's to run.

        Cancelled, it stops the body and hands the run back to the queue, unless it ends within the grace time.

        Raises:
            Conflict: the job runs as often as its `concurrency` allows (``extra["concurrency"]``), or began as often as
                its `rate` does (``extra["rate"]``, and ``extra["wait_ms"]`` until it may again).
        """
        row = await patiently(lambda: self._store.get(run_id))
        job = None if row is None else self.jobs.get(row.job)
        if row is None or job is None or row.attempt != attempt or row.status is not RunStatus.QUEUED:
            return False
        claimed = await self._claim(row, job)
        if claimed is None:
            return False
        if on_claimed is not None:
            on_claimed()
        try:
            await self._attempt(claimed, job)
        except STOPPING as error:
            log.info("attempt %d of %s is not ours any more: %s", attempt, run_id, error)
        return True

    async def _claim(self, row: RunRow, job: Job) -> RunRow | None:
        started = RunStarted(attempt=row.attempt, worker=self.worker, expected_s=await self._expected(row, job))
        write = Write(
            events=[new_event("run.started", started)],
            statuses=(RunStatus.QUEUED,),
            attempt=row.attempt,
            claim=Claim(self.worker, job.concurrency, job.rate),
        )
        try:
            # a claim whose answer was lost is ours or nobody's: only the very same write finds out
            return (await patiently(lambda: self._store.append(row.id, write))).run
        except Conflict as error:
            if "concurrency" in error.extra or "rate" in error.extra:
                raise
            return None
        except (RunClosed, RunNotFound):
            return None

    async def _expected(self, row: RunRow, job: Job) -> float | None:
        if job.estimate is not None:
            try:
                return float(job.estimate(job.parse_json(await patiently(lambda: self._store.input(row.id)))))
            except Exception:
                log.exception("the estimate of job %r failed", job.name)
                return None
        seconds = await patiently(lambda: self._store.durations(job.name))
        return statistics.median(seconds) if seconds else None

    async def _attempt(self, row: RunRow, job: Job) -> None:
        execution = await self._prepared(row, job)
        execution.desk = desk = StoreDesk(self._store, row, execution, hold_s=self._hold_s)
        run = Run(execution, context_of(row))
        token = active.set(run)  # lines logged about the attempt carry its ids, too
        try:
            reason = execution.state["executions"][-1]["reason"] if execution.state is not None else "created"
            with noted(self._store.measures, row, reason=reason, worker=self.worker) as note:
                await self._see_through(run, row, job, note, desk)
        finally:
            self._supervision.remove(row)
            active.reset(token)

    async def _prepared(self, row: RunRow, job: Job) -> Execution:
        """Prepare the execution. What cannot be prepared has failed: nobody else would look at a claimed run."""
        try:
            execution = await patiently(
                lambda: prepare(self._store, self._projections, row, self._clock, strict=job.strict)
            )
            await patiently(lambda: self._check_version(row, job, execution))
        except STOPPING:
            raise
        except Exception as error:
            log.exception("attempt %d of %s could not be prepared", row.attempt, row.id)
            failed = Write(
                events=[new_event("run.failed", RunFailed(error=describe(error)))], execution_id=row.execution_id
            )
            await patiently(lambda: self._store.append(row.id, failed))
            raise RunClosed(f"run {row.id} could not be prepared") from error
        return execution

    async def _see_through(self, run: Run, row: RunRow, job: Job, note: Note, desk: StoreDesk) -> None:
        """Run the body, and write how it went. When the worker stops, both get the grace time, and no more."""
        execution = run._execution
        task = asyncio.create_task(self._body(run, job), name=f"headway-job-{job.name}")

        def stop(_error: HeadwayError | None = None) -> None:
            if not run.ended:  # else it is its own end that was seen, before the body heard of it
                task.cancel("the run was cancelled, or is another execution's")

        execution.on_cancel = execution.publisher.on_stop = stop
        self._supervision.add(row, execution)
        if execution.cancel_requested or execution.publisher.stopped is not None:
            stop()

        def leave() -> None:
            desk.leave()
            task.cancel()

        leaving = await self._wait(task, leaving=False, stop=leave)
        end = self._end(run, row, job, task, desk, leaving=leaving)
        ending = asyncio.create_task(end, name=f"headway-end-{job.name}")
        leaving = await self._wait(ending, leaving=leaving)
        if ending.done():
            note.outcome = ending.result()
        ending.cancel()
        if leaving:
            raise asyncio.CancelledError("the worker stops")

    async def _wait(self, task: asyncio.Task[Any], *, leaving: bool, stop: Callable[[], object] | None = None) -> bool:
        """Wait for a task, no longer than the grace time once the worker is leaving; return whether it is."""
        try:
            await asyncio.wait([task], timeout=self._grace_s if leaving else None)
        except asyncio.CancelledError:
            if stop is not None:
                stop()
            return await self._wait(task, leaving=True)
        return leaving

    async def _body(self, run: Run, job: Job) -> Any:
        value = job.parse_json(await patiently(lambda: self._store.input(run.id)))
        async with run._execution.allowing(BODY, job.timeout):
            result = await call(job.fn, run, [] if job.input is None else [value])
        try:
            return job.result.dump_python(job.result.validate_python(result), mode="json")
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the result"
            raise ResultInvalid(
                f"job {job.name!r} returned what its annotation does not allow: {place}: {first['msg']}"
            ) from error

    # -- how it went

    async def _end(
        self, run: Run, row: RunRow, job: Job, task: asyncio.Task[Any], desk: StoreDesk, *, leaving: bool
    ) -> Outcome:
        try:
            if run.ended:  # by the body itself
                return _ENDS.get(run.ended, "finished")
            stopped = run._execution.publisher.stopped
            if isinstance(stopped, Unwound):
                return "waiting"
            if isinstance(stopped, STOPPING):
                raise stopped
            if stopped is not None:  # it cannot report any more, and nobody else would look at a claimed run
                await run.fail(stopped)
                return "failed"
            if leaving and not run.cancel_requested and not _came_back(task) and await desk.released():
                return "waiting"
            return await self._conclude(run, row, job, task, leaving=leaving)
        finally:
            await desk.close(withdraw=False)
            # a thread or a task the body has left behind hears of it where it reports next
            await run._execution.publisher.close()

    async def _conclude(self, run: Run, row: RunRow, job: Job, task: asyncio.Task[Any], *, leaving: bool) -> Outcome:
        came_back = _came_back(task)
        error = task.exception() if came_back else None
        if came_back and error is None:
            return await self._finish(run, task.result())
        if run.cancel_requested and not came_back:
            await run.cancelled()
            return "cancelled"
        if leaving:
            await self._hand_back(run, row)
            return "handed_back"
        if error is None:
            await run.fail(Error(code="job_error", message="the job was cancelled from inside", retryable=True))
            return "failed"
        if isinstance(error, Exception):
            return await self._failed(run, row, job, error)
        raise error

    async def _finish(self, run: Run, result: Any) -> Outcome:
        try:
            await run.finish(result)
        except STOPPING:
            raise
        except HeadwayError as error:  # nothing that can be written down
            log.warning("the result of %s was refused: %s", run.id, error)
            await run.fail(error)
            return "failed"
        return "finished"

    async def _hand_back(self, run: Run, row: RunRow) -> None:
        await run.flush()
        await self._requeue(row, reason="takeover")

    async def _failed(self, run: Run, row: RunRow, job: Job, error: Exception) -> Outcome:
        log.warning("job %r failed in attempt %d of %s", job.name, row.attempt, row.id, exc_info=error)
        state = run._execution.state
        used = retries_used(state["executions"]) if state is not None else 0
        if used >= job.retries or isinstance(error, ResultInvalid | CodeChanged) or run.cancel_requested:
            await run.fail(error)
            return "failed"
        told = describe(error)
        message = f"{told.message} (retry {used + 1} of {job.retries})"[:10_000]
        report = ErrorReported(severity="error", category="job", code=told.code, message=message, retryable=True)
        try:
            await run._execution.publisher.flush(new_event("error", report))
        except STOPPING:
            raise
        except HeadwayError as refused:
            log.warning("what went wrong with %s is told nobody: %s", row.id, refused)
        await self._requeue(row, reason="retry", wait_s=backoff(used + 1, 0.5, 60))
        return "retried"

    async def _requeue(self, row: RunRow, *, reason: str, wait_s: float = 0.0) -> None:
        queued = RunQueued.model_validate({"attempt": row.attempt + 1, "reason": reason})
        requeue = Requeue(new_execution_id(), due_ms=self._clock.now_ms() + round(wait_s * 1000))
        write = Write(events=[new_event("run.queued", queued)], execution_id=row.execution_id, requeue=requeue)
        await patiently(lambda: self._store.append(row.id, write))

    async def _check_version(self, row: RunRow, job: Job, execution: Execution) -> None:
        """Refuse to continue what other code began, and note which code begins."""
        if job.version is None or execution.state is None or execution.checkpoints is None:
            return
        mine, began = orjson.dumps(job.version), execution.checkpoints.get(VERSION_STEP)
        if began == mine:
            return
        if execution.checkpoints and execution.state["executions"][-1]["reason"] in CONTINUED:
            told = "no version" if began is None else f"version {began.decode()}"
            raise CodeChanged(
                f"the run began under {told} of job {job.name!r}, this is {job.version!r}",
                hint="retry the run to begin again under this code",
            )
        note = Write(execution_id=row.execution_id, checkpoint=Checkpoint(VERSION_STEP, mine))
        await self._store.append(row.id, note)
        execution.checkpoints[VERSION_STEP] = mine


def _came_back(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled()


class ResultInvalid(HeadwayError):
    """The job's result does not fit its annotation."""

    code, retryable = "result_invalid", False


class CodeChanged(HeadwayError):
    """The job asked not to be continued by other code."""

    code, retryable = "code_changed", True
