"""What is away for a while is told of twice: when that begins, and when it is over."""

from __future__ import annotations

import logging

from headway.errors import HeadwayError


class Outage:
    """Tells of something that fails again and again until it goes again.

    Args:
        log: Where it is told.
        failing: Said when it begins, before the reason.
        over: Said when it is over.
    """

    def __init__(self, log: logging.Logger, failing: str, over: str) -> None:
        self._log = log
        self._failing = failing
        self._over = over
        self.lasts = False

    def note(self, error: BaseException) -> None:
        """It failed; a line is written if it did not before."""
        if not self.lasts:
            self.lasts = True
            self._log.warning("%s: %s", self._failing, reason(error))

    def end(self) -> None:
        """It went well; a line is written if it failed before."""
        if self.lasts:
            self.lasts = False
            self._log.info("%s", self._over)


def reason(error: BaseException) -> str:
    """Return why something failed, as one line: what a driver said, which libraries wrap in words of their own."""
    while error.__cause__ is not None and not isinstance(error, HeadwayError):
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__
