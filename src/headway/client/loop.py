"""An event loop in a thread of its own, for plain code that reports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from headway.errors import UsageError

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for plain code. The thread does not keep its process alive, and is not there in forked children.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name=name, daemon=True)
        self._thread.start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            self._stopped = asyncio.Event()
            started.set()
            runner.run(self._stay())

    async def _stay(self) -> None:
        await self._stopped.wait()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it there and return what it returns.

        Raises:
            UsageError: the calling code is a coroutine itself, whose loop would stand still meanwhile.
        """
        if asyncio._get_running_loop() is not None:
            coroutine.close()
            raise UsageError("plain code was called from a coroutine", hint="use `await asyncio.to_thread(...)`")
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def stop(self) -> None:
        """End the thread; what still runs there is cancelled."""
        self.loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()
