"""Ages as a person writes them."""

from __future__ import annotations

import re
from typing import Final

from headway.errors import UsageError

NEVER: Final = "never"
_AGE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(s|m|min|h|d|w)")
_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def parse_age(text: str) -> float | None:
    """Read an age in seconds: ``90s``, ``15min``, ``1h``, ``7d``, ``2w``; ``never`` is None.

    Raises:
        UsageError: it is none.
    """
    if text.strip().lower() == NEVER:
        return None
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is no age", hint="write a number with its unit: 90s, 15min, 1h, 7d, 2w; or never")
    return float(found[1]) * _UNITS[found[2]]
