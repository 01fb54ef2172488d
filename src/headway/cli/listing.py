"""Which items of a run to show, when there is not room for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Items = Mapping[str, Mapping[str, Any]]

_URGENCY: Final = {"running": 0, "failed": 1, "planned": 2, "finished": 3}


@dataclass(frozen=True, slots=True)
class Listed:
    """An item with its place in the tree."""

    key: str
    depth: int
    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """Items to show.

    Attributes:
        shown: In the order they came, children after their parents.
        left_out: How many of each status are not shown.
    """

    shown: Sequence[Listed]
    left_out: Mapping[str, int]


def listing(items: Items, room: int) -> Listing:
    """Choose items for so many rows, the last of which may say what was left out.

    All of them if there is room; else what goes on and what has failed, then what comes next, then what was finished
    last.
    """
    tree = _tree(items)
    if len(tree) <= room:
        return Listing(tree, {})
    ranked = sorted(range(len(tree)), key=lambda place: _rank(tree[place], place))
    kept = sorted(ranked[: max(0, room - 1)])
    left_out = Counter(tree[place].item["status"] for place in ranked[max(0, room - 1) :])
    return Listing([tree[place] for place in kept], {name: left_out[name] for name in _URGENCY if left_out[name]})


def _rank(listed: Listed, place: int) -> tuple[int, int]:
    urgency = _URGENCY.get(listed.item["status"], 2)
    return urgency, -place if urgency == 3 else place


def _tree(items: Items) -> list[Listed]:
    """All items, children after their parents. An item whose parent is not there, or is itself below it, has none."""
    children: dict[str | None, list[str]] = {}
    for key, item in sorted(items.items(), key=lambda entry: entry[1]["seq"]):
        parent = item["parent"]
        children.setdefault(parent if parent in items and not _is_below(items, parent, key) else None, []).append(key)
    found: list[Listed] = []
    left = [(key, 0) for key in reversed(children.get(None, []))]
    while left:
        key, depth = left.pop()
        found.append(Listed(key, depth, items[key]))
        left += [(child, depth + 1) for child in reversed(children.get(key, []))]
    return found


def _is_below(items: Items, key: str | None, other: str) -> bool:
    """Whether going up from an item leads to another one, or round in a circle."""
    seen = set()
    while key is not None and key in items:
        if key == other or key in seen:
            return True
        seen.add(key)
        key = items[key]["parent"]
    return False
