"""Trips are really planned, all of them."""

from __future__ import annotations

import importlib.util

import pytest

from bench.itineraries import PROGRAM, measure


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="ortools plans the days")
def test_all_trips_are_planned():
    """Every one succeeds; the answers and the processor time of all three processes are there."""
    found = measure(PROGRAM.parse(["--quick"]))
    assert found.faults == []
    assert found.raw["ended"][-1][1] == found.raw["trips"] == len(found.raw["start_ms"])
    assert set(found.raw["cpu_s"]) == {"server", "worker", "provider"}
    assert all(spent > 0 for spent in found.raw["cpu_s"].values())
