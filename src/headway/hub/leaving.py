"""Noticing that the client of an ASGI request left, without a second task per viewer.

ASGI tells it only to who awaits ``receive()``, and the request's task is busy awaiting something to send. A task more
per viewer would do; it costs about 2 KiB each. But ``receive()`` of uvicorn and hypercorn waits for nothing but one
future of the event loop, so the request's task can start the coroutine itself, see the future it stops at, ask to be
woken by it, and take the coroutine one step further then. Whatever else stands behind ``receive`` (a middleware with
cancel scopes of its own) gets a real task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from headway.hub.asgi import Receive


class Leaving(Protocol):
    """Watches for the client to leave.

    Attributes:
        gone: The client left.
    """

    gone: bool

    def look(self) -> None:
        """Find out what happened; called by the request's task before it waits, and whenever it was woken."""

    async def close(self) -> None:
        """Stop watching."""


def leaving_of(receive: Receive, wake: Callable[[], None]) -> Leaving:
    """Watch for the client to leave, in the cheapest way the server allows.

    Args:
        receive: Of the request; nobody else may call it from now on.
        wake: Called when the request's task should `Leaving.look`.
    """
    return _Stepped(receive, wake) if is_steppable(receive) else _Tasked(receive, wake)


def is_steppable(receive: Receive) -> bool:
    """Tell whether this is ``receive()`` of a server whose coroutine is known to wait for plain futures only."""
    owner = getattr(receive, "__self__", None)
    return isinstance(owner, asyncio.Queue) or (
        type(owner).__name__ == "RequestResponseCycle" and type(owner).__module__.startswith("uvicorn.protocols.http.")
    )


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Stepped:
    __slots__ = ("_coroutine", "_future", "_wake", "gone")

    def __init__(self, receive: Receive, wake: Callable[[], None]) -> None:
        self.gone = False
        self._wake = wake
        self._coroutine: Coroutine[Any, None, None] = _until_gone(receive)
        self._future: asyncio.Future[Any] | None = None

    def look(self) -> None:
        while not self.gone and (self._future is None or self._future.done()):
            try:
                future = self._coroutine.send(None)
            except StopIteration:
                self.gone = True
            else:
                # What a task does with the future it is given.
                future._asyncio_future_blocking = False
                future.add_done_callback(self._woken)
                self._future = future

    def _woken(self, _future: asyncio.Future[Any]) -> None:
        self._wake()

    async def close(self) -> None:
        self._coroutine.close()


class _Tasked:
    __slots__ = ("_task", "_wake", "gone")

    def __init__(self, receive: Receive, wake: Callable[[], None]) -> None:
        self.gone = False
        self._wake = wake
        self._task = asyncio.create_task(_until_gone(receive), name="headway: client leaving")
        self._task.add_done_callback(self._done)

    def look(self) -> None:
        self.gone = self._task.done()

    def _done(self, _task: asyncio.Task[None]) -> None:
        self._wake()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()  # taken, so that asyncio does not complain of it
