"""Leadership: of all processes on a store one does what needs doing once.

It saves work and nothing depends on it: whoever was stopped in its turn may go on for a moment beside its successor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from headway.engines.stillness import Stillness
from headway.lines import Line
from headway.stores.base import Leader, Store

log = logging.getLogger("headway.leadership")


class Leadership:
    """One process's claim to a role. Asked again and again, by the very loop that does the work.

    So a leader whose loop hangs loses the role as one that died does: at once where the store knows of its death, else
    after a lease.

    Args:
        store: Who shares it shares the role.
        role: Name of the work.
        worker: Id this process joined the store with.
        lease_s: A leader that does not ask for so long has lost the role.
        every_s: Seconds between two questions, about.
        monotonic: Counts seconds.
    """

    def __init__(
        self,
        store: Store,
        role: str,
        worker: str,
        *,
        lease_s: float,
        every_s: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._role = role
        self._worker = worker
        self._lease_s = lease_s
        self._monotonic = monotonic
        self._still = Stillness(every_s, monotonic)
        self._held_at: float | None = None

    async def held(self) -> bool:
        """Tell whether this process leads, and lead if nobody else does. A leader's own question is its beat.

        The answer is kept for a third of the lease, so a leader does not write each time it asks.

        Raises:
            StoreError: the store is away; nobody is silent because of that.
        """
        self._still.look()
        now = self._monotonic()
        if self._held_at is not None and now - self._held_at < self._lease_s / 3:
            return True
        led, self._held_at = self._held_at is not None, None
        try:
            leader = await self._ask()
        except BaseException:
            self._still.clear()
            raise
        leads = leader.worker == self._worker
        if leads:
            self._held_at = now
        if leads != led:
            log.info(Line("leads now" if leads else "leads no more", role=self._role, leader=leader.worker))
        return leads

    async def _ask(self) -> Leader:
        leader = await self._store.lead(self._role, self._worker)
        if leader.worker != self._worker and self._still.seconds(self._role, leader) > self._lease_s:
            leader = await self._store.lead(self._role, self._worker, instead_of=leader)
        return leader
