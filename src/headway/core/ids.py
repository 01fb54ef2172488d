"""Identifiers: UUIDv7 (RFC 9562, section 5.7), so that they sort by the time they were made."""

from __future__ import annotations

import secrets
import time

_last = 0


def _uuid7_hex() -> str:
    """Return a UUIDv7 whose 60 leading bits grow within this process, also within one millisecond."""
    global _last  # noqa: PLW0603 - the order of ids is a property of the process
    _last = _stamp(time.time_ns() // 1_000_000, _last)
    return _hex(_last)


def _stamp(ms: int, last: int) -> int:
    """Return 48 bits of time and 12 of a count that begins anywhere, higher than the stamp before."""
    return max(ms << 12 | secrets.randbits(11), last + 1)


def _hex(stamp: int) -> str:
    head = (stamp >> 12) << 16 | 0x7000 | stamp & 0xFFF
    tail = 0b10 << 62 | secrets.randbits(62)
    return f"{head:016x}{tail:016x}"


def new_run_id() -> str:
    """Return the id of a new run."""
    return f"run_{_uuid7_hex()}"


def new_execution_id() -> str:
    """Return the id of a new execution."""
    return f"exe_{_uuid7_hex()}"


def new_worker_id() -> str:
    """Return the id of a process that works on runs."""
    return f"wrk_{_uuid7_hex()}"


def new_correlation_id() -> str:
    """Return an id that ties together what one request caused."""
    return secrets.token_hex(8)
