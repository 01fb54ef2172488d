"""Looking for runs by what a person remembers of them: a part of the title, of the job's name, or of the id.

No store has an index of words. So the newest runs of a list are gone through, and no more than a stated number of them;
what was not looked at is told, and the search goes on from there where that is wanted. How an id begins is found by its
place among the ids, however many runs are newer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from headway.stores.base import RunFilter, RunRow, Store
from headway.types import RunId

LOOKED_AT_MAX: Final = 1_000
"""Runs one search goes through."""

TEXT_MAX: Final = 200
"""Characters of what is looked for."""

_PAGE: Final = 200
_BEGINNING: Final = re.compile(r"run_[0-9a-f]{6,32}", re.ASCII)
_BEHIND: Final = "g"
"""Sorts after every letter of an id."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found.

    Attributes:
        runs: Newest first.
        before: The search goes on with the runs before this one; None: all were looked at.
    """

    runs: Sequence[RunRow]
    before: RunId | None


async def search(store: Store, which: RunFilter, text: str, *, limit: int = 50) -> Found:
    """Look for runs in a list.

    Args:
        store: Where they are.
        which: The list.
        text: Words, each of which stands in the title, in the job's name or in the id, whatever its case; or how an id
            begins: ``run_`` and at least six characters.
        limit: It ends with so many.

    Raises:
        StoreError: the store cannot be read.
    """
    words = text.casefold().split()
    if len(words) == 1 and _BEGINNING.fullmatch(words[0]):
        return await _that_begin(store, which, words[0], limit)
    found: list[RunRow] = []
    for _ in range(LOOKED_AT_MAX // _PAGE):
        rows = await store.list_runs(which, limit=_PAGE)
        for row in rows:
            which = replace(which, before=row.id)
            if _matches(row, words):
                found.append(row)
                if len(found) == limit:
                    return Found(found, row.id)
        if len(rows) < _PAGE:
            return Found(found, None)
    return Found(found, which.before)


async def _that_begin(store: Store, which: RunFilter, beginning: str, limit: int) -> Found:
    """Return the runs whose ids begin so: they stand together."""
    behind = beginning + _BEHIND
    before = behind if which.before is None else min(which.before, behind)
    rows = await store.list_runs(replace(which, before=before), limit=limit + 1)
    found = [row for row in rows if row.id.startswith(beginning)]
    return Found(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _matches(row: RunRow, words: Sequence[str]) -> bool:
    about = f"{row.title}\n{row.job}\n{row.id}".casefold()
    return all(word in about for word in words)
