"""Viewers that stop reading cost little, hold nobody up, and end right: the benchmark's claims, in ten seconds."""

from __future__ import annotations

import pytest

from bench.peers.headway_server import serving
from bench.stalled import PROGRAM, compare
from bench.stalled_run import Plan, Seen, measure

PLAN = Plan(reading=100, stalled=20, rate=100, size=4000, seconds=10)
"""4 MB for each viewer: more than all buffers on the way to one that does not read."""


@pytest.fixture(scope="module", params=["1"], ids=["direct"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Put the load on a server of its own; the parameter is `HEADWAY_DIRECT`."""
    directory = tmp_path_factory.mktemp("stalled")
    with serving(directory, set(), {"HEADWAY_DIRECT": request.param}) as (port, pid):
        return measure(port, pid, PLAN)


@pytest.mark.soak
@pytest.mark.slow
def test_readers_get_every_event_and_no_reset(outcome: Seen):
    """Viewers that read are sent every event once (or `measure` would have raised), whatever others do."""
    assert outcome.filling.events + outcome.readers.events == PLAN.reading * outcome.events
    assert outcome.readers.resets == 0
    assert outcome.readers.ended == PLAN.reading


@pytest.mark.soak
@pytest.mark.slow
def test_the_stalled_end_in_the_runs_state(outcome: Seen):
    """Every one of them really lagged, and every one arrives at `end` with the state the server shows."""
    assert outcome.wrong == []
    assert outcome.stalled_resets + outcome.stalled_reconnects >= PLAN.stalled


@pytest.mark.soak
@pytest.mark.slow
def test_memory_stays_in_bounds(outcome: Seen):
    """Twenty viewers that do not read leave the server and the kernel where a few megabytes more do not matter.

    The kernel's part is that of the server's own sockets: other tests have theirs on the same host.
    """
    assert outcome.process_mib + outcome.sockets_mib <= 64, outcome.samples


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_readers_are_measured_alone_and_beside_the_stalled():
    """Both are there, and every stalled viewer ended right."""
    found = compare(PROGRAM.parse(["--quick"]))
    assert found.faults == []
    assert found.tables[0].columns == ["", "alone", "with 10 stalled"]
    assert [line[0] for line in found.curves[0].lines][:1] == ["server's processes (RSS)"]
