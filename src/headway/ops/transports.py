"""Which faces are on: a stored setting that an operator changes while servers run.

Every server on the store follows it by the doorbell, and looks now and then in case that was lost. Streams of a face
that goes off are told to poll, at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, Final, get_args

from headway.config import Transport
from headway.engines.outage import Outage
from headway.errors import HeadwayError, TransportOff, UsageError
from headway.hub import Hub
from headway.ops.logging import get_logger
from headway.stores.base import Store

SETTING: Final = "transports"
LOOK_EVERY_S: Final = 5.0
NAMES: Final[tuple[Transport, ...]] = get_args(Transport)

_log = get_logger(__name__)


class Transports:
    """Follows the switch from `start` to `stop`.

    Args:
        store: Where it is stored.
        hub: Whose streams it ends.
        initial: What is on while nothing is stored.
    """

    def __init__(self, store: Store, hub: Hub, initial: Collection[Transport]) -> None:
        self._store = store
        self._hub = hub
        self._initial: frozenset[str] = frozenset(initial)
        self._on: frozenset[str] = frozenset(NAMES)
        self._set = False
        self._rung = asyncio.Event()
        self._outage = Outage(
            logging.getLogger(__name__), "the transports setting cannot be read", "the transports setting is read again"
        )
        self._task: asyncio.Task[None] | None = None
        self._unwatch: Callable[[], None] | None = None

    async def start(self) -> None:
        """Read the switch and begin to follow it. Idempotent.

        Raises:
            StoreError: it cannot be read.
        """
        if self._task is None:
            self._unwatch = self._store.watch(lambda runs: None if runs else self._rung.set())
            await self.look()
            self._task = asyncio.create_task(self._follow(), name="headway: transports")

    async def stop(self) -> None:
        """Follow it no more. Idempotent."""
        task, self._task = self._task, None
        if self._unwatch is not None:
            self._unwatch()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def require(self, transport: Transport) -> None:
        """Insist that a face is on.

        Raises:
            TransportOff: it is not.
        """
        if transport not in self._on:
            raise TransportOff(
                f"the transport {transport!r} is switched off", hint="use another one, or try later", off=transport
            )

    def shown(self) -> dict[str, Any]:
        """Return which faces there are, which are on, and whether an operator has said so, as JSON."""
        return {"known": list(NAMES), "on": sorted(self._on), "set": self._set}

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._rung.wait()
            except TimeoutError:
                pass
            self._rung.clear()
            try:
                await self.look()
                self._outage.end()
            except HeadwayError as error:
                self._outage.note(error)

    async def look(self) -> None:
        """Read the switch now.

        Raises:
            StoreError: it cannot be read.
        """
        stored = await self._store.setting(SETTING)
        before, self._on = self._on, self._initial if stored is None else frozenset(stored)
        self._set = stored is not None
        if self._on != before:
            _log.warning("transports switched", on=sorted(self._on))
        if "sse" in self._on:
            self._hub.on("sse")
        elif "sse" in before:
            self._hub.off("sse")


async def switch(store: Store, on: Collection[str] | None) -> None:
    """Store which faces are on; None: as the servers were started.

    Raises:
        UsageError: there is no face of that name.
    """
    unknown = set(on or ()) - set(NAMES)
    if unknown:
        raise UsageError(f"there is no transport {min(unknown)!r}", hint=f"there are {', '.join(NAMES)}")
    await store.put_setting(SETTING, None if on is None else sorted(on))
