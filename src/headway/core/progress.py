"""Honest progress: what may be said about how far a run is, and when it may end.

percent is the weighted sum of the fractions of the planned phases. It is null as long as anything in that sum is
unknown: no plan, a phase nobody declared, a running phase without a total. It never falls within an attempt, and it is
100 only when the run has finished. The sums are written so that Python and TypeScript do the same floating-point
operations in the same order; nothing is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from headway.core.clock import MS_MAX, format_ms

ETA_AFTER_PERCENT = 10
ETA_AFTER_MS = 15_000
LEFT_MAX_MS = 10 * 365 * 86_400_000
"""Ten years: whoever would take longer is not told when."""

UNFINISHED_MAX = 99
"""The most a run shows that has done everything, but has not ended."""


class Tally:
    """How many items of a phase there are and how many have ended."""

    __slots__ = ("ended", "total")

    def __init__(self) -> None:
        self.ended = 0
        self.total = 0


def fraction(phase: Mapping[str, Any], tally: Tally | None) -> float | None:
    """Return the done part of one phase, 0 to 1, or None when unknown."""
    if tally is not None and tally.total > 0:
        # Before the phase's own status: in a reopened run a phase may have finished whose items wait to be tried again.
        # An item that failed needs no more work in this attempt, so it counts like one that finished.
        return tally.ended / tally.total
    if phase["status"] == "finished":
        return 1.0
    if phase["total"] is not None:
        return min(phase["done"] / phase["total"], 1.0) if phase["total"] > 0 else 1.0
    return 0.0 if phase["status"] == "planned" else None


def percent(phases: Sequence[Mapping[str, Any]], tallies: Mapping[str, Tally]) -> float | None:
    """Return the weighted percent of a run that has not ended, or None when unknown."""
    done = 0.0
    whole = 0.0
    for phase in phases:
        part = fraction(phase, tallies.get(phase["id"]))
        if phase["weight"] is None or part is None:
            return None
        done += phase["weight"] * part
        whole += phase["weight"]
    return min(done / whole * 100, UNFINISHED_MAX) if whole > 0 else None


def eta(now_ms: int, started_ms: int, from_percent: float, reached: float, expected_s: float | None) -> str | None:
    """Return when the run may end, or None while it is too early to tell.

    Args:
        now_ms: Time of the event that moved the progress.
        started_ms: When the execution started.
        from_percent: Percent when the execution started; a retried run does not start from 0.
        reached: Percent now.
        expected_s: Usual duration in seconds, or None. Its say shrinks as the run gets further.
    """
    elapsed = now_ms - started_ms
    gained = reached - from_percent
    if reached < ETA_AFTER_PERCENT or elapsed < ETA_AFTER_MS or gained <= 0:
        return None
    left = elapsed * (100 - reached) / gained
    if expected_s is not None:
        share = reached / 100
        # float(): integers of Python do not round where those of JavaScript do
        left = share * left + (1 - share) * (float(expected_s) * 1000 * (100 - reached) / 100)
    if left > LEFT_MAX_MS or now_ms + left > MS_MAX:
        return None
    return format_ms(now_ms + math.floor(left))
