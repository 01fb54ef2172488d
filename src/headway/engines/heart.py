"""A thread that says again and again that this process is alive, also while its event loop is busy or blocked."""

from __future__ import annotations

import asyncio
import logging
import threading

from headway.stores.base import Store

log = logging.getLogger("headway.engine")


class Heart:
    """Beats for one worker.

    Args:
        store: What it joined.
        worker: Its id.
        every_s: Seconds between two beats; a third of the lease leaves room for two that get lost.
    """

    def __init__(self, store: Store, worker: str, every_s: float) -> None:
        self._store = store
        self._worker = worker
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="headway-heart", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    async def stop(self) -> None:
        """Stop; the worker is about to leave."""
        self._stopped.set()
        await asyncio.to_thread(self._thread.join)

    def _beat(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                self._store.beat_soon(self._worker)
            except Exception:
                log.exception("a beat failed")  # the next one may not; without any, this process passes for dead
