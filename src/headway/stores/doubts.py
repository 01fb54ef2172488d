"""Writes of which nobody knows whether they were done, until they are handed in again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from headway.stores.base import Write
from headway.types import RunId

T = TypeVar("T")

DOUBTS_MAX: Final = 1_000
"""Of a process; the oldest is forgotten first."""


class Doubts(Generic[T]):
    """What a store tried, by the events it was to write.

    The very same events have to come again. Equal ones may be another writer's, who would be told of a success that is
    not theirs; and what others write to the run meanwhile settles nothing for this one.
    """

    def __init__(self) -> None:
        # the write is kept, too: while it is, no other event has the identity it is found by
        self._tried: OrderedDict[tuple[RunId, int], tuple[Write, T]] = OrderedDict()

    def keep(self, run_id: RunId, write: Write, tried: T) -> None:
        """Remember what was tried. A write without events may be done twice, and is not kept."""
        if write.events:
            self._tried[_place(run_id, write)] = (write, tried)
            if len(self._tried) > DOUBTS_MAX:
                self._tried.popitem(last=False)

    def of(self, run_id: RunId, write: Write) -> T | None:
        """Return what was tried for these very events."""
        before, tried = self._tried.get(_place(run_id, write), (None, None))
        return None if before is None or not _is_again(before, write) else tried

    def settle(self, run_id: RunId, write: Write) -> None:
        """Forget it: it is known how that ended. Idempotent."""
        self._tried.pop(_place(run_id, write), None)


def _place(run_id: RunId, write: Write) -> tuple[RunId, int]:
    return run_id, id(write.events[0]) if write.events else 0


def _is_again(before: Write, write: Write) -> bool:
    mine, theirs = before.events, write.events
    return len(mine) == len(theirs) and all(one is other for one, other in zip(mine, theirs, strict=True))
