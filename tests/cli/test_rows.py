"""Rows of a known width."""

import pytest
from rich.cells import cell_len
from rich.text import Text

from headway.cli.rows import Pen

WIDE = "北京" * 30


@pytest.mark.parametrize("width", range(1, 40))
@pytest.mark.parametrize("text", ["", "x", "a long title of something", WIDE, "é🏔" * 20])
@pytest.mark.parametrize("unicode", [True, False])
def test_nothing_is_wider_than_asked_for(width, text, unicode):
    """Not even where one character takes two columns."""
    pen = Pen(width, unicode)
    assert cell_len(pen.fit(Text(text), width).plain) <= width
    assert cell_len(pen.row(Text(text), Text("right")).plain) <= width
    if width > 8:
        assert cell_len(pen.row(Text(text), indent=4).plain) <= width
        columns = pen.columns([(Text(text), 3), (Text(text), 2)], Text(text), indent=2)
        assert cell_len(columns.plain) <= width
    for line in pen.wrap(text, max(2, width), 100):
        assert cell_len(line) <= max(2, width)


def test_the_right_side_is_kept():
    """The left one gives way."""
    row = Pen(20).row(Text("a very long title indeed"), Text("running"))
    assert row.plain == "a very lon…  running"


def test_styles_survive():
    """Of text that was cut, too."""
    row = Pen(12).row(Text.assemble(("red", "red"), " and much more"))
    assert row.plain == "red and muc…"
    assert any(span.style == "red" for span in row.spans)


@pytest.mark.parametrize("width", [1, 7, 10, 31])
@pytest.mark.parametrize("fraction", [-1, 0, 0.01, 0.33, 0.5, 0.999, 1, 7])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_bar_is_as_wide_as_it_should_be(width, fraction, unicode):
    """And never full before its time."""
    for moving in (False, True):
        bar = Pen(80, unicode, now=1234.5).bar(width, fraction, moving=moving).plain
        assert cell_len(bar) == width
    bar = Pen(80, unicode).bar(width, fraction).plain
    assert ("─" in bar or "-" in bar or "╸" in bar) == (fraction < 1)


def test_a_bar_moves_where_nobody_knows_the_end():
    """From one side to the other, and again; what is done stays."""
    pictures = {Pen(80, now=tenth / 10).bar(20, 0.25, moving=True).plain for tenth in range(100)}
    assert len(pictures) > 10
    assert all(picture.startswith("━━━━━") for picture in pictures)


def test_text_is_wrapped_at_spaces():
    """Its end is shown; empty lines at either side are not."""
    assert Pen(80).wrap("one two three\n\nfour\n\n", 8, 10) == ["one two", "three", "", "four"]
    assert Pen(80).wrap("one two three\n\nfour", 8, 2) == ["four"]
    assert Pen(80).wrap("unbreakable", 4, 10) == ["unbr", "eaka", "ble"]
    assert Pen(80).wrap("", 8, 3) == []
    assert Pen(80).wrap("text", 8, 0) == []


def test_only_the_end_of_long_text_is_looked_at():
    """A MiB of it costs nothing more."""
    assert Pen(80).wrap("x" * 1_000_000 + "\nthe end", 20, 1) == ["the end"]
