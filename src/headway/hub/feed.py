"""The feed of one run: reads its log once, however many viewers there are, and writes the same bytes to all of them.

A viewer is *live* when it has everything up to the feed's head; then a delivery to it is one write. Otherwise it is
*behind*: it has just come, or did not read for a while; then `headway.hub.backlog` hands it what it misses until it has
reached the head. Both sides move only ``Subscription.seq``, and a live write goes only to who stands exactly before it:
that is what makes every event arrive once and in order, whatever happens between two awaits.

The feed is in the hub's registry before it reads for the first time. A doorbell that rings during a read is kept, and
what was appended meanwhile is read next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from headway.core.catchup import CatchUp, Phase
from headway.core.cursor import Cursor
from headway.core.events import StoredEvent
from headway.core.fold import Fold
from headway.core.run import ENDED, RunStatus
from headway.errors import RunNotFound, StoreError, StoreInvalid
from headway.hub.audience import Audience
from headway.hub.backlog import Backlog
from headway.hub.folded import Folded
from headway.hub.frames import Block, Encoded, Form, control
from headway.hub.noting import note_begun, note_delivered, note_lag, note_reset
from headway.hub.recent import Recent
from headway.hub.shared import Shared
from headway.hub.subscription import Reset, Subscription
from headway.stores.base import Page, RunRow, Standing
from headway.types import RunId, Seq

logger = logging.getLogger("headway.hub")

PAGE_EVENTS: Final = 500
PAGE_BYTES: Final = 1_048_576
SLICE_BYTES: Final = 65_536
"""Bytes of one live write, unless a single event is larger: a viewer that stops reading is noticed between two."""

NUMBERS: Final = ("feeds_bytes", "behind", "waiting", "parked", "pages")
"""Bytes of the log kept in memory; viewers that are not live, and of them those that wait for a read or for time to
pass; pages kept for them."""


class Feed:
    """One watched run inside this process.

    Args:
        run_id: The run.
        shared: Store, settings, counters.

    Attributes:
        run: The row as of the last read.
        over: The run was deleted; the feed is of no more use.
        holds: How many are about to join.
    """

    def __init__(self, run_id: RunId, shared: Shared) -> None:
        self.run_id = run_id
        self.over = False
        self.holds = 0
        self.audience = Audience(run_id, shared.counters, shared.measures)
        self.run: RunRow
        self.folded: Folded
        self.recent: Recent
        self._shared = shared
        self._backlog = Backlog(self, shared)
        self._head: Cursor
        self._catchup: CatchUp[StoredEvent]
        self._opening: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None
        self._left = shared.now()
        self._news = False
        self._broken = False
        self._live: dict[str, Any] = {"queue_position": None, "estimated_start": None, "degraded": False}
        self._live_at = float("-inf")
        self._pings: dict[bool, tuple[Seq, Block]] = {}

    # -- life

    async def open(self) -> None:
        """Read the run for the first time. Any number of callers may wait for it; a cancelled one stops no other.

        Raises:
            RunNotFound, StoreError: the feed is of no use then.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._begin(), name=f"headway: open feed of {self.run_id}")
        await asyncio.shield(self._opening)

    def is_idle(self, since: float) -> bool:
        """Tell whether nobody has watched since then (event loop's clock), and nobody is about to."""
        return not self.audience.members and not self.holds and self._left <= since

    def stop(self) -> list[asyncio.Task[None]]:
        """Stop reading; return the tasks that are ending. Viewers are left as they are."""
        self.over = True
        tasks = [task for task in (self._opening, self._work, self._backlog.work) if task and not task.done()]
        for task in tasks:
            task.cancel()
        return tasks

    async def close(self) -> None:
        """Stop reading, and return when nothing of it runs."""
        tasks = self.stop()
        if tasks:
            await asyncio.wait(tasks)

    def ring(self) -> None:
        """Look into the log soon; called by the store's doorbell, and from time to time without it."""
        self._news = True
        if self._work is None and not self.over and self.is_open:
            self._work = asyncio.create_task(self._read_news(), name=f"headway: feed of {self.run_id}")

    def look(self) -> None:
        """Do what is done without being asked: look into the log, and serve those who had to wait."""
        self.ring()
        self._backlog.unpark()

    async def reaches(self, seq: Seq) -> bool:
        """Read what is in the log now; tell whether that includes an event some viewer knows already."""
        self.ring()
        if self._work is not None:
            await asyncio.shield(self._work)
        return self._head.seq >= seq

    @property
    def is_open(self) -> bool:
        """Whether the run was read."""
        opening = self._opening
        return opening is not None and opening.done() and not opening.cancelled() and opening.exception() is None

    # -- viewers

    @property
    def head(self) -> Cursor:
        """Position of the last event read."""
        return self._head

    @property
    def live(self) -> dict[str, Any]:
        """What ``event: live`` said last."""
        return self._live

    @property
    def ended(self) -> bool:
        """Whether the run has ended and everything of it was read."""
        return self.run.status in ENDED and self._head.seq >= self.run.seq

    def join(self, subscription: Subscription) -> None:
        """Begin to serve a viewer; its first frames are written before this returns where no read is needed."""
        if not subscription.connection.over:
            self.audience.members[subscription] = None
            self.bring(subscription)

    def bring(self, subscription: Subscription) -> None:
        """Bring a viewer up to date that is behind and reads."""
        if subscription in self.audience.members:
            self._backlog.bring(subscription)

    def reached(self, subscription: Subscription) -> None:
        """Take note that a viewer has everything up to the head."""
        subscription.whole = subscription.every
        self.audience.enliven(subscription)
        note_begun(self._shared.measures, subscription)
        if self.ended:
            self._finish(subscription)

    def stall(self, subscription: Subscription) -> None:
        """Stop writing to a viewer whose budget is used up."""
        if not subscription.live:
            return
        if not subscription.form.progress:  # which does not follow the log, but shows its head
            subscription.tag = self.recent.at(subscription.seq).tag
        subscription.lagging = True
        self.audience.quiet(subscription)
        note_lag(self._shared.measures, subscription)
        if subscription.every:
            self._shared.counters.dropped += 1
            subscription.connection.abort("not_reading")

    def leave(self, subscription: Subscription) -> None:
        """Forget a viewer. Idempotent."""
        self.audience.remove(subscription)
        self._backlog.forget(subscription)
        self._left = self._shared.now()

    def ping(self, form: Form) -> Block:
        """Return the ping with the head."""
        made = self._pings.get(form.prefixed)
        if made is None or made[0] != self._head.seq:
            made = self._head.seq, Block(control("ping", self.named(form, {"head": self._head.seq})))
            self._pings[form.prefixed] = made
        return made[1]

    def named(self, form: Form, data: dict[str, Any]) -> dict[str, Any]:
        """Add the run's id where the connection carries several runs."""
        return {"run_id": self.run_id, **data} if form.prefixed else data

    # -- numbers

    def statistics(self) -> Mapping[str, int]:
        """Return the sizes of its buffers, by the names of `NUMBERS`."""
        behind = len(self.audience.members) - self.audience.live_count()
        kept = self.recent.size if self.is_open else 0
        return {"feeds_bytes": kept, "behind": behind, **self._backlog.statistics()}

    # -- reading

    async def _begin(self) -> None:
        """Take the run's state from its projection and stand at its position."""
        fold, page = await self._projected()
        if page.standing is not Standing.GOOD:
            # The log lost its tail after the projection was made.
            self._shared.projections.forget(self.run_id)
            fold, page = await self._projected()
        if page.standing is not Standing.GOOD:
            raise StoreInvalid(f"the snapshot of run {self.run_id} is not of its log")
        self._head = Cursor.parse(fold.cursor)
        self._catchup = CatchUp(self._head.seq)
        self.run = page.run
        self.folded = Folded(self.run_id, fold, page.run.updated_at)
        self.recent = Recent(self._head, page.run.total - page.tail, limit=self._shared.settings.recent_bytes)
        self._pings.clear()
        self._backlog.clear()

    async def _projected(self) -> tuple[Fold, Page]:
        # A copy, because the projection's own goes on without us.
        fold = Fold((await self._shared.projections.current(self.run_id)).snapshot())
        return fold, await self._read(Cursor.parse(fold.cursor))

    async def _read(self, after: Cursor) -> Page:
        return await self._shared.store.read(self.run_id, after=after, limit=PAGE_EVENTS, max_bytes=PAGE_BYTES)

    async def _read_news(self) -> None:
        """Read until nobody says that there is more. What goes wrong is tried again at the next look."""
        try:
            while self._news and not self.over:
                self._news = False
                await self._read_log()
        except RunNotFound:
            await self._vanish()
        except StoreError as error:
            logger.warning("run %s cannot be read: %s", self.run_id, error)
            await self._say_live({**self._live, "degraded": True})
        except Exception:
            logger.exception("feed of run %s failed; its state is taken anew", self.run_id)
            self._broken = True
        finally:
            self._work = None

    async def _read_log(self) -> None:
        """Read, deliver and fold to the head of the log."""
        if self._broken:
            await self._restart(Reset.AHEAD)
        while True:
            page = await self._read(self._head)
            if page.standing is not Standing.GOOD:
                await self._restart(Reset.AHEAD if page.standing is Standing.AHEAD else Reset.TRIMMED)
                continue
            self.run = page.run
            due = self._catchup.backlog(page.events, page.run.seq)
            if self._catchup.phase is Phase.LOST:  # no store of ours does that, but viewers are promised every seq
                self._broken = True
                raise StoreInvalid(f"the log of run {self.run_id} has a hole after {self._head}")
            if due:
                await self._take([Encoded(event) for event in due])
            if self._catchup.phase is Phase.LIVE:
                break
        await self._settle()

    async def _take(self, events: Sequence[Encoded]) -> None:
        """Deliver new events, then fold them in; viewers do not wait for the fold."""
        for part in _slices(events):
            before, last = self._head.seq, part[-1].event
            self.recent.extend(part)
            self._head = Cursor(last.seq, last.tag)
            await self.audience.deliver(part, before, last.seq)
        if self.audience.live_count():
            note_delivered(self._shared.measures, self.run)
        await self.folded.take(events)
        self.recent.trim(self.folded.seq)
        await self.audience.show(self.folded.progress)

    async def _settle(self) -> None:
        """Do what is due at the head."""
        if self.ended:
            await self.audience.each(self._finish_live)
        await self._look_around()

    def _finish_live(self, subscription: Subscription) -> None:
        if subscription.live:
            self._finish(subscription)

    def _finish(self, subscription: Subscription) -> None:
        """Tell a viewer that has everything that the run has ended, and end its stream."""
        data = {"status": self.run.status, "seq": self._head.seq, "final": self.run.status is RunStatus.SUCCEEDED}
        subscription.connection.finish(subscription, control("end", self.named(subscription.form, data)), "ended")

    async def _restart(self, reason: Reset) -> None:
        """Begin anew from the projection, because the log no longer goes on from where the feed stands."""
        logger.warning("the log of run %s does not go on after %s (%s)", self.run_id, self._head, reason.value)
        self._shared.projections.forget(self.run_id)
        await self._begin()
        self._broken = False
        for subscription in self.audience.members:
            self.audience.quiet(subscription)
            subscription.reset = subscription.reset or reason
        await self.audience.each(self.bring)

    async def _vanish(self) -> None:
        """The run was deleted: tell everybody."""
        self.over = True
        self._shared.projections.forget(self.run_id)
        await self.audience.each(self._dismiss)

    def _dismiss(self, subscription: Subscription) -> None:
        note_reset(self._shared.measures, subscription, Reset.GONE)
        data = self.named(subscription.form, {"reason": Reset.GONE.value})
        subscription.connection.finish(subscription, control("reset", data), "gone")

    # -- what stands in no log

    async def _look_around(self) -> None:
        """Find out how the run stands in its queue, if it waits and the last answer is old."""
        now, situation = self._shared.now(), self._shared.situation
        live = {**self._live, "degraded": False}
        waits = self.run.status is RunStatus.QUEUED
        if situation is not None and (waits or self._live["queue_position"] is not None):
            if now - self._live_at < self._shared.settings.live_s and waits:
                live = {**live, "degraded": self._live["degraded"]}
            else:
                self._live_at = now
                live |= await situation(self.run)
        await self._say_live(live)

    async def _say_live(self, live: dict[str, Any]) -> None:
        if live == self._live:
            return
        self._live = live
        members = tuple(self.audience.members)
        forms = {form.prefixed: form for form in {member.form for member in members}}
        blocks = {prefixed: Block(control("live", self.named(form, live))) for prefixed, form in forms.items()}
        await self.audience.each(lambda viewer: viewer.connection.notify(blocks[viewer.form.prefixed]), members)


def _slices(events: Sequence[Encoded]) -> Iterator[Sequence[Encoded]]:
    """Cut events into parts of about `SLICE_BYTES`."""
    start, size = 0, 0
    for index, encoded in enumerate(events):
        size += len(encoded.event.body)
        if size >= SLICE_BYTES:
            yield events[start : index + 1]
            start, size = index + 1, 0
    if start < len(events):
        yield events[start:]
