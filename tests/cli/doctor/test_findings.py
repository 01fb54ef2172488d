"""What is found."""

from headway.cli.doctor.findings import Level, fail, ok, warn


def test_only_what_is_wrong_is_mended():
    """Each level by its own function."""
    assert [(each.level, each.mend) for each in (ok("a", "b"), warn("a", "b", "c"), fail("a", "b", "d"))] == [
        (Level.OK, ""),
        (Level.WARN, "c"),
        (Level.FAIL, "d"),
    ]
