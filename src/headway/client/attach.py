"""Reporting into a run from anywhere: another process, a script, a notebook, a worker of some other queue.

::

    with headway.attach("https://host/headway", run_id) as run:      # plain code
        run.progress(3, 10)

    async with headway.attach("https://host/headway", run_id) as run:
        await run.progress(3, 10)

Leaving the block never ends the run; ``run.finish(result)`` and ``run.fail(error)`` do.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from headway.client.http import Client
from headway.core.events import NewEvent
from headway.core.run import ENDED, RunStatus
from headway.errors import CancelRequested, RunClosed, UsageError
from headway.publish.context import Context
from headway.publish.execution import Execution
from headway.publish.plain import Plain
from headway.publish.publisher import Publisher, Receipt
from headway.publish.run import Run
from headway.stores.base import Checkpoint


class HttpSink:
    """Writes an execution's events over HTTP. Each event gets a key, so a batch sent twice is written once."""

    def __init__(self, client: Client, run_id: str, execution_id: str) -> None:
        self._client = client
        self._run_id = run_id
        self._execution_id = execution_id
        self._stem = secrets.token_hex(6)
        self._sent = 0
        self._batch: Sequence[NewEvent] | None = None
        self._keyed: list[NewEvent] = []

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Send a batch; sent again after a failure, it has the same keys."""
        if checkpoint is not None:
            raise UsageError("steps are not kept over HTTP", hint="use a job, or a run opened by `hw.open`")
        if events is not self._batch:
            self._batch, self._keyed = events, [self._with_key(event) for event in events]
        answer = await self._client.append(self._run_id, self._execution_id, self._keyed)
        return Receipt(answer["seq"], answer["cursor"], answer["status"], answer["cancel_requested"])

    def _with_key(self, event: NewEvent) -> NewEvent:
        if event.key is not None:
            return event
        self._sent += 1
        return replace(event, key=f"{self._stem}/{self._sent}")


class AttachedRun(Run):
    """A run another process began. Leaving it leaves it running."""

    async def _leave(self, error: BaseException | None) -> None:
        if isinstance(error, asyncio.CancelledError | CancelRequested) and self.cancel_requested:
            await self.cancelled()


class Attachment:
    """What `attach` returns; enter it by ``with`` in plain code, by ``async with`` in coroutines."""

    def __init__(self, client: Client, run_id: str, *, take_over: bool) -> None:
        self._client = client
        self._run_id = run_id
        self._take_over = take_over
        self._run: AttachedRun | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> AttachedRun:
        context = await self._join()
        sink = HttpSink(self._client, self._run_id, context.execution_id)
        self._run = AttachedRun(Execution(Publisher(sink)), context)
        return await self._run.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return self._run is not None and await self._run.__aexit__(kind, error, trace)
        finally:
            await self._client.close()

    async def _join(self) -> Context:
        """Join the live execution; begin one where there is none."""
        state = await self._client.get(self._run_id)
        status = RunStatus(state["status"])
        if status in ENDED:
            raise RunClosed(f"run {self._run_id} {status}", hint="retry it, or start another")
        if self._take_over or status is RunStatus.QUEUED:
            taken = await self._client.take_over(self._run_id, take_over=self._take_over)
            state = {**state, **taken}
        return Context(self._run_id, state["execution_id"], state["attempt"], state.get("correlation_id"))

    # -- plain code: the same, on a loop of its own

    def __enter__(self) -> Any:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="headway-attach", daemon=True).start()
        try:
            self._wait(self.__aenter__())
        except BaseException:
            self._stop()
            raise
        return _Plain(self._run, self._loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            handled: bool = self._wait(self.__aexit__(kind, error, trace))
            return handled or isinstance(error, CancelRequested)
        finally:
            self._stop()

    def _wait(self, coroutine: Any) -> Any:
        if self._loop is None:
            raise UsageError("this attachment was not entered", hint="write `with headway.attach(...) as run:`")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _stop(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None


class _Plain(Plain):
    """The plain face of an attached run: tells plain code to stop where it reports next."""

    def __getattr__(self, name: str) -> Any:
        if self._target.cancel_requested and name not in ("cancelled", "finish", "fail", "flush", "cancel_requested"):
            raise CancelRequested("somebody asked this run to stop")
        return super().__getattr__(name)


def attach(
    url: str,
    run_id: str,
    *,
    take_over: bool = False,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Attachment:
    """Report into a run of a server.

    Joins the execution that is under way, also beside others: fifty processes may report on one run by items. A queued
    run without one gets a new execution.

    Args:
        url: Where Headway's routes are mounted.
        run_id: The run.
        take_over: Begin a new execution and fence the one before, alive or not.
        token: Sent as ``Authorization: Bearer``.
        headers: Sent with every request.

    Raises:
        RunNotFound: when entered: there is no such run.
        RunClosed: when entered: it has ended.
    """
    return Attachment(Client(url, token=token, headers=headers), run_id, take_over=take_over)
