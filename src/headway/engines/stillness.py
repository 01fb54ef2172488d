"""For how long things have stood still: how a process tells by its own clock that another one shows no life."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable


class Stillness:
    """Counts for how long values have not changed, in seconds during which this process was awake.

    A suspended machine, a stopped process or a stepped clock makes nothing look older than it is: what could not have
    been seen to move is not counted.

    Args:
        every_s: Seconds between two looks; of a longer gap no more than twice as much is believed.
        monotonic: Counts seconds.
    """

    def __init__(self, every_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._awake_s = 0.0
        self._seen: dict[Hashable, tuple[object, float]] = {}

    @property
    def awake_s(self) -> float:
        """For how long this process has looked."""
        return self._awake_s

    def look(self) -> None:
        """Count the time since the last look. Comes before the values that are looked at."""
        now = self._monotonic()
        self._awake_s += min(now - self._looked_at, 2 * self._every_s)
        self._looked_at = now

    def seconds(self, key: Hashable, value: object) -> float:
        """Return for how long a key has had this value."""
        seen = self._seen.get(key)
        if seen is None or seen[0] != value:
            seen = self._seen[key] = value, self._awake_s
        return self._awake_s - seen[1]

    def keep(self, keys: Collection[Hashable]) -> None:
        """Forget all others."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}

    def clear(self) -> None:
        """Begin anew with everything: a store that was away says nothing about those who write to it."""
        self._seen.clear()
