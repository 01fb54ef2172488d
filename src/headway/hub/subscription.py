"""A viewer's attachment to one run, from a cursor on.

It is bounded: nothing is queued for a viewer that does not read beyond its sink's budget. What it misses then is in the
log, and it gets either that or a snapshot when it reads again (`headway.hub.feed`). The order of what it is sent is the
order of `seq`, which only ever grows except by a snapshot after a ``reset``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from headway.core.cursor import START, Cursor
from headway.hub.connection import Connection
from headway.hub.frames import DEFAULT, Block, Form
from headway.types import RunId

if TYPE_CHECKING:
    from headway.hub.feed import Feed


class Reset(Enum):
    """Why a viewer is given a snapshot in place of the events it may have waited for."""

    #: it asked for one: no ``reset`` frame is sent
    JOIN = ""
    #: the tail is larger than the snapshot
    BEHIND = "behind"
    #: the log no longer reaches back to its cursor
    TRIMMED = "trimmed"
    #: it read too slowly
    LAGGED = "lagged"
    #: the log does not hold its cursor's event
    AHEAD = "ahead"
    #: the run was deleted: no snapshot follows
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a viewer wants to begin, and how.

    Attributes:
        cursor: Go on after this event; None: begin with a snapshot.
        latest: Begin with whatever happens next. `cursor` is None then.
        whole: Do not replace the first tail by a snapshot, however long it is.
        every: Never replace events by a snapshot; whoever lags is cut off and comes back with its cursor.
        form: Of the frames.
    """

    cursor: Cursor | None = None
    latest: bool = False
    whole: bool = False
    every: bool = False
    form: Form = DEFAULT


class Subscription:
    """State of one viewer of one run. Driven by the run's feed.

    Attributes:
        seq: Of the last event written, or in the last snapshot written.
        tag: Of that event; kept up to date only while the subscription is not live.
        live: It has everything up to the feed's head and gets what comes next at once.
        reset: The snapshot that is due, and why; None when none is.
        lagging: It was live and fell behind.
        reset_at: When it was last sent a ``reset``, on the event loop's clock.
        write: Of the connection's sink.
        outcome: With what it began: ``snapshot``, ``tail``, or the reason of a reset.
        begun: It was live once.
        base: How much its group had been written when it became live.
    """

    __slots__ = (
        "base", "begun", "connection", "every", "feed", "form", "lagging", "live", "outcome", "reset", "reset_at",
        "seq", "tag", "whole", "write",
    )  # fmt: skip

    write: Callable[[bytes], None]

    def __init__(self, feed: Feed, connection: Connection, wish: Wish) -> None:
        cursor = wish.cursor or START
        self.feed = feed
        self.connection = connection
        self.form = wish.form
        self.every = wish.every
        self.whole = wish.whole or wish.every
        self.seq = cursor.seq
        self.tag = cursor.tag
        self.live = False
        self.lagging = False
        self.reset: Reset | None = Reset.JOIN if wish.cursor is None else None
        self.reset_at = float("-inf")
        self.outcome = "snapshot" if wish.cursor is None else "tail"
        self.begun = False
        self.base = 0

    @property
    def run_id(self) -> RunId:
        """The run watched."""
        return self.feed.run_id

    # -- what the connection says

    def join(self) -> None:
        """Begin."""
        assert self.connection.sink is not None  # noqa: S101 - whoever attaches has a sink
        self.write = self.connection.sink.write
        self.feed.join(self)

    def stall(self) -> None:
        """Write nothing more."""
        self.feed.stall(self)

    def resume(self) -> None:
        """Go on."""
        self.feed.bring(self)

    def detach(self) -> None:
        """Leave the feed."""
        self.feed.leave(self)

    def ping(self) -> Block | None:
        """Return the ping with the head, which this viewer has; None while it is behind."""
        return self.feed.ping(self.form) if self.live else None

    def about(self) -> str:
        """Return the run's id."""
        return self.run_id

    def group(self) -> str | None:
        """Return the run's group."""
        return self.feed.run.group

    def unsettled(self) -> int:
        """Return how much was written to its group since it became live."""
        return self.feed.audience.written(self)
