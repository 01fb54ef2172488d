"""Beats of this process's workers from a thread of its own: whose event loop stands still is not dead."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

from headway.stores.redis_driver import make_client
from headway.stores.redis_errors import FAILURES
from headway.stores.redis_scripts import scripts
from headway.stores.redis_wire import Argument

_log = logging.getLogger("headway.stores")

FORGET_MS: Final = 86_400_000
"""A worker that was silent for so long and holds no runs is not listed any more."""


def beat_arguments(worker: str, worth: int, now_ms: int) -> tuple[Argument, ...]:
    """Return what the script ``beat`` is called with; a worker joins with a beat worth nothing."""
    return ("", worker, worth, now_ms, now_ms - FORGET_MS)


class Beats:
    """A thread that beats for whoever asks it to."""

    def __init__(self, url: str, prefix: str, timeout_s: float, now_ms: Callable[[], int]) -> None:
        self._client = make_client(url, timeout_s)
        self._prefix = prefix
        self._now_ms = now_ms
        self._inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="headway-redis-beats", daemon=True)

    def start(self) -> None:
        """Start the thread; it connects when it first beats."""
        self._thread.start()

    def beat(self, worker: str) -> None:
        """Beat soon. From any thread."""
        self._inbox.put(worker)

    def stop(self) -> None:
        """Wait for the last beat. Called in another thread than the event loop's."""
        self._inbox.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (worker := self._inbox.get()) is not None:
            try:
                arguments = beat_arguments(worker, 1, self._now_ms())
                self._client.eval(scripts()["beat"].text.decode(), 1, self._prefix, *arguments)
            except FAILURES as error:
                _log.info("a beat of worker %s was lost: %s", worker, error)
        self._client.close()
