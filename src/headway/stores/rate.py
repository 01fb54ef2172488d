"""How often attempts of a job may begin. Pure: the stores keep the last beginnings, and ask here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headway.errors import UsageError

TIMES_MAX: Final = 1_000
"""So many beginnings are kept of a job, and written with each claim."""

_UNITS_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_FORM: Final = re.compile(r"([0-9]{1,9})/([smhd])")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many beginnings in any stretch of time of that length, wherever it starts.

    No token bucket: a full one lets twice as many through in the first stretch, which is what whoever counts at the
    other end (an API with a quota) calls too many.

    Attributes:
        times: How many; from 1 to `TIMES_MAX`.
        per_ms: Length of the stretch.
        text: As it was written: ``10/m``.
    """

    times: int
    per_ms: int
    text: str

    @staticmethod
    def parse(text: str) -> Rate:
        """Read ``5/s``, ``10/m``, ``100/h`` or ``1000/d``.

        Raises:
            UsageError: it has another form, or a number that cannot be.
        """
        match = _FORM.fullmatch(str(text))
        if match is None:
            raise UsageError(
                f"the rate {text!r} is not one", hint="write a number and s, m, h or d: 5/s, 10/m, 100/h, 1000/d"
            )
        times = int(match[1])
        if not 1 <= times <= TIMES_MAX:
            raise UsageError(
                f"the rate {text!r} is not from 1 to {TIMES_MAX}", hint="name a shorter time: 30/s for 1800/m"
            )
        return Rate(times, _UNITS_MS[match[2]], text)

    def wait_ms(self, begun: Sequence[int], now_ms: int) -> int:
        """Return how long the next one has to wait; 0: not at all.

        Args:
            begun: When the last ones began, the last one first.
            now_ms: By the same clock.
        """
        if len(begun) < self.times:
            return 0
        wait_ms = begun[self.times - 1] + self.per_ms - now_ms
        return wait_ms if 0 < wait_ms <= 2 * self.per_ms else 0  # a clock that was set back holds up nobody for long

    def kept(self, begun: Sequence[int], now_ms: int) -> list[int]:
        """Return what is to be kept when one begins now."""
        return [now_ms, *begun[: self.times - 1]]

    def room(self, ago_ms: Sequence[int]) -> int:
        """Return how many may begin now, given how long ago the last ones began."""
        return self.times - sum(1 for ago in ago_ms[: self.times] if abs(ago) < self.per_ms)

    def __str__(self) -> str:
        return self.text
