"""The run handle: what a job's body, or code between ``hw.open`` and the end, reports through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from headway.core.events import (
    Error,
    NewEvent,
    PhasePlan,
    RunCancelled,
    RunFailed,
    RunPartial,
    RunSucceeded,
    new_event,
)
from headway.core.plan import as_phases, planned
from headway.errors import HeadwayError, InvalidEvent, Owned
from headway.publish.context import Context
from headway.publish.execution import Execution
from headway.publish.pending import sound_text
from headway.publish.publisher import STOPPING
from headway.publish.reporter import Scoped, describe


class Run(Scoped):
    """One execution of a run.

    As a context manager (runs of ``hw.open``) it ends the run: ``succeeded``, ``partial`` when items failed,
    ``failed`` by an exception, ``cancelled`` when somebody asked for it. An exception goes on to the caller; the
    cancellation of a cancelled run ends here, because it began here.

    Attributes:
        handle: What to answer a request with; None for the run a job's body is given.
        created: False when `Headway.open` found the run by its key: its work is done, or being done, elsewhere.
    """

    def __init__(
        self,
        execution: Execution,
        context: Context,
        *,
        handle: Any = None,
        created: bool = True,
        elsewhere: bool = False,
    ) -> None:
        super().__init__(execution, context)
        self.handle = handle
        self.created = created
        self._elsewhere = elsewhere
        self._ended: str | None = None
        self._cancels = self._cancelling = 0
        self._task: asyncio.Task[Any] | None = None

    # -- progress

    async def plan(self, phases: Mapping[str, float] | Iterable[PhasePlan | str]) -> None:
        """Declare the phases anew, with weights; what already happened in a phase stays."""
        event = planned(as_phases(phases))
        await self._execution.publisher.publish(
            NewEvent(event.type, event.data, None, self.context.step, self.context.agent)
        )

    async def progress(self, done: float, total: float | None = None, *, message: str | None = None) -> None:
        """Say how far the run is, where it has no phases but the one every run has."""
        data = {"id": "main", "done": done, "total": total, "message": message}
        await self._report("phase.progressed", data, entity="phase:main", conflate=True)

    # -- ending

    async def finish(self, result: Any = None) -> None:
        """End the run well: ``partial`` if items failed, else ``succeeded``. Returns when it is committed."""
        failed = self._execution.failed_items
        payload = RunPartial(result=result) if failed else RunSucceeded(result=result)
        await self._end("run.partial" if failed else "run.succeeded", payload)

    async def fail(self, error: BaseException | Error | str) -> None:
        """End the run with an error. Returns when it is committed."""
        if isinstance(error, str):
            error = Error(code="job_error", message=sound_text(error)[:10_000])
        described = describe(error) if isinstance(error, BaseException) else error
        await self._end("run.failed", RunFailed(error=described))

    async def cancelled(self, reason: str | None = None) -> None:
        """Confirm that the run has stopped as asked. Returns when it is committed."""
        await self._end("run.cancelled", RunCancelled(reason=reason, forced=False))

    async def flush(self) -> None:
        """Wait until everything reported so far is committed."""
        await self._execution.publisher.flush()

    async def _end(self, type: str, payload: Any) -> None:
        try:
            event = new_event(type, payload, agent=self.context.agent)
        except (ValueError, TypeError) as error:
            raise InvalidEvent(f"{type}: {error}", hint="a result must be something JSON can say") from error
        publisher, desk = self._execution.publisher, self._execution.desk
        if desk is not None:
            await desk.close(withdraw=type in ("run.succeeded", "run.partial"))
        self._ended = type
        try:
            await publisher.end(event)
        except HeadwayError:
            self._ended = None
            raise
        await publisher.close()

    # -- as a context manager

    async def __aenter__(self) -> Self:
        if not self.created:
            raise Owned(f"run {self.id} was opened before under this key", hint="begin work only `if run.created`")
        if self._elsewhere:
            raise Owned(f"run {self.id} was opened as queued, for a worker elsewhere", hint="hand it `run.id`")
        self._task = asyncio.current_task()
        self._cancelling = 0 if self._task is None else self._task.cancelling()
        self._execution.on_cancel = self._stop
        self._execution.publisher.on_stop = lambda _error: self._stop()
        if self._execution.cancel_requested or self._execution.publisher.stopped is not None:
            # soon: a task that cancels itself hears of it at its next await, which may be long after this block
            asyncio.get_running_loop().call_soon(self._stop)
        self._enter()
        return self

    @property
    def ended(self) -> str | None:
        """Type of the event by which this handle has ended the run."""
        return self._ended

    def _stop(self) -> None:
        if self._task is not None and not self._ended:
            self._cancels += 1
            self._task.cancel("the run was cancelled")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._exit()
        self._execution.on_cancel = None
        task, self._task = self._task, None  # from here on nobody is stopped: what follows ends the run
        ours = self._cancels > 0 and isinstance(error, asyncio.CancelledError)
        if task is not None and self._cancels:
            left = [task.uncancel() for _ in range(self._cancels)][-1]
            ours = ours and left <= self._cancelling  # else somebody outside cancelled the task, too
        try:
            return await self._end_by(error, ours=ours)
        finally:
            await self._execution.publisher.close()

    async def _end_by(self, error: BaseException | None, *, ours: bool) -> bool:
        stopped = self._execution.publisher.stopped
        # else the run is somebody else's, or has ended: nothing to write
        if not (self._ended or isinstance(stopped, STOPPING)):
            await self._leave(stopped or error)
        if stopped is not None and ours:
            raise stopped
        return ours

    async def _leave(self, error: BaseException | None) -> None:
        if error is None:
            await self.finish()
        elif isinstance(error, asyncio.CancelledError) and self._execution.cancel_requested:
            await self.cancelled()
        elif isinstance(error, Exception):
            await self.fail(error)
        else:
            lost = Error(code="worker_lost", message="the process stopped working on the run", retryable=True)
            await self.fail(lost)
