"""The page about stores: each promise names tests that exist."""

from tests.docs.test_protocol import REFERENCE, ROOT, exists

PAGE = (ROOT / "docs/reference/stores.md").read_text(encoding="utf-8")


def test_each_promise_is_held_by_a_test() -> None:
    """On every store, and when something dies."""
    references = REFERENCE.findall(PAGE)
    assert len(references) > 30
    assert [reference for reference in references if not exists(*reference)] == []
    for line in PAGE.partition("## On every store")[2].partition("## When something dies")[0].splitlines():
        if line.startswith("| ") and "promise" not in line:
            assert "::" in line, f"nothing holds: {line}"
