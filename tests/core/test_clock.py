"""Times of the wire."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.clock import MS_MAX, MS_MIN, format_ms, parse_ms
from tests.core.conformance import ROOT

CASES = json.loads((ROOT / "clock.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["parse"], ids=lambda case: repr(case["text"]))
def test_parsing(case):
    """Only texts of exactly one form are times."""
    assert parse_ms(case["text"]) == case["ms"]


@pytest.mark.parametrize("case", CASES["format"], ids=lambda case: case["text"])
def test_formatting(case):
    """Times are written with milliseconds, in UTC."""
    assert format_ms(case["ms"]) == case["text"]


@given(st.lists(st.integers(MS_MIN, MS_MAX), min_size=2))
def test_times_survive_writing_and_sort_as_text(times):
    """What was written is read again, and the order of texts is the order of times."""
    texts = [format_ms(ms) for ms in times]
    assert [parse_ms(text) for text in texts] == times
    assert sorted(texts) == [format_ms(ms) for ms in sorted(times)]
    assert {len(text) for text in texts} == {24}


@given(st.text() | st.none() | st.integers())
def test_anything_may_be_asked(text):
    """Reading is total, and what is read is what was written."""
    ms = parse_ms(text)
    assert ms is None or format_ms(ms) == text


@pytest.mark.parametrize("ms", [MS_MIN - 1, MS_MAX + 1])
def test_years_that_cannot_be_written(ms):
    """There are four digits for a year."""
    with pytest.raises(OverflowError):
        format_ms(ms)
