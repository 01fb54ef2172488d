"""Clocks: whether this machine's is steady, and how far it is from the server's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from headway.cli.doctor.findings import Finding, fail, ok, warn

JUMP_S: Final = 0.05
SKEW_WARN_S: Final = 2.0
SKEW_FAIL_S: Final = 60.0
_NTP: Final = "let NTP set the clocks (timedatectl set-ntp true)"


class Steady:
    """Compares the wall clock with one that cannot be set, from now on.

    Args:
        wall: Seconds by the wall clock.
        monotonic: Seconds by the other.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._began = wall() - monotonic()
        self._at = monotonic()

    def look(self) -> Finding:
        """Say whether the wall clock was set meanwhile."""
        jump = self._wall() - self._monotonic() - self._began
        for_s = self._monotonic() - self._at
        if abs(jump) > JUMP_S:
            return warn("clock", f"the clock jumped by {jump:+.2f} s while it was looked at for {for_s:.1f} s", _NTP)
        return ok("clock", f"steady for the {for_s:.1f} s it was looked at")


def skew(ahead_s: float, precision_s: float) -> Finding:
    """Judge how far the server's clock is ahead of ours.

    Args:
        ahead_s: As measured.
        precision_s: How far that may be wrong.
    """
    about = "server's clock"
    beyond = max(0.0, abs(ahead_s) - precision_s)
    text = f"{abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's (± {precision_s:.1f} s)"
    if beyond > SKEW_FAIL_S:
        return fail(about, f"{text}: tokens will be refused as expired or not valid yet", _NTP)
    if beyond > SKEW_WARN_S:
        return warn(about, f"{text}: pages show wrong durations", _NTP)
    return ok(about, "the same as this machine's, as far as that can be told" if not beyond else text)
