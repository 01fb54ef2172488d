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
import contextlib
import functools
import inspect
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

from headway.client.http import Client
from headway.client.leftovers import flush_all
from headway.client.loop import LoopThread
from headway.client.sink import BeatingSink, HttpSink
from headway.client.spool import Header, Spool
from headway.client.spooling import SpooledSink
from headway.core.run import ENDED, RunStatus
from headway.errors import CancelRequested, HeadwayError, RunClosed, StoreUnavailable, UsageError
from headway.publish.context import Context, active
from headway.publish.execution import Execution, backoff
from headway.publish.plain import Plain
from headway.publish.publisher import Publisher
from headway.publish.run import Run

if TYPE_CHECKING:
    from headway.publish.reporter import Reporter

PATIENCE_S: Final = 15.0
"""How long entering waits for a server that is just being started again. Later on there is no limit."""


log = logging.getLogger("headway.client")


class AttachedRun(Run):
    """A run another process began. Leaving it leaves it running, unless it was asked to stop."""

    async def _leave(self, error: BaseException | None) -> None:
        asked = isinstance(error, asyncio.CancelledError | CancelRequested) and self.cancel_requested
        if asked:
            # another of its reporters may have confirmed it already
            with contextlib.suppress(RunClosed):
                await self.cancelled()
        elif error is None:
            await self.flush()


class Attachment:
    """What `attach` returns; enter it by ``with`` in plain code, by ``async with`` in coroutines. Good for one block.

    Args:
        client: Closed with the block.
        run_id: The run.
        take_over: See `attach`.
        loop: Where a plain block's work is done; None: in a thread of its own.
        beat_s: Seconds between two heartbeats; None: as the run's lease demands, see `headway.client.sink.HttpSink`.
        spool: Keeps reports while the server is away; None: they wait in memory.
    """

    def __init__(
        self,
        client: Client,
        run_id: str,
        *,
        take_over: bool = False,
        loop: LoopThread | None = None,
        beat_s: float | None = None,
        spool: Spool | None = None,
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._take_over = take_over
        self._loop = loop
        self._beat_s = beat_s
        self._spool = spool
        self._sink: BeatingSink | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._run: AttachedRun | None = None
        self._beating: asyncio.Task[None] | None = None
        self._plain = contextlib.ExitStack()

    async def __aenter__(self) -> AttachedRun:
        if self._run is not None:
            raise UsageError("this attachment was entered before", hint="call attach() again")
        try:
            context = await self._join()
        except BaseException:
            await self._close()
            raise
        sink = self._sink = self._sink_of(context)
        publisher = Publisher(sink)
        self._run = AttachedRun(Execution(publisher), context)
        beating = self._beating = asyncio.create_task(sink.beat(publisher), name="headway: heartbeat")

        def stop_beating() -> None:
            beating.cancel()

        publisher.on_close = stop_beating
        self._flushing = asyncio.create_task(self._flush_others(), name="headway: flush")
        return await self._run.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._run is None:
            return False
        try:
            return await self._run.__aexit__(kind, error, trace)
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        try:
            if self._sink is not None:
                await self._sink.leave()
        finally:
            for task in (self._beating, self._flushing):
                if task is not None:
                    task.cancel()
                    await asyncio.wait([task])
            await self._close()

    async def _close(self) -> None:
        await self._client.close()

    def _sink_of(self, context: Context) -> BeatingSink:
        sink = HttpSink(self._client, context.run_id, context.execution_id, self._beat_s)
        if self._spool is None:
            return sink
        return SpooledSink(sink, self._spool, Header(self._client.url, context.run_id, context.execution_id))

    async def _flush(self, run_id: str | None = None) -> None:
        """Send what reporters before this one have left behind."""
        if self._spool is not None:
            await flush_all(self._spool, self._client, run_id=run_id)

    async def _flush_others(self) -> None:
        try:
            await self._flush()
        except HeadwayError as error:
            log.debug("what others left behind still waits: %s", error)

    async def _join(self) -> Context:
        """Join the live execution; begin one where there is none. Tries again while the server is away."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        tries = 0
        while True:
            try:
                return await self._join_now()
            except HeadwayError as error:
                if not error.retryable:
                    raise
                if asyncio.get_running_loop().time() > deadline:
                    raise _given_up(error) from None
            tries += 1
            await asyncio.sleep(backoff(tries, 0.1, 2.0))

    async def _join_now(self) -> Context:
        await self._flush(self._run_id)
        state = await self._client.get(self._run_id)
        status = RunStatus(state["status"])
        if status in ENDED:
            raise RunClosed(f"run {self._run_id} {_HAS[status]}", hint="retry it, or start another")
        if self._take_over or status is RunStatus.QUEUED:
            state = {**state, **await self._client.take_over(self._run_id, take_over=self._take_over)}
        return Context(self._run_id, state["execution_id"], state["attempt"], state["metadata"].get("request_id"))

    # -- plain code: the same, on a loop of its own

    def __enter__(self) -> Any:
        with contextlib.ExitStack() as stack:
            loop = self._loop
            if loop is None:
                loop = LoopThread("headway-attach")
                stack.callback(loop.stop)
            run = _PlainRun(loop.call(self.__aenter__()), loop.loop)
            stack.push(lambda kind, error, trace: loop.call(self.__aexit__(kind, error, trace)))
            stack.callback(active.set, active.get())
            active.set(cast("Reporter", run))
            self._plain = stack.pop_all()
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        handled = self._plain.__exit__(kind, error, trace)
        return bool(handled) or isinstance(error, CancelRequested)


def _given_up(error: HeadwayError) -> HeadwayError:
    """Return the error of a server that was waited for in vain: one, with what those below it say."""
    cause = error.__cause__
    if cause is None:
        return error
    why = f" ({cause})" if str(cause) else ""
    return StoreUnavailable(f"{error.detail}{why}", hint=_FIRST_CONTACT, **error.extra)


_FIRST_CONTACT: Final = "is it running there? The first contact needs the server, only then are reports kept for it"

_HAS: Final = {
    RunStatus.SUCCEEDED: "has succeeded",
    RunStatus.PARTIAL: "has ended partially",
    RunStatus.FAILED: "has failed",
    RunStatus.CANCELLED: "was cancelled",
}


class _PlainRun(Plain):
    """The plain face of an attached run and its parts: tells plain code to stop where it reports next."""

    def _wrap(self, value: Any) -> Any:
        wrapped = super()._wrap(value)
        if isinstance(wrapped, Plain):
            return _PlainRun(wrapped._target, self._loop, self._stay)
        return self._stoppable(wrapped) if inspect.ismethod(value) and value.__name__ not in _ENDING else wrapped

    def _stoppable(self, method: Any) -> Any:
        @functools.wraps(method)
        def report(*args: Any, **kwargs: Any) -> Any:
            if self._target.cancel_requested:
                raise CancelRequested("somebody asked this run to stop")
            return method(*args, **kwargs)

        return report


_ENDING: Final = frozenset({"cancelled", "finish", "fail", "flush"})
"""What may still be said after somebody asked the run to stop."""


def attach(
    url: str,
    run_id: str,
    *,
    take_over: bool = False,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    spool: str | os.PathLike[str] | bool = True,
) -> Attachment:
    """Report into a run of a server.

    Joins the execution that is under way, also beside others: fifty processes may report on one run by items. A queued
    run without one gets a new execution, unless it is a job's, which waits for a worker.

    While the server is away, reports are kept in files (see `spool`) and sent in order when it is back, each once, by
    this process or, if it has ended meanwhile, by the next one that attaches or by ``headway flush``. Without a spool
    they wait in memory, and the block waits with them once `Publisher` is full, and where it is left. The block is
    stopped when another execution takes the run over (`Fenced`), when the run ends (`RunClosed`) and when somebody asks
    it to stop: a coroutine is cancelled and the cancellation confirmed, plain code gets `CancelRequested` where it
    reports next, which ends the block without an error.

    Args:
        url: Where Headway's routes are mounted.
        run_id: The run.
        take_over: Begin a new execution and fence the one before, alive or not.
        token: Sent as ``Authorization: Bearer``.
        headers: Sent with every request.
        spool: Directory for reports that cannot be sent; True: what ``HEADWAY_SPOOL`` says; False: none.

    Raises:
        RunNotFound: when entered: there is no such run.
        RunClosed: when entered: it has ended.
        Conflict: when entered: it is a job's, and queued or to be taken over.
        StoreUnavailable: when entered: the server cannot be reached for `PATIENCE_S`.
    """
    kept = Spool.of_environment() if spool is True else None if spool is False else Spool(Path(spool))
    return Attachment(Client(url, token=token, headers=headers), run_id, take_over=take_over, spool=kept)
