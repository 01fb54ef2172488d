"""The end of one run's log, kept in memory: who joins or comes back near the head needs no read."""

from __future__ import annotations

from collections.abc import Sequence

from headway.core.cursor import Cursor
from headway.hub.frames import Encoded
from headway.types import Seq


class Recent:
    """Events after a base position, dense, the oldest given up first.

    Args:
        base: Position before the first event kept.
        total: ``total`` of the event at `base`.
        limit: Bytes of events to keep.
    """

    __slots__ = ("_base", "_base_total", "_events", "_limit")

    def __init__(self, base: Cursor, total: int, *, limit: int) -> None:
        self._base = base
        self._base_total = total
        self._events: list[Encoded] = []
        self._limit = limit

    @property
    def head(self) -> Cursor:
        """Position of the last event."""
        if not self._events:
            return self._base
        event = self._events[-1].event
        return Cursor(event.seq, event.tag)

    @property
    def total(self) -> int:
        """Bytes of the log up to the head."""
        return self._events[-1].event.total if self._events else self._base_total

    @property
    def size(self) -> int:
        """Bytes of the events kept."""
        return self.total - self._base_total

    def covers(self, seq: Seq) -> bool:
        """Tell whether the events after `seq` are all here."""
        return self._base.seq <= seq <= self.head.seq

    def at(self, seq: Seq) -> Cursor:
        """Return the cursor of a seq that is covered."""
        if seq == self._base.seq:
            return self._base
        event = self._events[seq - self._base.seq - 1].event
        return Cursor(event.seq, event.tag)

    def after(self, seq: Seq) -> Sequence[Encoded]:
        """Return the events after a seq that is covered."""
        return self._events[seq - self._base.seq :]

    def bytes_after(self, seq: Seq) -> int:
        """Return how many bytes the events after a covered seq have."""
        before = self._base_total if seq == self._base.seq else self._events[seq - self._base.seq - 1].event.total
        return self.total - before

    def extend(self, events: Sequence[Encoded]) -> None:
        """Take the events that follow the head."""
        self._events.extend(events)

    def trim(self, keep_after: Seq) -> None:
        """Give up the oldest events past the limit, but none after `keep_after`."""
        count, freed, excess = 0, self._base_total, self.size - self._limit
        if excess <= 0:
            return
        for encoded in self._events:
            if encoded.event.seq > keep_after or freed - self._base_total >= excess:
                break
            freed = encoded.event.total
            count += 1
        if count:
            self._base, self._base_total = self.at(self._base.seq + count), freed
            del self._events[:count]
