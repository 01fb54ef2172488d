"""Viewers that are cut come back and miss nothing: the claim itself, with a hundred of them."""

from __future__ import annotations

import pytest

from bench.cut import PROGRAM, WAYS, measure


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_all_come_back_and_have_everything():
    """In whichever way they were cut."""
    found = measure(PROGRAM.parse(["--quick"]))
    assert found.faults == []
    assert [each["way"] for each in found.raw] == list(WAYS)
    assert all((each["gaps"], each["duplicates"], each["resets"]) == (0, 0, 0) for each in found.raw)
    assert all(each["meanwhile"] > 0 for each in found.raw)
    assert [line[1][-1][1] for line in found.curves[0].lines] == [100.0] * len(WAYS)
