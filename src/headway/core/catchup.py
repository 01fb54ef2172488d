"""Joining the past and the present of one log without losing or doubling an event.

A reader subscribes first and reads the log second, because the other order loses what is appended in between. Live
events therefore arrive while the backlog is still being read, and some of them are in it. This state machine holds
them, hands out every seq exactly once and in order, and says when one is missing::

    CATCHING_UP --backlog() reaches what was held--> LIVE --live() skips a seq--> GAP --backlog()--> LIVE

It knows nothing of sockets or stores; whoever drives it reads the log whenever it says `Need.BACKLOG`.
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

    def live(self, event: E) -> list[E]:
        """Take an event as it happens; return those that are due now, in order."""
        self._highest = max(self._highest, event.seq)
        if event.seq <= self.seq:
            return []
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

        Args:
            events: The page, in order; may overlap with what was handed out.
            head: Seq of the log's last event at the time of the read.
        """
        due: list[E] = []
        for event in events:
            if event.seq == self.seq + 1:
                due.append(event)
                self.seq = event.seq
        while (following := self._held.pop(self.seq + 1, None)) is not None:
            due.append(following)
            self.seq = following.seq
        self._held = {seq: event for seq, event in self._held.items() if seq > self.seq}
        reached = self.seq >= max(head, self._highest)
        self.phase = Phase.LIVE if reached else Phase.CATCHING_UP
        return due

    def restart(self, after: Seq) -> None:
        """Go on from a snapshot: everything up to `after` is in it."""
        self.seq = after
        self._highest = after
        self._held = {}
        self.phase = Phase.CATCHING_UP
