"""Jobs that have begun as often as their rate allows: nobody asks for them before they may begin again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection


class Pace:
    """What this process knows of them. Others begin the same jobs, so it saves questions, and decides nothing.

    Args:
        monotonic: Counts seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[str, float] = {}

    def hold(self, job: str, wait_s: float) -> None:
        """Leave a job alone for so long."""
        self._until[job] = self._monotonic() + wait_s

    def held(self) -> Collection[str]:
        """Return the jobs that are to be left alone now."""
        now = self._monotonic()
        self._until = {job: until for job, until in self._until.items() if until > now}
        return self._until.keys()

    def next_s(self, most_s: float) -> float:
        """Return in how many seconds the first of them may begin again; never more than `most_s`."""
        return max(0.0, min([most_s, *(until - self._monotonic() for until in self._until.values())]))
