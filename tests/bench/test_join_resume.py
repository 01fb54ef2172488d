"""Joining and resuming, in short: what viewers were sent, not how long it took."""

from __future__ import annotations

import pytest

from bench import join, resume


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_joining_is_one_frame_however_long_the_log_is(tmp_path):
    """As large as the text; all events are many times that."""
    found = join.measure(join.PROGRAM.parse(["--quick", "--deltas", "1500", "--folder", str(tmp_path)]))
    rows = {row[0]: row for row in found.tables[0].rows}
    frames, text = found.tables[0].columns.index("frames"), found.tables[0].columns.index("x text")
    assert [rows[way][frames] for way in (join.COLD, join.WARM, join.WATCHED)] == ["1", "1", "1"]
    assert float(rows[join.COLD][text]) < 1.2
    assert float(rows[join.REPLAY][text]) > 10


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_who_resumes_is_sent_what_was_missed(tmp_path):
    """Events, never a snapshot, at both depths."""
    found = resume.measure(resume.PROGRAM.parse(["--quick", "--folder", str(tmp_path)]))
    assert found.faults == []
    assert [row[0] for row in found.tables[0].rows] == list(resume.WAYS.values())
    assert {goal.limit for goal in found.goals} == {2.0}
