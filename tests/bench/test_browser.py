"""Pages in a browser, in short: that they show the right state and draw seldom, not how long it took."""

from __future__ import annotations

import pytest

from bench.browser import LATE, NAIVE, PROGRAM, measure


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_late_join_is_drawn_at_most_five_times():
    """Both pages end with the right state; ours draws it once or little more."""
    found = measure(PROGRAM.parse(["--quick"]))
    assert found.faults == []
    drawn = {each["page"]: each["commits"] for each in found.raw if each["what"] == LATE}
    assert all(commits <= 5 for page, commits in drawn.items() if page != NAIVE)
    assert found.goals[0].met
