"""The clock of Redis, read without asking it each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_AGAIN_S: Final = 30.0
_CLEAR_S: Final = 0.05
"""An answer that took longer says little about the time; it is taken only for want of a better one."""

# goes on while the machine sleeps, where there is such a clock
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_s() -> float:
    """Return seconds that only go on."""
    return time.clock_gettime(_STEADY)


class RedisClock:
    """Milliseconds since the epoch by the clock of Redis, to be asked from any thread.

    Args:
        steady: Seconds that only go on.
    """

    def __init__(self, steady: Callable[[], float] = steady_s) -> None:
        self._steady = steady
        self._offset_s: float | None = None
        self._set_at = 0.0

    def __call__(self) -> int:
        """Return the time."""
        return int(((self._offset_s or 0) + self._steady()) * 1000)

    def begin(self) -> float:
        """Return what `set` is to be told, just before Redis is asked."""
        return self._steady()

    @property
    def is_old(self) -> bool:
        """Whether Redis should be asked again."""
        return self._offset_s is None or self._steady() - self._set_at > _AGAIN_S

    def set(self, began: float, seconds: int, microseconds: int) -> None:
        """Take over the answer of ``TIME``, which was given between `began` and now."""
        now = self._steady()
        if self._offset_s is None or now - began < _CLEAR_S or now - self._set_at > 10 * _AGAIN_S:
            self._offset_s = seconds + microseconds / 1_000_000 - (began + now) / 2
            self._set_at = now
