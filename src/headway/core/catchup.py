"""Joining the past and the present of one log without losing or doubling an event.

A reader subscribes first and reads the log second, because the other order loses what is appended in between. Live
events therefore arrive while the backlog is still being read, and some of them are in it. This state machine holds
them, hands out every seq exactly once and in order, and says when one is missing::

    CATCHING_UP --backlog() reaches the newest event--> LIVE --live() skips a seq--> GAP --backlog()--> LIVE
    CATCHING_UP, GAP --backlog() finds that the log has not what comes next--> LOST --restart()--> CATCHING_UP

It knows nothing of sockets or stores. Whoever drives it reads the log from `CatchUp.seq` while it is CATCHING_UP or in
a GAP, and takes a snapshot when it is LOST.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Generic, Protocol, TypeVar

from headway.types import Seq


class Sequenced(Protocol):
    """Anything with a place in a log."""

    @property
    def seq(self) -> Seq:
        """Its place."""
        ...


E = TypeVar("E", bound=Sequenced)


class Phase(Enum):
    """Where the reader stands."""

    CATCHING_UP = "catching up"
    LIVE = "live"
    #: a live event came whose predecessors did not; read the log from `CatchUp.seq`
    GAP = "gap"
    #: the log does not hold what comes next (trimmed, or it lost its tail); take a snapshot and `restart` from it
    LOST = "lost"


class CatchUp(Generic[E]):
    """Merges a backlog and live events of one log.

    Args:
        after: Seq of the last event the reader has; 0 for none.
        hold: How many early live events to keep. More are let go: the backlog has them anyway.
    """

    def __init__(self, after: Seq = 0, *, hold: int = 1_000) -> None:
        self.seq = after
        self.phase = Phase.CATCHING_UP
        self._hold = hold
        self._held: dict[Seq, E] = {}
        self._highest = after
        self._known = after  # the next read of the log must know so much, or the log lost its tail

    def live(self, event: E) -> list[E]:
        """Take an event as it happens; return those that are due now, in order."""
        if event.seq <= self.seq:
            return []
        self._highest = max(self._highest, event.seq)
        if self.phase is Phase.LIVE and event.seq == self.seq + 1:
            self.seq = event.seq
            return [event]
        if self.phase is Phase.LIVE:
            self.phase = Phase.GAP
        if len(self._held) < self._hold:
            self._held[event.seq] = event
        return []

    def backlog(self, events: Iterable[E], head: Seq) -> list[E]:
        """Take a page of the log that begins right after `seq`; return the events that are due now, in order.

        One read at a time: each begins after the one before was handed in here.

        Args:
            events: The page, in order; may overlap with what was handed out. Empty only at the end of the log.
            head: Seq of the log's last event at the time of the read.
        """
        page = list(events)
        if self.phase is Phase.LOST or not self._follows(page, head):
            self.phase = Phase.LOST
            return []
        due = [event for event in page if event.seq > self.seq]
        self.seq += len(due)
        while (following := self._held.pop(self.seq + 1, None)) is not None:
            due.append(following)
            self.seq = following.seq
        self._held = {seq: event for seq, event in self._held.items() if seq > self.seq}
        self._known = max(self.seq, self._highest)
        self.phase = Phase.LIVE if self.seq >= max(head, self._known) else Phase.CATCHING_UP
        return due

    def _follows(self, page: list[E], head: Seq) -> bool:
        """Tell whether the page goes on where the reader stands, without a hole, in a log that lost nothing."""
        if head < self._known or (not page and head > self.seq):
            return False
        start = page[0].seq if page else self.seq + 1
        return start <= self.seq + 1 and all(event.seq == start + n for n, event in enumerate(page))

    def restart(self, after: Seq) -> None:
        """Go on from a snapshot: everything up to `after` is in it."""
        self.seq = self._highest = self._known = after
        self._held = {}
        self.phase = Phase.CATCHING_UP
