"""A sink that keeps what cannot be sent, and sends it in order as soon as it can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from headway.client.sink import HttpSink
from headway.client.spool import Header, Spool, SpoolFile, SpoolFull
from headway.core.events import NewEvent
from headway.core.limits import BATCH_EVENTS_MAX
from headway.errors import AccessError, HeadwayError, StoreUnavailable
from headway.publish.execution import backoff
from headway.publish.publisher import STOPPING, Publisher, Receipt, may_pass
from headway.stores.base import Checkpoint

LEAVE_S: Final = 2.0
"""Who leaves while reports wait on the disk lets the server come back for so long."""

CHUNK_BYTES: Final = 524_288
"""Waiting batches are sent together up to this."""

log = logging.getLogger("headway.client")

Made = TypeVar("Made")
Send = Callable[[Sequence[NewEvent]], Awaitable[Receipt]]


class SpooledSink:
    """Writes over HTTP; while the server is away, to the spool, so that reports survive the death of this process.

    As long as something waits there, everything goes through it: the order stays. If it is full, the publisher waits,
    as it does without a spool.

    Args:
        inner: Sends.
        spool: Keeps.
        header: Whose reports they are.
    """

    def __init__(self, inner: HttpSink, spool: Spool, header: Header) -> None:
        self._inner = inner
        self._spool = spool
        self._header = header
        self._file: SpoolFile | None = None
        self._sent_to = 0
        self._writes = 0
        self._written = asyncio.Event()
        self._draining: asyncio.Task[None] | None = None
        self._left = False
        self._publisher: Publisher | None = None
        self._stopped: HeadwayError | None = None
        self._last = Receipt(0, "0", "running", False)

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Send a batch, or keep it.

        Raises:
            UsageError: there is a checkpoint; steps belong to jobs.
            HeadwayError: the server refused it, or (retryable) did not answer and the spool is full.
        """
        await self._all_written()  # whoever was cancelled left its batch to a thread, which may be at it still
        if self._stopped is not None:
            raise self._stopped
        if self._file is None or checkpoint is not None:
            try:
                self._last = await self._inner.append(events, checkpoint)
            except HeadwayError as error:
                if not may_pass(error):
                    raise
                await self._begin(error)
            else:
                return self._last
        await self._keep(self._inner.keyed(events))
        return self._last

    async def _begin(self, error: HeadwayError) -> None:
        beginning = _in_thread(partial(self._spool.begin, self._header, self._inner.stem))
        try:
            file = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(_remove_begun)
            raise
        except SpoolFull as full:
            raise StoreUnavailable(f"{error.detail}; nor can it be kept: {full.detail}", hint=full.hint) from error
        self._file, self._sent_to = file, file.size
        log.warning("reports of run %s are kept in %s until they can be sent: %s", self.run_id, file.path, error)
        self._draining = asyncio.create_task(self._drain(file), name="headway: spool")

    async def _keep(self, events: Sequence[NewEvent]) -> None:
        file = self._file
        assert file is not None  # noqa: S101 - begun
        self._writes += 1  # before anybody else runs: a file that is written to is not taken away
        writing = _in_thread(partial(file.write, events))
        writing.add_done_callback(self._one_written)
        try:
            await asyncio.shield(writing)  # a thread goes on, whoever waits for it is cancelled
        except SpoolFull as full:
            raise StoreUnavailable(full.detail, hint=full.hint) from full

    def _one_written(self, _writing: asyncio.Future[None]) -> None:
        self._writes -= 1
        self._written.set()
        if self._left:
            self._let_go()

    async def _all_written(self) -> None:
        while self._writes:
            self._written.clear()
            await self._written.wait()

    async def _drain(self, file: SpoolFile) -> None:
        """Send what waits, oldest first, until there is nothing; then go straight to the server again."""
        tries = 0
        while self._writes or self._sent_to < file.size:
            if self._sent_to >= file.size:
                self._written.clear()
                await self._written.wait()
                continue
            try:
                self._sent_to = await send_next(file, self._sent_to, self._send)
                tries = 0
            except STOPPING as error:
                await self._stop(file, error)
                return
            except HeadwayError as error:
                tries += 1
                log.debug("reports of run %s still wait: %s", self.run_id, error)
                await asyncio.sleep(backoff(tries, 0.1, 5.0))
            except Exception:  # an answer that is none, a disk that fails: what waits must not wait for ever in silence
                tries += 1
                log.exception("reports of run %s still wait in %s", self.run_id, file.path)
                await asyncio.sleep(backoff(tries, 0.1, 5.0))
        self._file = None
        file.remove()
        log.info("all that was kept for run %s was sent", self.run_id)

    async def _stop(self, file: SpoolFile, error: HeadwayError) -> None:
        """Nothing of this execution is written any more."""
        self._stopped = error
        if self._publisher is not None:
            self._publisher.stop(error)
        await self._all_written()
        await put_rest_aside(file, self._sent_to, error)
        self._file = None

    async def _send(self, events: Sequence[NewEvent]) -> Receipt:
        receipt = self._last = await self._inner.send(events)
        if self._publisher is not None and self._publisher.on_receipt is not None:
            self._publisher.on_receipt(receipt)
        return receipt

    async def beat(self, publisher: Publisher) -> None:
        """As `HttpSink.beat`."""
        self._publisher = publisher
        await self._inner.beat(publisher)

    async def leave(self) -> None:
        """Let go: what still waits after `LEAVE_S` is sent by whoever comes next. Cancelled, it lets go at once."""
        draining = self._draining
        if draining is None:
            return
        try:
            await asyncio.wait([draining], timeout=LEAVE_S)
        finally:
            draining.cancel()
            draining.add_done_callback(self._let_go)  # also if this is cancelled a second time
            await asyncio.wait([draining])

    def _let_go(self, _draining: object = None) -> None:
        self._left = True
        if self._file is None or self._writes:  # a file that is written to is closed by the last who writes
            return
        file, self._file = self._file, None
        file.close()
        log.warning(
            "reports of run %s wait in %s; `headway flush`, or the next attach, sends them", self.run_id, file.path
        )

    @property
    def run_id(self) -> str:
        """Whose reports it takes."""
        return self._header.run_id


def _in_thread(call: Callable[[], Made]) -> asyncio.Future[Made]:
    """Begin a call in a thread; unlike a task of `asyncio.to_thread` it is not over before the thread is."""
    return asyncio.get_running_loop().run_in_executor(None, call)


def _remove_begun(beginning: asyncio.Future[SpoolFile]) -> None:
    """Nobody waits any more for a file that was just made."""
    if not beginning.cancelled() and beginning.exception() is None:
        beginning.result().remove()


async def send_next(file: SpoolFile, start: int, send: Send) -> int:
    """Send the next batches of a file; return where the one after them begins.

    A batch the server refuses for good is put aside.

    Raises:
        HeadwayError: not now: it may pass, or other credentials are needed; or nothing of it may be written any more
            (`STOPPING`).
    """
    chunk = await asyncio.to_thread(_chunk, file, start)
    if len(chunk) > 1:
        try:
            await send([event for events, _ in chunk for event in events])
        except HeadwayError as error:
            if not _is_refusal(error):
                raise
        else:
            return chunk[-1][1]
    place = start
    for events, end in chunk:  # which of them it was
        try:
            if events:  # else it is damaged
                await _send_or_refuse(file, events, send)
        except HeadwayError:
            if place == start:
                raise
            break  # is met again by the next call, which does not begin with those that were put aside
        place = end
    return place


async def _send_or_refuse(file: SpoolFile, batch: Sequence[NewEvent], send: Send) -> None:
    try:
        await send(batch)
    except HeadwayError as error:
        if not _is_refusal(error):
            raise
        log.error("%d reports were refused and put aside: %s", len(batch), error)  # noqa: TRY400
        await asyncio.to_thread(file.refuse, batch, error)


def _is_refusal(error: HeadwayError) -> bool:
    """Whether it is about this batch, and for good."""
    return not (isinstance(error, (*STOPPING, AccessError)) or may_pass(error))


def _chunk(file: SpoolFile, start: int) -> list[tuple[list[NewEvent], int]]:
    """Return batches that together make one legal request, each with where the next begins."""
    chunk: list[tuple[list[NewEvent], int]] = []
    count, size, end = 0, 0, start
    for line in file.lines(start):
        if line.events is None:
            log.warning("%s: a damaged line before byte %d is left out", file.path, line.end)
        count, size, end = count + len(line.events or ()), size + line.end - end, line.end
        if chunk and (count > BATCH_EVENTS_MAX or size > CHUNK_BYTES):
            break
        chunk.append((line.events or [], end))
    return chunk


async def put_rest_aside(file: SpoolFile, start: int, error: HeadwayError) -> None:
    """Put all that was not sent aside, and take the file away; if there is no room for that, leave it as it is."""

    def put() -> int:
        count = 0
        for line in file.lines(start):
            if line.events:
                file.refuse(line.events, error)
                count += len(line.events)
        return count

    try:
        count = await asyncio.to_thread(put)
    except SpoolFull as full:
        log.error("%s stays as it is: %s", file.path, full)  # noqa: TRY400
        file.close()
        return
    file.remove()
    if count:
        log.error("%d reports came too late and were put aside beside %s: %s", count, file.path, error)
