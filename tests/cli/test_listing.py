"""Which items are shown."""

from typing import Any

from headway.cli.listing import listing


def items(*given: tuple[str, str, str | None]) -> dict[str, dict[str, Any]]:
    """Items by key, status and parent."""
    return {key: {"status": status, "parent": parent, "seq": seq} for seq, (key, status, parent) in enumerate(given, 1)}


def keys(found) -> list[str]:
    """What is shown, as an outline."""
    return ["  " * listed.depth + listed.key for listed in found.shown]


def test_all_of_them_where_there_is_room():
    """Children after their parents, in the order they came."""
    found = listing(
        items(("a", "running", None), ("b", "planned", None), ("a/1", "finished", "a"), ("a/2", "failed", "a")), 4
    )
    assert keys(found) == ["a", "  a/1", "  a/2", "b"]
    assert found.left_out == {}


def test_what_matters_where_there_is_none():
    """What goes on, what failed, what comes next; then what was finished last. The rest is counted."""
    given = items(
        ("old", "finished", None), ("new", "finished", None), ("broken", "failed", None), ("busy", "running", None),
        ("next", "planned", None), ("later", "planned", None),
    )  # fmt: skip
    assert keys(listing(given, 5)) == ["broken", "busy", "next", "later"]
    found = listing(given, 3)
    assert keys(found) == ["broken", "busy"]
    assert found.left_out == {"planned": 2, "finished": 2}
    given = items(("old", "finished", None), ("new", "finished", None), ("busy", "running", None))
    assert keys(listing(given, 2)) == ["busy"]
    assert listing(given, 1).left_out == {"running": 1, "finished": 2}


def test_order_is_that_of_their_events():
    """Whatever order the object has."""
    given = items(("a", "planned", None), ("b", "planned", None))
    assert keys(listing(dict(reversed(given.items())), 5)) == ["a", "b"]


def test_strange_parents_lose_nobody():
    """One that is not there, one of one's own, a circle."""
    given = items(("a", "planned", "gone"), ("b", "planned", "b"), ("c", "planned", "d"), ("d", "planned", "c"))
    assert sorted(key.strip() for key in keys(listing(given, 9))) == ["a", "b", "c", "d"]


def test_deep_trees():
    """A chain of a thousand is no recursion."""
    given = items(("0", "planned", None), *((str(n), "planned", str(n - 1)) for n in range(1, 1000)))
    assert listing(given, 2000).shown[-1].depth == 999
