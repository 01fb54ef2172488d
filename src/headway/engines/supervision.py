"""Watching the executions of this process: were they asked to stop, are they still ours?

A job learns both from every receipt of an append. One that does not report for a while learns them from here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any

from headway.core.run import ENDED
from headway.errors import Fenced, HeadwayError, RunClosed
from headway.publish.execution import Execution
from headway.stores.base import RunRow, Store
from headway.types import RunId

log = logging.getLogger("headway.supervision")

LOOK_EVERY_S = 1.0
"""The doorbell may be lost, so every execution is looked at this often."""

PAUSE_S = 0.05
"""Between two looks: an execution's own appends ring, too."""


class Supervision:
    """Stops executions that were cancelled or taken over.

    Args:
        store: Where their runs are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._executions: dict[RunId, tuple[RunRow, Execution]] = {}
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch."""
        self._unwatch = self._store.watch(self._ring)
        self._task = asyncio.create_task(self._watch(), name="headway-supervision")

    async def stop(self) -> None:
        """Stop watching. Idempotent."""
        if self._task is not None:
            self._unwatch()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def add(self, row: RunRow, execution: Execution) -> None:
        """Watch an execution, until `remove` or until its publisher is closed."""
        self._executions[row.id] = row, execution
        execution.publisher.on_close = lambda: self.remove(row)
        self._rung.set()  # it may have been asked to stop since it was claimed

    def remove(self, row: RunRow) -> None:
        """Watch an execution no more; a later one of the same run is left alone. Idempotent."""
        watched, _ = self._executions.get(row.id, (None, None))
        if watched is not None and watched.execution_id == row.execution_id:
            del self._executions[row.id]

    def statistics(self) -> Mapping[str, Any]:
        """Return how many executions are watched, and what waits in their publishers."""
        publishers = [execution.publisher.statistics() for _, execution in self._executions.values()]
        return {
            "executions": len(publishers),
            "pending_bytes": sum(publisher["pending_bytes"] for publisher in publishers),
        }

    def _ring(self, runs: Collection[RunId]) -> None:
        if not runs or not self._executions.keys().isdisjoint(runs):
            self._rung.set()

    async def _watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._rung.wait()
            except TimeoutError:
                pass
            self._rung.clear()
            for row, execution in list(self._executions.values()):
                await self._look(row, execution)
            await asyncio.sleep(PAUSE_S)

    async def _look(self, row: RunRow, execution: Execution) -> None:
        try:
            now = await self._store.get(row.id)
        except HeadwayError:
            return  # the store is away; the next look will tell
        except Exception:
            log.exception("run %s cannot be looked at", row.id)  # nor may the others be left alone because of it
            return
        if now is None or now.execution_id != row.execution_id:
            text = "was deleted" if now is None else f"belongs to execution {now.execution_id} now"
            execution.publisher.stop(Fenced(f"run {row.id} {text}"))
        elif now.status in ENDED and not execution.publisher.is_writing:  # else it may be its own end, just written
            execution.publisher.stop(RunClosed(f"run {row.id} is {now.status}", current=str(now.status)))
        elif now.cancel_requested:
            execution.cancel()
