"""Hearing that the process should exit, at the moment it is told so.

Servers set their signal handlers before they start the application's lifespan, and wait for open responses before they
shut it down: with an open stream that would be never. So the lifespan puts a handler in front of the server's, which
does its part and passes the signal on. Nothing is replaced at import, and it is undone with the lifespan.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

EXITING: Final = (signal.SIGTERM, signal.SIGINT)

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def on_exit(do: Callable[[], object]) -> Iterator[None]:
    """Call `do` when the process is asked to exit, before whoever was asked first.

    Outside the main thread, where signals cannot be heard, and where nobody handles them, nothing happens: a process
    that dies of the signal has no time to end anything.

    Args:
        do: Runs inside a signal handler: it may only tell an event loop (``call_soon_threadsafe``).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    chained: dict[signal.Signals, tuple[Handler, Handler]] = {}
    for number in EXITING:
        before = signal.getsignal(number)
        if callable(before):
            chained[number] = _chain(do, before), before
            signal.signal(number, chained[number][0])
    try:
        yield
    finally:
        for number, (ours, before) in chained.items():
            if signal.getsignal(number) is ours:
                signal.signal(number, before)


def _chain(do: Callable[[], object], before: Handler) -> Handler:
    def handle(number: int, frame: FrameType | None) -> None:
        do()
        before(number, frame)

    return handle
