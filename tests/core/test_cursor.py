"""Cursors, as they go over the wire."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.cursor import START, Cursor, new_tag
from headway.errors import InvalidCursor
from tests.core.conformance import ROOT

CASES = json.loads((ROOT / "cursor.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["valid"], ids=lambda case: case["text"])
def test_valid_cursors(case):
    """A cursor reads and writes itself."""
    cursor = Cursor.parse(case["text"])
    assert (cursor.seq, cursor.tag, str(cursor)) == (case["seq"], case["tag"], case["text"])


@pytest.mark.parametrize("case", CASES["invalid"], ids=lambda case: case["name"])
def test_invalid_cursors(case):
    """Anything else is refused, quoted in part, with a way out."""
    with pytest.raises(InvalidCursor) as caught:
        Cursor.parse(case["text"])
    assert repr(case["text"][:64]) in caught.value.detail
    assert len(caught.value.detail) < 200
    assert caught.value.hint


@given(st.integers(0, 10**15 - 1))
def test_every_batch_gets_a_cursor_that_reads_back(seq):
    """Fresh tags fit the form."""
    cursor = Cursor(seq, new_tag())
    assert Cursor.parse(str(cursor)) == cursor


def test_tags_differ():
    """A log that lost its tail and grew again has other tags."""
    assert len({new_tag() for _ in range(100)}) == 100


def test_the_start_comes_before_the_first_event():
    """It is what an empty snapshot carries, too."""
    assert str(START) == "0.0"
