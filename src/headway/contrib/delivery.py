"""A message of somebody else's queue, and whether the work it asks for is to be done now."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headway.client.attachment import Attachment
from headway.client.http import Client
from headway.client.leftovers import flush_all
from headway.client.loop import LoopThread
from headway.client.spool import Spool
from headway.core.events import NewEvent
from headway.core.run import ENDED, RunStatus
from headway.errors import Conflict, Fenced, HeadwayError, Owned, RunClosed, StoreUnavailable
from headway.publish.context import Context
from headway.publish.execution import backoff
from headway.publish.publisher import Publisher, Receipt
from headway.stores.base import Checkpoint

PATIENCE_S: Final = 3.0
"""How long a task waits for a server that is away before it runs without being shown."""

LOOK_S: Final = 0.5
"""Whether an owner still lives is looked at so often."""

BEAT_MAX_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that was delivered.

    Attributes:
        run_id: Of the run it names, or None.
        open: Creates the run, or finds it.
        retries: How often its queue has sent it anew because the work failed.
    """

    run_id: str | None
    open: Callable[[Client], Awaitable[dict[str, Any]]]
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """The run has ended: there is nothing to do.

    Attributes:
        status: How it ended.
        result: What it gave.
        error: Why it failed, or None.
    """

    status: RunStatus
    result: Any
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether it has a result."""
        return self.status in (RunStatus.SUCCEEDED, RunStatus.PARTIAL)


async def begin(client: Client, delivery: Delivery, lease_s: float, loop: LoopThread) -> Attachment | Done:
    """Begin an execution of the run of a message; it must then be entered.

    While another one is under way, its owner's next sign of life is waited for, or the end of its lease. What its owner
    has left in the spool is sent before; somebody else who is at that has a lease's time for it. A run that failed
    because its worker was lost is tried again. A run without a lease is joined: nobody knows whether its owner lives.

    Args:
        client: Of the server.
        delivery: The message.
        lease_s: Lease of the runs that are created here.
        loop: Where reports are sent from.

    Raises:
        Owned: somebody else works on it, or another message was sent for that.
        HeadwayError: the server is away, or refuses.
    """
    beginning = _Beginning(client, delivery, lease_s, loop)
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    tries = 0
    while True:
        try:
            begun = await beginning.look()
        except (Conflict, Fenced, RunClosed):
            continue  # it has changed since it was looked at
        except HeadwayError as error:
            if isinstance(error, Owned) or not error.retryable or asyncio.get_running_loop().time() > deadline:
                raise
            tries += 1
            await asyncio.sleep(backoff(tries, 0.1, 2.0))
            continue
        if begun is not None:
            return begun
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        await asyncio.sleep(LOOK_S)


async def hand_back(run_id: str, execution_id: str, client: Client) -> None:
    """Let the run wait for the message that is about to be sent again.

    Not before all that the execution said was heard: it could not be told afterwards.

    Raises:
        HeadwayError: the server is away, or refuses.
    """
    if not await _heard_out(Spool.of_environment(), client, run_id):
        raise StoreUnavailable(f"somebody is sending what was kept for run {run_id}", hint="try again")
    await client.hand_back(run_id, execution_id)


async def _heard_out(spool: Spool | None, client: Client, run_id: str) -> bool:
    """Send what executions of a run have left in the spool; False while somebody else is at it.

    Raises:
        HeadwayError: the server is away, or refuses.
    """
    if spool is None:
        return True
    await flush_all(spool, client, run_id=run_id)
    return not spool.is_held(run_id)


class _Beginning:
    """Looks at a run again and again until it is known whose it is."""

    def __init__(self, client: Client, delivery: Delivery, lease_s: float, loop: LoopThread) -> None:
        self._client = client
        self._delivery = delivery
        self._lease_s = lease_s
        self._loop = loop
        self._key = secrets.token_hex(8)
        self._spool = Spool.of_environment()
        self._heard_until: float | None = None
        self._sign: str | None = None

    async def look(self) -> Attachment | Done | None:
        """Begin if that is possible; None when it is not known yet whether the owner lives."""
        run_id = self._delivery.run_id or (await self._delivery.open(self._client))["id"]
        if not await _heard_out(self._spool, self._client, run_id) and self._has_time():
            self._sign = None  # what is sent late looks like a sign of life
            return None
        state = await self._client.get(run_id)
        status = RunStatus(state["status"])
        if status is RunStatus.FAILED and state["error"]["code"] == "worker_lost":
            await self._client.retry(run_id, seq=state["seq"])
            return await self.look()
        if status in ENDED:
            return Done(status, state["result"], (state["error"] or {}).get("message"))
        begun = await self._take(state, is_next=self._is_next(state["executions"]))
        if begun is None:
            return None
        context = Context(run_id, begun["execution_id"], begun["attempt"], state["metadata"].get("request_id"))
        beat_s = min(BEAT_MAX_S, (begun.get("lease_s") or self._lease_s) / 3)
        return _Begun(self._client, context, self._loop, beat_s=beat_s)

    def _has_time(self) -> bool:
        """Whether somebody who is at the spool is waited for: one that hangs, or is refused, would be so for ever."""
        now = asyncio.get_running_loop().time()
        if self._heard_until is None:
            self._heard_until = now + self._lease_s
        return now < self._heard_until

    def _is_next(self, executions: Sequence[dict[str, Any]]) -> bool:
        """Tell whether this is the message of the try after the one that is under way, which is about to end.

        A snapshot holds 20 executions; of a run with more it is not told.

        Raises:
            Owned: the message was delivered again although the work was to be tried again: another was sent for that.
        """
        retries: int = sum(execution["reason"] == "retry" for execution in executions)
        tried = self._delivery.retries
        if tried < retries:
            raise Owned(f"this is the message of try {tried + 1}; {retries + 1} have been asked for")
        return tried > retries

    async def _take(self, state: dict[str, Any], *, is_next: bool) -> dict[str, Any] | None:
        """Begin the execution that was seen, if its owner is known to be dead or there is none."""
        try:
            return await self._client.take_over(state["run_id"], key=self._key, execution_id=state["execution_id"])
        except Owned as error:
            if error.extra.get("lease_s") is None:
                return state
            sign = error.extra["updated_at"]
            if self._sign not in (None, sign) and not is_next:
                raise
            self._sign = sign
            return None


class _Begun(Attachment):
    """Reports for an execution that was begun; leaves the client open."""

    def __init__(self, client: Client, context: Context, loop: LoopThread, *, beat_s: float) -> None:
        super().__init__(client, context.run_id, loop=loop, beat_s=beat_s, spool=Spool.of_environment())
        self._context = context

    async def _join(self) -> Context:
        return self._context

    async def _close(self) -> None:
        pass


class Muted(Attachment):
    """Reports to nobody: the handle of work that is done although its run cannot be reached."""

    def __init__(self, loop: LoopThread) -> None:
        super().__init__(Client("http://127.0.0.1"), "run_unknown", loop=loop)

    async def _join(self) -> Context:
        return Context(self._run_id, "exe_unknown", 1, None)

    def _sink_of(self, context: Context) -> Nowhere:
        return Nowhere()


class Nowhere:
    """Takes everything and keeps nothing."""

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Forget a batch."""
        return Receipt(0, "0", "running", False)

    async def beat(self, publisher: Publisher) -> None:
        """Say nothing."""

    async def leave(self) -> None:
        """Let go of nothing."""
