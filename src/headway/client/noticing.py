"""What operators say, told once each, whichever way it comes and however often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Notices:
    """Tells of notices. One that stands has an id: it comes again with each stream, and with each poll.

    Args:
        tell: Called with each notice once, and with ``{id, over: True}`` once when one of them is over.
    """

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()

    @property
    def ids(self) -> list[str]:
        """Those that stand, as far as is known."""
        return sorted(self._told)

    def take(self, notice: Mapping[str, Any]) -> None:
        """Take in what came on a stream."""
        id = notice.get("id")
        if not isinstance(id, str):
            self._tell(notice)
        elif notice.get("over"):
            if id in self._told:
                self._told.discard(id)
                self._tell(notice)
        elif id not in self._told:
            self._told.add(id)
            self._tell(notice)

    def stand(self, notices: Sequence[Mapping[str, Any]]) -> None:
        """Take in what was polled: these are all that stand."""
        for id in self._told - {notice.get("id") for notice in notices}:
            self.take({"id": id, "over": True})
        for notice in notices:
            self.take(notice)
