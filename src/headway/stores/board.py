"""The board of a store: what processes tell one another for a while. See `headway.stores.base.Store.post`."""

from __future__ import annotations

from typing import Literal, TypeAlias

Topic: TypeAlias = Literal["questions", "answers", "notices"]
"""Of the board: what all processes are asked, what they answer, what operators say to every viewer."""


def bell_of(topic: Topic) -> str:
    """Return what the doorbell rings with for the board; no run has such an id."""
    return f"board:{topic}"
