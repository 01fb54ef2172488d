"""The ping wheel: every connection once a turn, a few at a time, by one timer for all of them.

Ten thousand pings at once would stop the event loop for 64 ms; in 64 parts nobody notices.
"""

from __future__ import annotations

from typing import Final, Generic, Protocol, TypeVar

SLOTS: Final = 64


class Slotted(Protocol):
    """Something that remembers its slot."""

    slot: int


T = TypeVar("T", bound=Slotted)


class Wheel(Generic[T]):
    """Goes around once in `turn_s`; the caller moves it.

    Args:
        turn_s: Seconds of one turn.
        now: Where it begins, on the caller's clock.
    """

    __slots__ = ("_at", "_next", "_slot_s", "_slots")

    def __init__(self, turn_s: float, now: float) -> None:
        self._slot_s = turn_s / SLOTS
        self._slots: tuple[dict[T, None], ...] = tuple({} for _ in range(SLOTS))
        self._at = int(now / self._slot_s)
        self._next = 0

    @property
    def slot_s(self) -> float:
        """Seconds per slot."""
        return self._slot_s

    def add(self, member: T) -> None:
        """Put somebody into the next slot in turn, so that all are equally full."""
        self._next = (self._next + 1) % SLOTS
        member.slot = self._next
        self._slots[self._next][member] = None

    def remove(self, member: T) -> None:
        """Take somebody off. Idempotent."""
        self._slots[member.slot].pop(member, None)

    def due(self, now: float) -> list[T]:
        """Return whose turn came since the last call; after a long pause everybody once."""
        at = int(now / self._slot_s)
        passed = range(max(self._at, at - SLOTS) + 1, at + 1)
        self._at = at
        return [member for number in passed for member in self._slots[number % SLOTS]]
