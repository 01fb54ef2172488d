"""Both clients are timed in every phase, and old logs are really dropped meanwhile."""

from __future__ import annotations

import pytest

from bench.pruning import BOTH, LISTING, PROGRAM, PRUNING, QUIET, measure


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_phase_is_what_it_is_called(tmp_path):
    """Nothing is pruned or listed where that is not said."""
    options = PROGRAM.parse(["--quick", "--old", "40000", "--seconds", "1", "--folder", str(tmp_path)])
    phases = {each["what"]: each for each in measure(options).raw}
    assert list(phases) == [QUIET, LISTING, PRUNING, BOTH]
    assert [phases[what]["lists"] > 0 for what in phases] == [False, True, False, True]
    assert phases[QUIET]["pruned"] == phases[LISTING]["pruned"] == 0
    assert phases[PRUNING]["pruned"] > 0 < phases[BOTH]["pruned"]
    assert all(len(each["append_ms"]) > 10 and len(each["resume_ms"]) > 1 for each in phases.values())
