"""The publisher: takes the events of one execution and writes them in batches, in order.

The first event after a pause leaves at once; what follows within `window_s` leaves together. Text deltas of one output
are joined and progress is conflated while they wait. A full buffer makes publishing wait: a job never outruns its store
by more than `max_bytes`. A store that is away is tried again until it is back. What stops a job, always: a newer
execution (`Fenced`), the end of the run (`RunClosed`, `RunNotFound`).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from headway.core import limits
from headway.core.events import NewEvent
from headway.errors import Conflict, Fenced, HeadwayError, RunClosed, RunNotFound, UsageError
from headway.publish.pending import Pending, pieces, sound_text
from headway.stores.base import Checkpoint

log = logging.getLogger("headway.publish")

STOPPING = (Fenced, RunClosed, RunNotFound)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What every append is answered with."""

    seq: int
    cursor: str
    status: str
    cancel_requested: bool


class Sink(Protocol):
    """Where a publisher writes: a store, or a server over HTTP."""

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Write a batch in one transaction."""
        ...


@dataclass(slots=True)
class _Batch:
    events: list[NewEvent]
    size: int
    checkpoint: Checkpoint | None = None
    done: asyncio.Future[Receipt] | None = None


class Publisher:
    """Writes the events of one execution.

    All methods belong to one event loop. `publish` and `write` are cancel-safe: cancelled while they wait for room,
    nothing was taken. `flush` may be cancelled, too; what it handed over is written all the same.

    Args:
        sink: Where to.
        window_s: Seconds within which events after the first are gathered, 0.02 to 0.05.
        max_bytes: Bytes that may wait before publishing waits.
        strict: Raise what the sink raises instead of trying again or letting a refused batch go with a log line.
        on_receipt: Called after every write.
        on_stop: Called once with the error that stops the job.

    Attributes:
        on_close: Called once when it is closed.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        window_s: float = 0.03,
        max_bytes: int = 1_048_576,
        strict: bool = False,
        on_receipt: Callable[[Receipt], None] | None = None,
        on_stop: Callable[[HeadwayError], None] | None = None,
    ) -> None:
        self._sink = sink
        self._window_s = window_s
        self._max_bytes = max_bytes
        self._strict = strict
        self.on_receipt = on_receipt
        self.on_stop = on_stop
        self.on_close: Callable[[], None] | None = None
        self._pending = Pending()
        self._batches: deque[_Batch] = deque()
        self._queued_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._sender: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_window = 0.0
        self._broken: HeadwayError | None = None
        self._closed = False
        self._written = self._retries = self._dropped = 0

    async def publish(
        self, event: NewEvent, *, entity: str | None = None, conflate: bool = False, urgent: bool = False
    ) -> None:
        """Hand over an event; returns before it is written, except when `urgent`.

        Args:
            event: The event.
            entity: What it is about; see `Pending.add`.
            conflate: Only the last of its kind counts.
            urgent: Return only when it, and everything before it, is committed.

        Raises:
            Fenced, RunClosed, RunNotFound: the job must stop.
        """
        await self._wait_for_room()
        self._pending.add(event, entity=entity, conflate=conflate)
        if urgent:
            await self.flush()
        else:
            self._schedule()

    async def write(self, output: str, text: str, *, step: str | None = None, agent: str | None = None) -> None:
        """Hand over text of an output, all of it or nothing. Waits and raises as `publish`."""
        await self._wait_for_room()
        for piece in pieces(sound_text(text)):
            self._pending.add_text(output, piece, step=step, agent=agent)
        if self._pending:
            self._schedule()

    async def flush(self, *events: NewEvent, checkpoint: Checkpoint | None = None) -> Receipt | None:
        """Write everything handed over so far, then these events and the checkpoint, and wait until it is committed.

        Returns:
            The receipt of the last write; None when there was nothing to write, or when it was refused and that is
            not raised.

        Raises:
            Fenced, RunClosed, RunNotFound: the job must stop.
            Conflict: the run's status does not allow one of `events`.
            HeadwayError: anything else the sink refused, if `strict` or if `events` were given.
        """
        self._check()
        try:
            return await self._flush(events, checkpoint)
        except HeadwayError:
            if events or self._strict or self._broken is not None:
                raise
            return None  # what was refused is in the log; it must not end the job

    async def _flush(self, events: Sequence[NewEvent] = (), checkpoint: Checkpoint | None = None) -> Receipt | None:
        batch = self._seal([*self._pending.take(), *events], checkpoint)
        if batch is None:
            if not self._batches:
                return None
            batch = self._batches[-1]
        if batch.done is None:
            batch.done = asyncio.get_running_loop().create_future()
        self._start_sender()
        return await asyncio.shield(batch.done)

    async def end(self, event: NewEvent) -> None:
        """Write how the run ended, after everything else, and wait until it is committed.

        Nobody else would write it. So it waits for a store that is away whatever `strict` says, and goes past a sink
        that has failed before.

        Raises:
            HeadwayError: as `flush`.
        """
        if isinstance(self._broken, STOPPING):
            raise self._broken
        if self._broken is None:
            try:
                await self.flush(event)
            except HeadwayError as error:
                if not may_pass(error):
                    raise
            else:
                return
        await self._insist(event)

    async def _insist(self, event: NewEvent) -> None:
        attempt, batch = 0, [event]  # one list: a sink knows by it that a batch is sent again
        while True:
            try:
                await self._sink.append(batch, None)
            except HeadwayError as error:
                if not may_pass(error):
                    raise
                attempt += 1
                await self._back_off(attempt, error)
            else:
                return

    async def close(self) -> None:
        """Take nothing more, write what is left, and let go. Does not raise what stops jobs. Idempotent.

        Cancelled while it waits, what is left is written all the same.
        """
        if self._closed:
            return
        self._closed = True  # first: what is published while the rest is written would be lost without a word
        self._cancel_timer()
        self._room.set()
        try:
            if self._broken is None:
                await self._flush()
        except HeadwayError as error:
            log.warning("events were lost while closing: %s", error)
        finally:
            if self.on_close is not None:
                self.on_close()

    @property
    def stopped(self) -> HeadwayError | None:
        """What stopped the job, or None."""
        return self._broken

    @property
    def is_writing(self) -> bool:
        """Something is on its way to the sink, whose answer will tell how the run stands."""
        return bool(self._batches)

    def statistics(self) -> Mapping[str, Any]:
        """Return what waits and what was done."""
        return {
            "pending_bytes": self._pending.size + self._queued_bytes,
            "batches": len(self._batches),
            "written": self._written,
            "retries": self._retries,
            "dropped": self._dropped,
        }

    # -- inside

    def _check(self) -> None:
        if self._broken is not None:
            raise self._broken.with_traceback(None)  # raised again and again, it must not grow
        if self._closed:
            raise UsageError(
                "this run's handle is closed", hint="report only inside `async with run:` or the job's body"
            )

    async def _wait_for_room(self) -> None:
        self._check()
        while self._pending.size + self._queued_bytes > self._max_bytes:
            self._room.clear()
            self._seal(self._pending.take())
            self._start_sender()
            await self._room.wait()
            self._check()

    def _schedule(self) -> None:
        if self._timer is not None or self._sender is not None:
            return  # while a write is under way the next one fills up
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_window:
            self._send_pending()  # the first event after a pause leaves at once
        else:
            self._timer = loop.call_at(self._next_window, self._send_pending)

    def _send_pending(self) -> None:
        self._cancel_timer()
        if self._broken is None and self._pending:
            self._seal(self._pending.take())
            self._start_sender()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _seal(self, events: list[NewEvent], checkpoint: Checkpoint | None = None) -> _Batch | None:
        """Make batches of events and queue them; return the last one, None for no events."""
        batch = None
        for part in _parts(events):
            batch = _Batch(part, sum(len(event.data) + 64 for event in part))
            self._queued_bytes += batch.size
            self._batches.append(batch)
        if batch is not None:
            batch.checkpoint = checkpoint
        return batch

    def _start_sender(self) -> None:
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send_all(), name="headway-publisher")

    async def _send_all(self) -> None:
        try:
            while self._batches and self._broken is None:
                batch = self._batches[0]
                await self._send(batch)
                self._batches.popleft()
                self._queued_bytes -= batch.size
                self._room.set()
        finally:
            self._sender = None
            self._next_window = asyncio.get_running_loop().time() + self._window_s
            if self._broken is None and self._pending:
                self._schedule()

    async def _send(self, batch: _Batch) -> None:
        attempt = 0
        while self._broken is None:  # stopped while the store is away, nothing may be written when it is back
            try:
                receipt = await self._sink.append(batch.events, batch.checkpoint)
            except STOPPING as error:
                self.stop(error)
                return
            except HeadwayError as error:
                if may_pass(error) and not self._strict:
                    attempt += 1
                    await self._back_off(attempt, error)
                    continue
                self._refused(batch, error)
                return
            except Exception as error:  # a bug in a sink must not leave a job waiting for ever
                log.exception("a sink failed")
                self.stop(HeadwayError(f"events cannot be written: {error!r}"))
                return
            self._written += len(batch.events)
            if batch.done is not None and not batch.done.done():  # `stop` may have been called meanwhile
                batch.done.set_result(receipt)
            if self.on_receipt is not None:
                self.on_receipt(receipt)
            return

    async def _back_off(self, attempt: int, error: HeadwayError) -> None:
        if attempt in (1, 5) or attempt % 20 == 0:
            log.warning("cannot write events, trying again (%d): %s", attempt, error)
        self._retries += 1
        await asyncio.sleep(random.uniform(0.05, min(5.0, 0.1 * 2 ** min(attempt, 10))))  # noqa: S311

    def _refused(self, batch: _Batch, error: HeadwayError) -> None:
        self._dropped += len(batch.events)
        log.error("%d events were refused and are lost: %s", len(batch.events), error)
        if batch.done is not None:
            _fail(batch.done, error)
        elif self._strict:
            self.stop(error)

    def stop(self, error: HeadwayError) -> None:
        """Write nothing any more; everything waiting, and every later call, raises `error`. Idempotent."""
        if self._broken is not None:
            return
        self._broken = error
        self._cancel_timer()
        self._pending.take()
        for batch in self._batches:
            if batch.done is not None:
                _fail(batch.done, error)
        self._room.set()
        if self.on_stop is not None:
            self.on_stop(error)


def may_pass(error: HeadwayError) -> bool:
    """Whether the same write may succeed later."""
    return error.retryable and not isinstance(error, (*STOPPING, Conflict))


def _fail(done: asyncio.Future[Receipt], error: HeadwayError) -> None:
    if not done.done():
        done.set_exception(error)
        done.exception()  # somebody may have stopped waiting


def _parts(events: list[NewEvent]) -> list[list[NewEvent]]:
    """Cut a long list so that every part is one legal batch."""
    parts: list[list[NewEvent]] = []
    size = limits.BODY_BYTES_MAX
    for event in events:
        size += len(event.data) + 256
        if not parts or len(parts[-1]) >= limits.BATCH_EVENTS_MAX or size > limits.BODY_BYTES_MAX // 2:
            parts.append([])
            size = len(event.data) + 256
        parts[-1].append(event)
    return parts
