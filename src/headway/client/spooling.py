"""A sink that keeps what cannot be sent, and sends it in order as soon as it can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

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
        self._publisher: Publisher | None = None
        self._stopped: HeadwayError | None = None
        self._last = Receipt(0, "0", "running", False)

    async def append(self, events: Sequence[NewEvent], checkpoint: Checkpoint | None) -> Receipt:
        """Send a batch, or keep it.

        Raises:
            UsageError: there is a checkpoint; steps belong to jobs.
            HeadwayError: the server refused it, or (retryable) did not answer and the spool is full.
        """
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
        try:
            file = await asyncio.to_thread(self._spool.begin, self._header, self._inner.stem)
        except SpoolFull as full:
            raise StoreUnavailable(f"{error.detail}; nor can it be kept: {full.detail}", hint=full.hint) from error
        self._file, self._sent_to = file, file.size
        log.warning("reports of run %s are kept in %s until they can be sent: %s", self.run_id, file.path, error)
        self._draining = asyncio.create_task(self._drain(file), name="headway: spool")

    async def _keep(self, events: Sequence[NewEvent]) -> None:
        file = self._file
        assert file is not None  # noqa: S101 - begun
        self._writes += 1  # before anybody else runs: a file that is written to is not taken away
        try:
            await asyncio.to_thread(file.write, events)
        except SpoolFull as full:
            raise StoreUnavailable(full.detail, hint=full.hint) from full
        finally:
            self._writes -= 1
            self._written.set()

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
        self._file = None
        file.remove()
        log.info("all that was kept for run %s was sent", self.run_id)

    async def _stop(self, file: SpoolFile, error: HeadwayError) -> None:
        """Nothing of this execution is written any more."""
        self._stopped = error
        if self._publisher is not None:
            self._publisher.stop(error)
        while self._writes:
            self._written.clear()
            await self._written.wait()
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
        """Let go: what still waits after `LEAVE_S` is sent by whoever comes next."""
        if self._draining is None:
            return
        await asyncio.wait([self._draining], timeout=LEAVE_S)
        self._draining.cancel()
        await asyncio.wait([self._draining])
        if self._file is not None:
            path = self._file.path
            self._file.close()
            log.warning(
                "reports of run %s wait in %s; `headway flush`, or the next attach, sends them", self.run_id, path
            )

    @property
    def run_id(self) -> str:
        """Whose reports it takes."""
        return self._header.run_id


async def send_next(file: SpoolFile, start: int, send: Send) -> int:
    """Send the next batches of a file; return where the one after them begins.

    A batch the server refuses for good is put aside.

    Raises:
        HeadwayError: not now: it may pass, or other credentials are needed; or nothing of it may be written any more
            (`STOPPING`).
    """
    chunk, end = await asyncio.to_thread(_chunk, file, start)
    events = [event for batch in chunk for event in batch]
    if not events:
        return end
    try:
        await send(events)
    except (*STOPPING, AccessError):
        raise
    except HeadwayError as error:
        if may_pass(error):
            raise
        if len(chunk) == 1:
            log.error("%d reports were refused and put aside: %s", len(events), error)  # noqa: TRY400
            await asyncio.to_thread(file.refuse, events, error)
            return end
        for batch in chunk:  # which of them it was
            await _send_or_refuse(file, batch, send)
    return end


async def _send_or_refuse(file: SpoolFile, batch: Sequence[NewEvent], send: Send) -> None:
    try:
        await send(batch)
    except (*STOPPING, AccessError):
        raise
    except HeadwayError as error:
        if may_pass(error):
            raise
        log.error("%d reports were refused and put aside: %s", len(batch), error)  # noqa: TRY400
        await asyncio.to_thread(file.refuse, batch, error)


def _chunk(file: SpoolFile, start: int) -> tuple[list[list[NewEvent]], int]:
    """Return batches that together make one legal request, and where the next begins."""
    chunk: list[list[NewEvent]] = []
    count, size, end = 0, 0, start
    for line in file.lines(start):
        if line.events is None:
            log.warning("%s: a damaged line before byte %d is left out", file.path, line.end)
        else:
            count, size = count + len(line.events), size + line.end - end
            if chunk and (count > BATCH_EVENTS_MAX or size > CHUNK_BYTES):
                return chunk, end
            chunk.append(line.events)
        end = line.end
    return chunk, end


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
