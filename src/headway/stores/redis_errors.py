"""What Redis says, in the words of `headway.errors`, and the patience with which it is waited for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from headway.errors import StoreError, StoreFull, StoreInvalid, StoreUnavailable
from headway.stores.redis_driver import exceptions

T = TypeVar("T")

NOT_THERE: Final = "look at host and port of the store's address (HEADWAY_STORE or --store): is Redis running there?"

_PAUSE_S: Final = (0.02, 0.5)


class Unreached(StoreUnavailable):
    """The command was not carried out; it may be sent again."""


class AnswerLost(StoreUnavailable):
    """The command was sent and no answer came: it may have been carried out, or may still be."""


FAILURES: Final = (exceptions.RedisError, OSError)
"""Whatever keeps a command from its answer. `TimeoutError` is an `OSError`."""

_NOT_NOW: Final = ("LOADING", "READONLY", "MASTERDOWN", "TRYAGAIN", "BUSY ", "CLUSTERDOWN", "NOREPLICAS")
_REFUSALS: Final = {
    "OOM": (StoreFull, "free some memory, or raise `maxmemory`; Headway goes on by itself"),
    "MISCONF": (StoreFull, "Redis cannot write its disk: free some space; Headway goes on by itself"),
    "WRONGTYPE": (StoreInvalid, "another program uses keys of this prefix: choose another one"),
    "NOPERM": (StoreUnavailable, "give this user the right to run scripts on all keys of the prefix"),
}


def map_refusal(error: Exception, where: str) -> StoreError:
    """Return the error of ours for what Redis answered instead of doing it."""
    text = str(error)
    if isinstance(error, exceptions.ReadOnlyError | exceptions.BusyLoadingError | exceptions.MasterDownError):
        return Unreached(f"redis at {where} does not take this now: {text}")
    if isinstance(error, exceptions.OutOfMemoryError):
        text = f"OOM {text}"
    if any(word in text for word in _NOT_NOW):
        return Unreached(f"redis at {where} does not take this now: {text}")
    # an error that a script met stands within the script's own
    for word, (kind, hint) in _REFUSALS.items():
        if word in text:
            return kind(f"redis at {where}: {text}", hint=hint)
    return StoreUnavailable(f"redis at {where}: {text}")


def map_unreached(error: BaseException, where: str) -> StoreError:
    """Return the error of ours for a connection that could not be made."""
    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError):
        return StoreUnavailable(f"redis at {where} refuses us: {error}", hint="check user and password of its URL")
    return Unreached(f"redis at {where} cannot be reached: {str(error) or type(error).__name__}")


def at_start(error: StoreUnavailable) -> StoreUnavailable:
    """Return the error of a Redis that cannot be reached as it is told to whoever opens it, and then gives up."""
    is_there = isinstance(error.__cause__, exceptions.ResponseError | exceptions.BusyLoadingError)
    return error if error.hint or is_there else StoreUnavailable(error.detail, hint=NOT_THERE)


def map_lost(error: BaseException, where: str) -> StoreError:
    """Return the error of ours for a connection that broke before the answer came."""
    return AnswerLost(f"redis at {where} did not answer: {str(error) or type(error).__name__}")


async def patiently(
    action: Callable[[], Awaitable[T]],
    patience_s: float,
    *,
    despite: tuple[type[StoreUnavailable], ...] = (Unreached, AnswerLost),
) -> T:
    """Call `action` again and again `despite` some errors, for about `patience_s` seconds.

    Raises:
        StoreUnavailable: what it raised last.
    """
    loop, pause = asyncio.get_running_loop(), _PAUSE_S[0]
    deadline = loop.time() + patience_s
    while True:
        try:
            return await action()
        except despite:
            if loop.time() + pause > deadline:
                raise
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
        pause = min(2 * pause, _PAUSE_S[1])
