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
from typing import Any

from pydantic import ValidationError

from headway.core.events import Error, ErrorReported, RunQueued, RunStarted, new_event
from headway.core.ids import new_execution_id
from headway.core.run import RunStatus
from headway.engines.job import Job
from headway.engines.preparation import CONTINUED, context_of, prepare, retries_used
from headway.engines.supervision import Supervision
from headway.errors import Conflict, HeadwayError, RunClosed, RunNotFound
from headway.publish.context import active
from headway.publish.execution import Clock, RealClock, backoff
from headway.publish.plain import call
from headway.publish.publisher import STOPPING
from headway.publish.reporter import describe
from headway.publish.run import Run
from headway.stores.base import Claim, Requeue, RunRow, Store, Write
from headway.stores.projection import Projections
from headway.types import RunId

log = logging.getLogger("headway.runtime")


class Runtime:
    """Executes attempts of registered jobs in this process.

    Args:
        store: Where the runs are.
        projections: Their folded states.
        jobs: Registered jobs by name.
        worker: Id this process joined the store with.
        supervision: Watches the executions of this process.
        clock: Waits between retries; tests bring their own.
        cancel_grace_s: Seconds a cancelled body has to stop; then its run is cancelled without it.
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
    ) -> None:
        self.jobs = jobs
        self.worker = worker
        self._store = store
        self._projections = projections
        self._clock = clock or RealClock()
        self._grace_s = cancel_grace_s
        self._supervision = supervision
        self._draining = False

    def drain(self) -> None:
        """From now on a stopped attempt is handed back to the queue instead of ending its run."""
        self._draining = True

    # -- one attempt

    async def execute(self, run_id: RunId, attempt: int, *, on_claimed: Callable[[], object] | None = None) -> bool:
        """Claim an attempt and run it to its end; True when it was this call's to run.

        Raises:
            Conflict: the job runs as often as its `concurrency` allows (``extra["concurrency"]``).
        """
        row = await self._store.get(run_id)
        job = None if row is None else self.jobs.get(row.job)
        if row is None or job is None or row.attempt != attempt or row.status is not RunStatus.QUEUED:
            return False
        claimed = await self._claim(row, job)
        if claimed is None:
            return False
        if on_claimed is not None:
            on_claimed()
        try:
            await self._run(claimed, job)
        except STOPPING as error:
            log.info("attempt %d of %s is not ours any more: %s", attempt, run_id, error)
        return True

    async def _claim(self, row: RunRow, job: Job) -> RunRow | None:
        started = RunStarted(attempt=row.attempt, worker=self.worker, expected_s=await self._expected(row, job))
        write = Write(
            events=[new_event("run.started", started)],
            statuses=(RunStatus.QUEUED,),
            attempt=row.attempt,
            claim=Claim(self.worker, job.concurrency),
        )
        try:
            return (await self._store.append(row.id, write)).run
        except Conflict as error:
            if "concurrency" in error.extra:
                raise
            return None
        except (RunClosed, RunNotFound):
            return None

    async def _expected(self, row: RunRow, job: Job) -> float | None:
        if job.estimate is not None:
            try:
                return float(job.estimate(job.parse_json(await self._store.input(row.id))))
            except Exception:
                log.exception("the estimate of job %r failed", job.name)
                return None
        seconds = await self._store.durations(job.name)
        return statistics.median(seconds) if seconds else None

    async def _run(self, row: RunRow, job: Job) -> None:
        execution = await prepare(self._store, self._projections, row, self._clock)
        run = Run(execution, context_of(row))
        task = asyncio.create_task(self._body(run, job), name=f"headway-job-{job.name}")

        def stop(_error: HeadwayError | None = None) -> None:
            task.cancel("the run was cancelled, or is another execution's")

        execution.on_cancel = execution.publisher.on_stop = stop
        self._supervision.add(row, execution)
        if execution.cancel_requested:
            stop()
        try:
            await self._see_out(task)
            await self._conclude(run, row, job, task)
        finally:
            self._supervision.remove(row.id)

    async def _see_out(self, task: asyncio.Task[Any]) -> None:
        """Wait for the body. When the worker stops, the body is stopped and given the grace time."""
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel("the worker stops")
            await asyncio.wait([task], timeout=self._grace_s)

    async def _body(self, run: Run, job: Job) -> Any:
        active.set(run)
        if job.version is not None and run._execution.state is not None:
            _check_version(job, run._execution.state)
        value = job.parse_json(await self._store.input(run.id))
        async with asyncio.timeout(job.timeout):
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

    async def _conclude(self, run: Run, row: RunRow, job: Job, task: asyncio.Task[Any]) -> None:
        execution = run._execution
        if execution.publisher.stopped is not None:
            raise execution.publisher.stopped
        if not task.done():
            log.error("job %r did not stop when it was cancelled", job.name)
            return
        if task.cancelled():
            await self._stopped(run, row)
            return
        error = task.exception()
        if error is None:
            await run.finish(task.result())
        elif isinstance(error, STOPPING):
            raise error
        elif isinstance(error, Exception):
            await self._failed(run, row, job, error)
        else:
            raise error

    async def _stopped(self, run: Run, row: RunRow) -> None:
        if run.cancel_requested:
            await run.cancelled()
        elif self._draining:
            await run.flush()
            await self._requeue(row, reason="takeover")
        else:
            await run.fail(Error(code="job_error", message="the job was cancelled from inside", retryable=True))

    async def _failed(self, run: Run, row: RunRow, job: Job, error: Exception) -> None:
        log.warning("job %r failed in attempt %d of %s", job.name, row.attempt, row.id, exc_info=error)
        state = run._execution.state
        used = retries_used(state["executions"]) if state is not None else 0
        if used >= job.retries or isinstance(error, ResultInvalid | CodeChanged) or run.cancel_requested:
            await run.fail(error)
            return
        told = describe(error)
        message = f"{told.message} (retry {used + 1} of {job.retries})"[:10_000]
        report = ErrorReported(severity="error", category="job", code=told.code, message=message, retryable=True)
        await run._execution.publisher.flush(new_event("error", report))
        await self._requeue(row, reason="retry", wait_s=backoff(used + 1, 0.5, 60))

    async def _requeue(self, row: RunRow, *, reason: str, wait_s: float = 0.0) -> None:
        queued = RunQueued.model_validate({"attempt": row.attempt + 1, "reason": reason})
        requeue = Requeue(new_execution_id(), due_ms=self._clock.now_ms() + round(wait_s * 1000))
        write = Write(events=[new_event("run.queued", queued)], execution_id=row.execution_id, requeue=requeue)
        await self._store.append(row.id, write)


class ResultInvalid(HeadwayError):
    """The job's result does not fit its annotation."""

    code, retryable = "result_invalid", False


class CodeChanged(HeadwayError):
    """The job asked not to be continued by other code."""

    code, retryable = "code_changed", True


def _check_version(job: Job, state: Mapping[str, Any]) -> None:
    began = state["metadata"].get("job_version")
    if state["executions"][-1]["reason"] in CONTINUED and began != job.version:
        raise CodeChanged(f"the run began under version {began!r} of job {job.name!r}, this is {job.version!r}")
