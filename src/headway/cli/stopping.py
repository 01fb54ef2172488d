"""Being told to stop by SIGTERM: what was begun is undone, as with Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Final

TERMINATED: Final = 143
"""Exit code."""


def stop_on_sigterm() -> asyncio.Event:
    """Have the current task cancelled by SIGTERM; the event tells that it was that."""
    asked = asyncio.Event()
    task = asyncio.current_task()

    def stop() -> None:
        asked.set()
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError, RuntimeError):  # not on Windows, not outside the main thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    return asked
