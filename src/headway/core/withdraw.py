"""What must be taken back when a step dies and is begun anew.

Finished entries survive, and so does whatever finished steps wrote. Every other entry goes back to the value it would
have without the events of the steps that are withdrawn. That value is found by folding the log twice, once whole and
once without those events; ``attempt.discarded`` then carries plain replacement values, so that readers, who may have
joined at any point, only assign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headway.core.fold import Fold

KINDS = ("phases", "items", "outputs")


class Withdrawal:
    """Folds a log with and without the events of withdrawn steps.

    Args:
        withdrawn: Tells of a step key whether its events are taken back.
        base: Snapshot before the first event that is fed, where the log was trimmed; else None.
    """

    def __init__(self, withdrawn: Callable[[str], bool], base: Mapping[str, Any] | None = None) -> None:
        self._withdrawn = withdrawn
        self._whole = Fold(base)
        self._kept = Fold(base)

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take the next event of the log, in order."""
        self._whole.apply(event)
        if event["step"] is None or not self._withdrawn(event["step"]):
            self._kept.apply(event, partial=True)

    def result(self) -> dict[str, dict[str, Any]] | None:
        """Return ``set`` of ``attempt.discarded``, or None when nothing changes."""
        changes = {kind: self._changes(kind) for kind in KINDS}
        return changes if any(changes.values()) else None

    def _changes(self, kind: str) -> dict[str, Any]:
        changes = {}
        for key in self._whole.keys(kind):
            now, then = self._whole.entry(kind, key), self._kept.entry(kind, key)
            if now != then and not _is_finished(now):
                changes[key] = then
        return changes


def _is_finished(entry: Mapping[str, Any] | None) -> bool:
    return entry is not None and (entry.get("finished") is True or entry.get("status") == "finished")
