"""A way from functions that a library calls, in threads or forked processes, to attempts in an event loop of ours."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager

from headway.engines.attempts import Attempts
from headway.types import RunId

log = logging.getLogger("headway.engine")


class Portal:
    """An event loop in a thread of its own, with everything open that attempts need.

    Nothing is opened before the first use, so one may be made before a process forks, and each child gets its own.

    Args:
        opening: What is open while attempts run.
    """

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Attempts]]) -> None:
        self._opening = opening
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._attempts: Attempts
        self._over: asyncio.Event
        self._closed = False

    def see_through(self, run_id: RunId, attempt: int) -> None:
        """Execute an attempt unless it is another's, and return when it has ended. Blocks; for any thread.

        After `close` it returns at once: the run stays queued, and is delivered again.

        Raises:
            HeadwayError: the store cannot be opened.
        """
        with self._lock:  # so that what is handed in before `close` is there before the loop hears of that
            if not self._open():
                return
            done = asyncio.run_coroutine_threadsafe(self._attempts.see_through(run_id, attempt), self._loop)
        done.result()

    def open(self) -> bool:
        """Open everything, unless it is open. False: it was closed for good. For any thread.

        Raises:
            HeadwayError: the store cannot be opened; the next call tries again.
        """
        with self._lock:
            return self._open()

    def _open(self) -> bool:
        if self._thread is None and not self._closed:
            opened: Future[None] = Future()
            thread = threading.Thread(target=self._run, args=(opened,), name="headway-portal", daemon=True)
            thread.start()
            opened.result()
            self._thread = thread
        return not self._closed

    def close(self) -> None:
        """Let attempts go on for the drain time, hand back what is left, and wait until all is closed.

        Whoever calls it again waits as well.
        """
        with self._lock:
            if self._thread is not None and not self._closed:
                self._loop.call_soon_threadsafe(self._over.set)
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _run(self, opened: Future[None]) -> None:
        try:
            asyncio.run(self._serve(opened))
        except BaseException as error:
            if opened.done():
                log.exception("closing failed")
            else:
                opened.set_exception(error)

    async def _serve(self, opened: Future[None]) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with self._opening() as self._attempts:
            opened.set_result(None)
            await self._over.wait()
