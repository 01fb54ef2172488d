"""Times on the wire: RFC 3339 in UTC with milliseconds, always 24 characters, so that they sort as text."""

from __future__ import annotations

from datetime import UTC, datetime


def format_ms(ms: int) -> str:
    """Write milliseconds since the epoch as ``2026-11-21T09:36:00.000Z``."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_ms(text: object) -> int | None:
    """Read a time of the wire; None when it is not one in exactly this form."""
    if not isinstance(text, str) or len(text) != 24 or text[-1] != "Z":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
