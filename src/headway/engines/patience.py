"""Waiting for a store that is away, where giving up would leave a run claimed and worked on by nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from headway.errors import StoreError
from headway.publish.execution import backoff

log = logging.getLogger("headway.engine")

T = TypeVar("T")


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until the store answers, and return what it says. Cancel-safe where `call` is.

    Args:
        call: Asked again after an error that may pass, so it must be safe to do twice.

    Raises:
        HeadwayError: the store answered with a refusal.
    """
    tries = 0
    while True:
        try:
            return await call()
        except StoreError as error:
            if not error.retryable:
                raise
            tries += 1
            if tries in (1, 5) or tries % 20 == 0:
                log.warning("the store does not answer, trying again (%d): %s", tries, error)
        await asyncio.sleep(backoff(tries, 0.1, 5.0))
