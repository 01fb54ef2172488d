"""Listeners from outside, by what the store keeps of them: how far behind each is, and forgetting one.

Nothing is known here of functions: a listener whose function is gone from the code looks like one whose worker is away.
It holds up nothing, but it falls ever further behind, and whoever watches that is told so until it is forgotten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from headway.core.clock import parse_ms
from headway.engines.listener import role_of
from headway.errors import UsageError
from headway.stores.base import Ended, ListenerRow, RunRow, Store

LAST: Final = "~"
"""Sorts behind every run id."""

ASK_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Behind:
    """A listener, and how far behind it is.

    Attributes:
        listener: What is kept of it.
        oldest: Of the runs it may not have been told to their ends, the one that ended first; None: it is not behind.
            Up to some seconds after its end a run may be one that was told: how far a listener is, is kept that often.
    """

    listener: ListenerRow
    oldest: RunRow | None

    def lag_s(self, now: Callable[[], float] = time.time) -> float:
        """Return how long ago the oldest of them ended; 0 when there is none."""
        ended_ms = parse_ms(self.oldest.finished_at) if self.oldest is not None and self.oldest.finished_at else None
        return 0.0 if ended_ms is None else max(0.0, now() - ended_ms / 1000)


async def behind(store: Store) -> list[Behind]:
    """Return every listener the store knows of, by name.

    Raises:
        StoreError: the store is away.
    """
    found = []
    for listener in await store.listeners():
        rows = await store.ended(Ended(listener.told_until, LAST), limit=1)
        found.append(Behind(listener, rows[0] if rows else None))
    return found


async def forget(store: Store, name: str, *, lease_s: float) -> None:
    """Forget a listener that nobody tells any more.

    How far it was told of each run stays with the run: one that comes back under its name tells nothing twice.

    Args:
        store: Where it is kept.
        name: Of the listener.
        lease_s: A process that has not been heard of for so long tells it no more.

    Raises:
        UsageError: there is no such listener, or a process tells it.
        StoreError: the store is away.
    """
    if name not in [listener.name for listener in await store.listeners()]:
        raise UsageError(f"there is no listener {name!r}", hint="`headway listeners` names those there are")
    worker = await store.join()
    try:
        # whoever leads keeps others from beginning to tell it meanwhile
        if not await _leads(store, role_of(name), worker, lease_s):
            hint = "take its function out of the code and start the workers again; then forget it"
            raise UsageError(f"listener {name!r} is told by a process that runs", hint=hint)
        await store.remove_listener(name)
    finally:
        await store.leave(worker)


async def _leads(store: Store, role: str, worker: str, lease_s: float) -> bool:
    """Come to lead in a role, unless there is somebody who does: who is silent for a lease does not."""
    seen = await store.lead(role, worker)
    silent_from = time.monotonic()
    while seen.worker != worker:
        await asyncio.sleep(ASK_EVERY_S)
        silent = time.monotonic() - silent_from > lease_s
        leader = await store.lead(role, worker, instead_of=seen if silent else None)
        if leader.worker != worker and leader != seen:
            return False
        seen = leader
    return True
