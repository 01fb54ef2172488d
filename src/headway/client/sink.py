"""Where an attached run's publisher writes to: a server, over HTTP."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from headway.client.http import Client
from headway.client.problems import is_ours
from headway.core.events import NewEvent
from headway.errors import HeadwayError, NotFound, StoreUnavailable, UsageError
from headway.publish.publisher import STOPPING, Publisher, Receipt, Sink
from headway.stores.base import Checkpoint

BEAT_S: Final = 5.0
"""A reporter says at least so often that it is there, and learns whether somebody wants the run to stop. Below the time
a run has to stop when it is asked to."""

LEASE_SHARE: Final = 1 / 3
"""Of a run's lease: so often at least, or one that is late would cost the run."""

FIRST_BEAT_S: Final = 0.2
"""Who has not been told yet how long the lease is has to ask soon. A report that is made meanwhile asks as well."""

log = logging.getLogger("headway.client")


class BeatingSink(Sink, Protocol):
    """A sink that also says that the reporter is there."""

    async def beat(self, publisher: Publisher) -> None:
        """Say so again and again; returns when the publisher must stop."""
        ...

    async def leave(self) -> None:
        """Let go."""
        ...


class HttpSink:
    """Writes an execution's events over HTTP. Each event gets a key, so a batch sent twice is written once.

    Args:
        client: Of the server.
        run_id: The run.
        execution_id: The execution.
        beat_s: Seconds between two heartbeats; None: a third of the run's lease, which every answer tells, and at most
            `BEAT_S`.
    """

    def __init__(self, client: Client, run_id: str, execution_id: str, beat_s: float | None = None) -> None:
        self._client = client
        self._run_id = run_id
        self._execution_id = execution_id
        self._beat_s = beat_s
        self._every_s: float | None = beat_s
        self.stem = secrets.token_hex(6)
        self._keys = 0
        self._batch: Sequence[NewEvent] | None = None
        self._keyed: list[NewEvent] = []
        self._sent_at = time.monotonic()

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Send a batch; sent again after a failure, it has the same keys.

        Raises:
            UsageError: there is a checkpoint; steps belong to jobs.
            HeadwayError: the server refused it, or (retryable) did not answer.
        """
        if checkpoint is not None:
            raise UsageError("steps are not kept over HTTP", hint="use a job, or a run opened by `hw.open`")
        return await self.send(self.keyed(events))

    def keyed(self, events: Sequence[NewEvent]) -> list[NewEvent]:
        """Return a batch with its keys: the same again for the same one."""
        if events is not self._batch:
            self._batch, self._keyed = events, [self._with_key(event) for event in events]
        return self._keyed

    def _with_key(self, event: NewEvent) -> NewEvent:
        if event.key is not None:
            return event
        self._keys += 1
        return replace(event, key=f"{self.stem}/{self._keys}")

    async def send(self, events: Sequence[NewEvent]) -> Receipt:
        """Send events as they are, keys and all. Raises as `append`."""
        try:
            answer = await self._client.append(self._run_id, self._execution_id, events)
        except NotFound as error:
            if is_ours(error):
                raise
            # the run was there when it was joined: this is a proxy whose server is away
            raise StoreUnavailable(error.detail, hint=error.hint) from error
        self._sent_at = time.monotonic()
        if self._beat_s is None:
            self._every_s = _every_s(answer.get("lease_s"))
        return Receipt(answer["seq"], answer["cursor"], answer["status"], answer["cancel_requested"])

    async def beat(self, publisher: Publisher) -> None:
        """Say that the reporter is there whenever nothing was sent for so long; returns when it must stop."""
        while publisher.stopped is None:
            every_s = FIRST_BEAT_S if self._every_s is None else self._every_s
            left = self._sent_at + every_s - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
                continue
            try:
                receipt = await self.send(())
            except STOPPING as error:
                self._sent_at = time.monotonic()
                if not publisher.is_writing:  # else it may be its own end, just written: the answer to that tells
                    publisher.stop(error)
            except HeadwayError as error:
                log.debug("a heartbeat was not answered: %s", error)
                self._sent_at = time.monotonic()
            else:
                if publisher.on_receipt is not None:
                    publisher.on_receipt(receipt)

    async def leave(self) -> None:
        """Nothing is kept, so nothing is to be let go of."""


def _every_s(lease_s: float | None) -> float:
    return BEAT_S if lease_s is None else min(BEAT_S, lease_s * LEASE_SHARE)
