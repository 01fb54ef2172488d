"""What is away for a while is told of when that begins, once a minute while it lasts, and when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from headway.errors import HeadwayError

REMIND_EVERY_S: Final = 60.0


class Outage:
    """Tells of something that fails again and again until it goes again.

    Args:
        log: Where it is told.
        failing: Said when it begins, before the reason.
        over: Said when it is over, before how long it lasted.
        monotonic: Counts seconds.

    Attributes:
        times: How often it is over by now.
    """

    def __init__(
        self, log: logging.Logger, failing: str, over: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._failing = failing
        self._over = over
        self._monotonic = monotonic
        self._since: float | None = None
        self._told_at = 0.0
        self.times = 0

    @property
    def lasts(self) -> bool:
        """Whether it failed the last time."""
        return self._since is not None

    def note(self, error: BaseException) -> None:
        """It failed; a line is written if it did not before, or nothing was said of it for a minute."""
        now = self._monotonic()
        if self._since is None:
            self._since = self._told_at = now
            self._log.warning("%s: %s", self._failing, reason(error))
        elif now - self._told_at >= REMIND_EVERY_S:
            self._told_at = now
            self._log.warning("%s, for %s by now: %s", self._failing, _spelled(now - self._since), reason(error))

    def end(self) -> None:
        """It went well; a line is written if it failed before."""
        if self._since is not None:
            self._log.info("%s, after %s", self._over, _spelled(self._monotonic() - self._since))
            self._since = None
            self.times += 1


def reason(error: BaseException) -> str:
    """Return why something failed, as one line: what a driver said, which libraries wrap in words of their own."""
    while error.__cause__ is not None and not isinstance(error, HeadwayError):
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__


def _spelled(seconds: float) -> str:
    """Return a time as a person says it, to two digits or so."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
