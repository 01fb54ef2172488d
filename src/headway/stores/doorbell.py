"""The doorbell inside one process: who wants to know, and telling them once per turn of the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from headway.types import RunId

_log = logging.getLogger("headway.stores")

Ring = Callable[[Collection[RunId]], None]


class Doorbell:
    """Tells watchers which runs may have news. Used on the event loop only."""

    def __init__(self) -> None:
        self._watchers: dict[object, Ring] = {}
        self._pending: set[RunId] = set()
        self._anything = False
        self._scheduled = False

    def __len__(self) -> int:
        return len(self._watchers)

    def watch(self, ring: Ring) -> Callable[[], None]:
        """Add a watcher; returns a function that removes it."""
        token = object()
        self._watchers[token] = ring
        return lambda: self._watchers.pop(token, None) and None

    def news(self, run_ids: Collection[RunId]) -> None:
        """Ring later in this turn of the loop; news of one turn are told together. No ids: anything may be new."""
        if not self._watchers:
            return
        self._anything = self._anything or not run_ids
        self._pending.update(run_ids)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        told: Collection[RunId] = () if self._anything else frozenset(self._pending)
        self._scheduled = self._anything = False
        self._pending.clear()
        for ring in list(self._watchers.values()):
            try:
                ring(told)
            except Exception:  # noqa: BLE001 - logged: one watcher's mistake is not the others'
                _log.exception("a watcher of the store failed")
