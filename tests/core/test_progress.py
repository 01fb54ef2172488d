"""Honest progress: the sums themselves. What they do in a run is in conformance/fold/progress.json."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.clock import format_ms, parse_ms
from headway.core.progress import LEFT_MAX_MS, Tally, eta, fraction, percent


def phase(id: str = "a", *, status: str = "running", **other: Any) -> dict[str, Any]:
    """A phase, as far as progress looks at it."""
    return {"id": id, "weight": 1, "status": status, "done": 0, "total": None, **other}


def tally(ended: int, total: int) -> Tally:
    """So many of so many items."""
    made = Tally()
    made.ended, made.total = ended, total
    return made


@pytest.mark.parametrize(
    ("of", "items", "expected"),
    [
        (phase(status="planned"), None, 0.0),
        (phase(status="planned"), tally(0, 0), 0.0),
        (phase(status="planned", total=4), None, 0.0),
        (phase(status="finished"), None, 1.0),
        (phase(status="finished"), tally(0, 0), 1.0),
        (phase(status="finished"), tally(1, 4), 0.25),
        (phase(), None, None),
        (phase(status="failed"), None, None),
        (phase(status="failed", done=1, total=4), None, 0.25),
        (phase(done=1, total=4), None, 0.25),
        (phase(done=5, total=4), None, 1.0),
        (phase(done=0, total=0), None, 1.0),
        (phase(done=1, total=4), tally(3, 4), 0.75),
    ],
)
def test_fraction(of, items, expected):
    """The done part of one phase."""
    assert fraction(of, items) == expected


def test_percent_needs_a_plan():
    """Nothing is known of nothing."""
    assert percent([], {}) is None


def test_percent_needs_every_phase():
    """One unknown part makes the sum unknown."""
    assert percent([phase("a", status="finished"), phase("b")], {}) is None
    assert percent([phase("a", status="finished"), phase("b", weight=None, status="finished")], {}) is None


def test_percent_is_weighted():
    """80 of 100, half of it done."""
    assert percent([phase("a", weight=80, done=5, total=10), phase("b", weight=20, status="planned")], {}) == 40


def test_percent_uses_the_items_of_each_phase():
    """Tallies are looked up by phase."""
    assert percent([phase("a"), phase("b")], {"a": tally(1, 2), "b": tally(0, 2), "c": tally(9, 9)}) == 25


statuses = st.sampled_from(["planned", "running", "finished", "failed"])
quantities = st.floats(0, 2**53 - 1) | st.integers(0, 2**53 - 1)
weights = st.none() | st.floats(5e-324, 1e9) | st.integers(1, 10**9)


@given(st.lists(st.tuples(weights, statuses, quantities, st.none() | quantities), max_size=8))
def test_percent_is_null_or_between_0_and_99(given_phases):
    """Only the end is 100."""
    phases = [
        phase(str(n), weight=weight, status=status, done=done, total=total)
        for n, (weight, status, done, total) in enumerate(given_phases)
    ]
    shown = percent(phases, {})
    assert shown is None or 0 <= shown <= 99


NOW = 1_767_225_660_000
END = 253_402_300_799_999


def test_now_is_then():
    """As the expectations below are written."""
    assert format_ms(NOW) == "2026-01-01T00:01:00.000Z"


def test_eta_goes_on_at_the_pace_so_far():
    """A quarter in 15 seconds: the rest in 45."""
    assert eta(NOW, NOW - 15_000, 0, 25, None) == "2026-01-01T00:01:45.000Z"


def test_eta_counts_what_this_execution_gained():
    """From 50 to 75 in 20 seconds: the last quarter in 20 more."""
    assert eta(NOW, NOW - 20_000, 50, 75, None) == "2026-01-01T00:01:20.000Z"


def test_eta_listens_to_the_usual_duration():
    """Half of 120 seconds are usual, 30 were measured: half and half."""
    assert eta(NOW, NOW - 30_000, 0, 50, 120) == "2026-01-01T00:01:45.000Z"


@pytest.mark.parametrize(
    ("started", "start", "reached", "expected"),
    [
        (NOW - 60_000, 0, 9.99, None),
        (NOW - 14_999, 0, 50, None),
        (NOW - 60_000, 50, 50, None),
        (NOW - 60_000, 60, 50, None),
        (NOW - 60_000, 10 - 1e-9, 10, None),
        (NOW - 60_000, math.nextafter(50, 0), 50, 1),
        (NOW - 60_000, 0, 10, 2**53 - 1),
    ],
)
def test_no_eta(started, start, reached, expected):
    """Too early, or no gain, or one that would take for ever."""
    assert eta(NOW, started, start, reached, expected) is None


def test_no_eta_beyond_ten_years():
    """A fifth took two and a half years: the rest takes just ten."""
    started = NOW - LEFT_MAX_MS // 4
    assert eta(NOW, started, 0, 20, None) is not None
    assert eta(NOW, started - 1_000, 0, 20, None) is None


def test_no_eta_past_the_last_year():
    """There is no way to write it."""
    assert eta(END - 15_000, END - 30_000, 0, 50, None) == "9999-12-31T23:59:59.999Z"
    assert eta(END - 14_999, END - 30_000, 0, 50, None) is None


@given(
    st.integers(0, 253_402_300_799_999),
    st.integers(0, 10**13),
    st.floats(0, 99),
    st.floats(0, 99),
    st.none() | quantities,
)
def test_eta_is_total(now, elapsed, start, reached, expected):
    """It never raises, and never points into the past."""
    moment = eta(now, now - elapsed, start, reached, expected)
    assert moment is None or (parse_ms(moment) or 0) >= now
