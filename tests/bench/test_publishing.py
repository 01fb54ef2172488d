"""Frames can only be equally long when the published data is exactly as long as asked for."""

from __future__ import annotations

import json

import pytest

from bench.processes import BenchError
from bench.publishing import payload


@pytest.mark.parametrize("size", [80, 200, 2000])
def test_an_event_is_as_long_as_asked_for(size):
    """The data is JSON of that many bytes and carries its number."""
    data = payload(17, size)
    assert len(data) == size
    assert json.loads(data)["bench"] == 17


def test_an_event_too_small_for_its_number_is_refused():
    """A smaller event is an error, not a larger event."""
    with pytest.raises(BenchError, match="at least 80"):
        payload(1, 20)
