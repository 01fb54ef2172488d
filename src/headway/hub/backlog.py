"""Bringing viewers up to date that are behind their feed: those who join, and those who did not read for a while.

What is in memory is handed out at once. The rest is read page by page, by one task per feed that exists only while
somebody is behind, so neither the feed nor other viewers wait for it.

A viewer is given the events it misses unless they are larger than a snapshot; then a ``reset`` and the snapshot. One
that asked for every event is never given a snapshot for that reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from headway.core.cursor import Cursor
from headway.errors import RunNotFound, StoreError
from headway.hub.frames import Block, Encoded, control, joined
from headway.hub.noting import note_reset
from headway.hub.shared import Shared
from headway.hub.subscription import Reset, Subscription
from headway.stores.base import Page, Standing

if TYPE_CHECKING:
    from headway.hub.feed import Feed

logger = logging.getLogger("headway.hub")

PAGES_KEPT: Final = 16
"""Pages kept while somebody waits: after an interruption many viewers come back with the same cursor."""

PAGE_EVENTS: Final = 500
PAGE_BYTES: Final = 524_288
SLICE_BYTES: Final = 65_536
"""Bytes written to one viewer before it is looked whether it still reads."""

_RESETS: Final = {Standing.TRIMMED: Reset.TRIMMED, Standing.AHEAD: Reset.AHEAD}


class Backlog:
    """Serves the viewers of one feed that are behind.

    Args:
        feed: The feed.
        shared: Store, settings, counters.

    Attributes:
        work: The task that reads, while there is something to read.
    """

    def __init__(self, feed: Feed, shared: Shared) -> None:
        self.work: asyncio.Task[None] | None = None
        self._feed = feed
        self._shared = shared
        self._waiting: dict[Subscription, None] = {}
        self._parked: dict[Subscription, None] = {}
        self._pages: dict[Cursor, tuple[Page, Sequence[Encoded]]] = {}

    def bring(self, viewer: Subscription) -> None:
        """Hand a viewer what it misses; at once as far as it is in memory."""
        if not self._hand_out(viewer):
            self._waiting[viewer] = None
            if self.work is None:
                self.work = asyncio.create_task(self._read_on(), name=f"headway: backlog of {self._feed.run_id}")

    def unpark(self) -> None:
        """Serve those who had to wait for a time."""
        parked, self._parked = self._parked, {}
        for viewer in parked:
            self.bring(viewer)

    def forget(self, viewer: Subscription) -> None:
        """Do nothing more for a viewer."""
        self._waiting.pop(viewer, None)
        self._parked.pop(viewer, None)

    def clear(self) -> None:
        """Forget what was read; the log is another one."""
        self._pages.clear()

    # -- from memory

    def _hand_out(self, viewer: Subscription) -> bool:
        """Write what is in memory; False when the viewer is still behind and a read is needed."""
        feed, connection = self._feed, viewer.connection
        while viewer in feed.audience.members and not (connection.stalled or connection.over or viewer.live):
            if viewer.form.progress:
                self._show(viewer)
            elif viewer.reset is not None:
                self._send_snapshot(viewer, viewer.reset)
            elif not feed.recent.covers(viewer.seq) or feed.recent.at(viewer.seq).tag != viewer.tag:
                return False
            elif viewer.seq == feed.head.seq:
                feed.reached(viewer)
            elif self._is_too_much(viewer, feed.recent.bytes_after(viewer.seq)):
                if not self._allow_reset(viewer):
                    return True
            else:
                self._write(viewer, feed.recent.after(viewer.seq))
        return True

    def _show(self, viewer: Subscription) -> None:
        """Write the flat summary, which is all there is to know for who takes that."""
        feed = self._feed
        viewer.reset = None
        viewer.seq, viewer.tag = feed.head.seq, feed.head.tag
        block = feed.folded.progress(viewer.form)
        if not block.raw or viewer.connection.put(block):
            feed.reached(viewer)

    def _send_snapshot(self, viewer: Subscription, reason: Reset) -> None:
        feed = self._feed
        cursor, block = feed.folded.snapshot(viewer.form, feed.recent)
        viewer.reset = None
        viewer.seq, viewer.tag = cursor.seq, cursor.tag
        if reason is not Reset.JOIN:
            viewer.reset_at = self._shared.now()
            note_reset(self._shared.measures, viewer, reason)
            viewer.connection.put(Block(control("reset", feed.named(viewer.form, {"reason": reason.value}))))
        viewer.connection.put(block)

    def _write(self, viewer: Subscription, events: Sequence[Encoded]) -> None:
        """Write events until the viewer does not read on."""
        start, size = 0, 0
        for index, encoded in enumerate(events, 1):
            size += len(encoded.event.body)
            if size < SLICE_BYTES and index < len(events):
                continue
            if viewer.connection.stalled or viewer.connection.over:
                return
            viewer.seq, viewer.tag = encoded.event.seq, encoded.event.tag
            data = joined(events[start:index], viewer.form, self._feed.run_id)
            if data:
                viewer.connection.put(Block(data))
            start, size = index, 0

    # -- whether to send events or a snapshot

    def _is_too_much(self, viewer: Subscription, missed: int) -> bool:
        """Tell whether a snapshot is the shorter way for this viewer to know what is true now."""
        if viewer.whole or missed <= self._shared.settings.tail_min:
            return False
        return missed > self._feed.folded.snapshot_size()

    def _allow_reset(self, viewer: Subscription) -> bool:
        """Ask for a snapshot, unless the viewer had a reset just now: then it waits, until `unpark`."""
        if self._shared.now() - viewer.reset_at < self._shared.settings.reset_s:
            self._parked[viewer] = None
            return False
        viewer.reset = Reset.LAGGED if viewer.lagging else Reset.BEHIND
        return True

    # -- from the log

    async def _read_on(self) -> None:
        """Serve those who wait, one page each in turn."""
        try:
            while self._waiting:
                viewer = next(iter(self._waiting))
                del self._waiting[viewer]
                if not (viewer.connection.stalled or viewer.connection.over):
                    self._parked[viewer] = None  # until it was served; whatever fails, it is not forgotten
                    if await self._catch_up(viewer):
                        self._parked.pop(viewer, None)
                        self._feed.bring(viewer)
                    await asyncio.sleep(0)
        except RunNotFound:
            self._feed.ring()  # it finds out, and tells everybody
        except Exception:
            logger.exception("viewers of run %s have to wait", self._feed.run_id)
        finally:
            self._parked |= self._waiting  # nobody, unless something failed
            self._waiting.clear()
            self._pages.clear()
            self.work = None

    async def _catch_up(self, viewer: Subscription) -> bool:
        """Hand one page of the log to one viewer; False when it has to wait for a time."""
        cursor = Cursor(viewer.seq, viewer.tag)
        try:
            page, events = await self._page(cursor)
        except StoreError as error:
            logger.warning("run %s cannot be read: %s", self._feed.run_id, error)
            return False
        if viewer.reset is None and viewer.seq == cursor.seq and not viewer.connection.over:
            tail = page.tail + max(0, self._feed.recent.total - page.run.total)
            if page.standing is not Standing.GOOD:
                viewer.reset = _RESETS[page.standing]
            elif self._is_too_much(viewer, tail):
                return self._allow_reset(viewer)
            elif events:
                self._write(viewer, events)
            else:
                return await self._feed.reaches(cursor.seq)
        return True

    async def _page(self, after: Cursor) -> tuple[Page, Sequence[Encoded]]:
        known = self._pages.get(after)
        if known is not None:
            return known
        self._shared.counters.reads += 1
        page = await self._shared.store.read(self._feed.run_id, after=after, limit=PAGE_EVENTS, max_bytes=PAGE_BYTES)
        read = page, [Encoded(event) for event in page.events]
        if page.events:
            self._pages[after] = read
            while len(self._pages) > PAGES_KEPT:
                del self._pages[next(iter(self._pages))]
        return read

    def statistics(self) -> dict[str, int]:
        """Return how many viewers wait for a read or for time to pass, and how many pages are kept."""
        return {"waiting": len(self._waiting), "parked": len(self._parked), "pages": len(self._pages)}
