"""How the agents ask: some questions at once, each a step of its own, asked again when the provider stumbles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from headway import Step

DAYS_AT_ONCE: Final = 2
CALLS_AT_ONCE: Final = 2
"""Questions of one day at once."""

ASK: Final = Step(retries=2, backoff=0.5, max_backoff=5.0)
"""A question to the provider: answered once, the answer is kept, and no later attempt asks again."""

V = TypeVar("V")
T = TypeVar("T")


async def each(work: Callable[[V], Awaitable[T]], values: Iterable[V], at_once: int) -> list[T]:
    """Call a coroutine function for every value, some at once; return the results in order.

    Raises:
        Exception: The first that was raised; the other calls are stopped because of it.
    """
    slots = asyncio.Semaphore(at_once)

    async def one(value: V) -> T:
        async with slots:
            return await work(value)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(value)) for value in values]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
