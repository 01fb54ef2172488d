"""How a process of an application talks to a Headway server: one loop and one client, begun when first needed."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from headway.client.http import Client
from headway.client.leftovers import flush_all
from headway.client.loop import LoopThread
from headway.client.spool import Spool
from headway.errors import HeadwayError
from headway.publish.execution import backoff

log = logging.getLogger("headway.client")

T = TypeVar("T")

LATER_MAX_S: Final = 2.0
"""At most so long between two tries: a server that is back gives whoever reports one lease to be heard."""


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
        self._later: deque[Callable[[Client], Awaitable[Any]]] = deque()
        self._seeing: asyncio.Task[None] | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._to_flush = False

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
            return await work(self._client_now())

        return self.loop.call(on_loop())

    def _client_now(self) -> Client:
        if self._client is None:
            self._client = self._make()
        return self._client

    def see_to(self, work: Callable[[Client], Awaitable[Any]]) -> None:
        """Do something with the client in the background, again and again while the server is away.

        However much there is, it is tried one by one, each in its turn: what cannot be done yet holds up no other.
        """

        async def on_loop() -> None:
            self._later.append(work)
            if self._seeing is None or self._seeing.done():
                self._seeing = asyncio.create_task(self._see_to_all(), name="headway: later")

        self.loop.call(on_loop())

    async def _see_to_all(self) -> None:
        tries = 0
        while self._later:
            work = self._later.popleft()
            try:
                await work(self._client_now())
                tries = 0
            except HeadwayError as error:
                if not error.retryable:
                    log.warning("given up: %s", error)
                    continue
                self._later.append(work)
                tries += 1
                await asyncio.sleep(backoff(tries, 0.1, LATER_MAX_S))

    def flush_soon(self) -> None:
        """Send what reporters have left in the spool, in the background: perhaps nobody else comes who would."""
        spool = Spool.of_environment()
        if spool is not None and spool.files():
            self.loop.call(self._begin_to_flush(spool))

    async def _begin_to_flush(self, spool: Spool) -> None:
        self._to_flush = True
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush(spool), name="headway: flush")

    async def _flush(self, spool: Spool) -> None:
        tries = 0
        while self._to_flush:  # again for what was left meanwhile
            self._to_flush = False
            try:
                await flush_all(spool, self._client_now())
                tries = 0
            except HeadwayError as error:
                if not error.retryable:
                    log.warning("given up: %s", error)
                    return
                self._to_flush = True
                tries += 1
                await asyncio.sleep(backoff(tries, 0.1, LATER_MAX_S))

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
