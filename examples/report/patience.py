"""Two seconds for every call to queue and database, then the caller goes on without.

A call that is late is left to end by itself: cancelled, it might wait for the very server that does not answer. So that
such calls do not pile up, at most `at_once` may be late; beyond that nobody even asks until one of them has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from examples.report.errors import DatabaseAway
from headway import errors

T = TypeVar("T")

PATIENCE_S: Final = 2.0
AT_ONCE: Final = 16


class Away(Exception):
    """Queue or database did not answer in time."""


class Patience:
    """Waits, but not for long.

    Args:
        seconds: How long.
        at_once: Calls that may be late before no further one is made.
    """

    def __init__(self, seconds: float = PATIENCE_S, at_once: int = AT_ONCE) -> None:
        self._seconds = seconds
        self._at_once = at_once
        self._late: set[asyncio.Future[Any]] = set()

    async def __call__(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what a call answers.

        Raises:
            Away: It was late, or could not get through.
            Exception: Whatever else the call raises.
        """
        if len(self._late) >= self._at_once:
            raise Away("too many calls are waiting for an answer already")
        call = asyncio.ensure_future(ask())
        try:
            await asyncio.wait({call}, timeout=self._seconds)
        except asyncio.CancelledError:
            call.cancel()
            raise
        if not call.done():
            self._late.add(call)
            call.add_done_callback(self._ended)
            raise Away(f"no answer within {self._seconds:g} s")
        try:
            return call.result()
        except DatabaseAway as error:
            raise Away(str(error)) from error
        except errors.StoreError as error:
            if error.retryable:
                raise Away(str(error)) from error
            raise

    @property
    def late(self) -> int:
        """Return how many calls are late now."""
        return len(self._late)

    def _ended(self, call: asyncio.Future[Any]) -> None:
        self._late.discard(call)
        if not call.cancelled():
            call.exception()  # looked at, so that nobody is told that nobody did
