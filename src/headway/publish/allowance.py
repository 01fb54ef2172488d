"""A time-out that stands still while somebody is asked: a person's time is not the job's."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Allowance:
    """Seconds that what runs inside ``async with`` may take; None: any number. Raises `TimeoutError` as asyncio's does.

    Args:
        seconds: From entering on, the time between `pause` and `resume` not counted.
    """

    def __init__(self, seconds: float | None) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._left: float | None = None
        self._pauses = 0

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = None  # a task that was left behind may still resume it
        await self._timeout.__aexit__(kind, error, trace)

    def pause(self) -> None:
        """Stop counting, until `resume` was called as often as this."""
        self._pauses += 1
        until = self._timeout.when()
        if self._pauses == 1 and until is not None and not self._timeout.expired():
            self._left = until - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def resume(self) -> None:
        """Count on."""
        self._pauses -= 1
        if self._pauses == 0 and self._left is not None:
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left)
            self._left = None
