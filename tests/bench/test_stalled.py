"""Viewers that stop reading cost little, hold nobody up, and end right: the benchmark's claims, in ten seconds."""

from __future__ import annotations

import pytest

from bench.peers.headway_server import serving
from bench.stalled import Outcome, Plan, measure, text

PLAN = Plan(reading=100, stalled=20, rate=100, size=4000, seconds=10)
"""4 MB for each viewer: more than all buffers on the way to one that does not read."""


@pytest.fixture(scope="module", params=["1"], ids=["direct"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Put the load on a server of its own; the parameter is `HEADWAY_DIRECT`."""
    directory = tmp_path_factory.mktemp("stalled")
    with serving(directory, set(), {"HEADWAY_DIRECT": request.param}) as (port, pid):
        return measure(port, pid, PLAN)


@pytest.mark.slow
def test_readers_get_every_event_and_no_reset(outcome: Outcome):
    """Viewers that read are sent every event once (or `measure` would have raised), whatever others do."""
    assert outcome.readers.events == PLAN.reading * outcome.events
    assert outcome.readers.resets == 0
    assert outcome.readers.ended == PLAN.reading


@pytest.mark.slow
def test_the_stalled_end_in_the_runs_state(outcome: Outcome):
    """Every one of them really lagged, and every one arrives at `end` with the state the server shows."""
    assert outcome.wrong == []
    assert outcome.stalled_resets + outcome.stalled_reconnects >= PLAN.stalled


@pytest.mark.slow
def test_memory_stays_in_bounds(outcome: Outcome):
    """Twenty viewers that do not read leave the server and the kernel where a few megabytes more do not matter."""
    assert outcome.growth_mib <= 64, text(outcome, 64)
