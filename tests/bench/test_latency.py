"""Every way of publishing reaches every viewer, in short. No time is looked at."""

from __future__ import annotations

import pytest

from bench.latency import BURST, HTTP, INSIDE, PROGRAM, WORKER, measure


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_way_and_shape_is_measured():
    """From inside, from a worker and over HTTP, on one run and on several; nothing is lost."""
    found = measure(PROGRAM.parse(["--quick", "--viewers", "1", "4", "--runs", "4", "--seconds", "0.3"]))
    ways = [row[:2] for row in found.tables[0].rows if row[0] in (INSIDE, WORKER, HTTP, BURST)]
    shapes = ["1 of one run", "4 of one run", "4 of 4 runs"]
    assert ways == [*([way, shape] for way in (INSIDE, WORKER, HTTP) for shape in shapes), [BURST, "4 of one run"]]
