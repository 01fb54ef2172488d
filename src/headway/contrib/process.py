"""How a process of an application talks to a Headway server: one loop and one client, begun when first needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from headway.client.http import Client
from headway.client.loop import LoopThread

T = TypeVar("T")


class Process:
    """Lends a loop in a thread, and a client on it, to plain code.

    Nothing is begun before it is needed, and a forked child begins anew: threads do not survive a fork.

    Args:
        url: Where Headway's routes are mounted.
        token: Sent as ``Authorization: Bearer``.
        headers: Sent with every request.
        timeout: Seconds one request may take.
    """

    def __init__(self, url: str, token: str | None, headers: Mapping[str, str] | None, *, timeout: float = 5.0) -> None:
        self._make: Callable[[], Client] = lambda: Client(url, token=token, headers=headers, timeout=timeout)
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._client: Client | None = None

    @property
    def loop(self) -> LoopThread:
        """The loop of this process."""
        with self._lock:
            if self._loop is None:
                self._loop = LoopThread("headway-reporting")
            return self._loop

    def call(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Do something with the client and return what it returns.

        Raises:
            UsageError: called from a coroutine.
        """

        async def on_loop() -> T:
            if self._client is None:
                self._client = self._make()
            return await work(self._client)

        return self.loop.call(on_loop())

    def call_once(self, work: Callable[[Client], Awaitable[Any]]) -> None:
        """Do something in a process that is about to fork: no thread is left behind."""

        async def on_loop() -> None:
            async with self._make() as client:
                await work(client)

        loop = LoopThread("headway-reporting-once")
        try:
            loop.call(on_loop())
        finally:
            loop.stop()
