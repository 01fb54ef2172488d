"""The fault matrix in the documentation, and how a page is judged that goes into it."""

from pathlib import Path

import pytest

from tests.e2e.fault_matrix import PAGE, TESTS, Row, duplicates, gaps, read, table, told_by, write


def row(test: str) -> Row:
    """A row of a test."""
    return Row(test, "Drop", "it is dropped.", "2 + 0", "sse", 7, 1, 0, 0, "equal")


def test_the_page_lists_the_tests_there_are() -> None:
    """Each once for each browser, in their order, in their words; `make fault-matrix` writes it."""
    there_are = [told for file in TESTS for told in told_by(file)]
    assert read(PAGE) == {"Chromium": there_are, "Firefox": there_are}


def test_each_test_says_what_is_wrong_and_what_is_done() -> None:
    """In its docstring: it is a row of the table."""
    for file in TESTS:
        for name, fault, done in told_by(file):
            assert fault, name
            assert done.endswith("."), name
            assert "|" not in fault + done, name


def test_the_page_is_not_written_of_some_of_the_tests() -> None:
    """Nor of those that failed."""
    with pytest.raises(ValueError, match="missing"):
        write([row("test_drop")], PAGE, "Chromium")


def test_what_is_said_of_another_browser_is_kept(tmp_path: Path) -> None:
    """They are run one after the other."""
    rows = [row(name) for file in TESTS for name, _, _ in told_by(file)]
    page = tmp_path / "page.md"
    for browser in ("Firefox 1.0", "Chromium 1.0", "Firefox 1.1"):
        write(rows, page, browser)
    heads = [line.partition(",")[0] for line in page.read_text().splitlines() if line.startswith("#")]
    assert heads == ["# The fault matrix", "## Chromium 1.0", "## Firefox 1.1"]


def test_rows_come_in_the_order_of_the_tests() -> None:
    """Whatever the order they were run in."""
    lines = table([row("test_drop"), row("test_nothing")]).splitlines()
    assert [line.split("`")[1] for line in lines[2:]] == ["test_nothing", "test_drop"]


@pytest.mark.parametrize(
    ("told", "snapshots", "last", "missing"),
    [
        ([], [], 0, 0),
        ([1, 2, 3], [], 3, 0),
        ([4, 5], [3], 5, 0),
        ([4, 5], [], 5, 3),
        ([4, 5, 9], [3, 8], 9, 0),
        ([4, 5, 9], [3, 7], 9, 3),
        ([4, 5], [3, 9], 9, 0),
        ([4, 5], [3], 6, 1),
    ],
)
def test_a_gap_is_what_neither_came_nor_was_stood_for(
    told: list[int], snapshots: list[int], last: int, missing: int
) -> None:
    """A snapshot stands for what is before it, if the next event is the one after it."""
    assert gaps(told, snapshots, last) == missing


@pytest.mark.parametrize(("told", "twice"), [([], 0), ([1, 2, 5], 0), ([1, 1, 2], 1), ([1, 2, 3, 2, 3, 4], 1)])
def test_a_duplicate_is_what_came_before_or_too_late(told: list[int], twice: int) -> None:
    """Each step back counts."""
    assert duplicates(told) == twice
