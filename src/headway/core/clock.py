"""Times on the wire: RFC 3339 in UTC with milliseconds, always 24 characters, so that they sort as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

MS_MIN: Final = -62_135_596_800_000
"""The first millisecond of the year 1, the first that can be written."""

MS_MAX: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the last that can be written."""


def format_ms(ms: int) -> str:
    """Write milliseconds since the epoch as ``2026-11-21T09:36:00.000Z``.

    Raises:
        OverflowError: not in the years 1 to 9999.
    """
    moment = _EPOCH + ms * _MS
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_ms(text: object) -> int | None:
    """Read a time of the wire; None when it is not one in exactly this form."""
    return _parse(text) if isinstance(text, str) else None


@lru_cache(maxsize=256)  # a fold asks for the start of its execution again and again, and a batch shares one time
def _parse(text: str) -> int | None:
    try:
        ms = (datetime.fromisoformat(text) - _EPOCH) // _MS
        # fromisoformat takes week dates, commas and offsets, too; only an exact time comes out as it went in
        return ms if format_ms(ms) == text else None
    except (ValueError, TypeError, OverflowError):  # not a time; without a zone; beyond the years 1 to 9999
        return None
