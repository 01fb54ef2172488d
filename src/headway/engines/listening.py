"""Listening: keeps one listener told, in whichever process leads for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any, Final

from headway.engines.leadership import Leadership
from headway.engines.listener import Call, Listener, role_of
from headway.engines.outage import Outage
from headway.engines.telling import Telling
from headway.errors import HeadwayError
from headway.stores.base import Store
from headway.types import RunId

log = logging.getLogger("headway.listeners")

LOOK_EVERY_S: Final = 5.0
"""The doorbell may be lost, so all runs are looked at this often."""

ASK_EVERY_S: Final = 1.0
"""Between two questions who tells the listener."""

PAUSE_S: Final = 0.05
"""Between two rings that are heard: a streaming run rings all the time."""

RINGS_MAX: Final = 200
"""With so many runs that rang, looking at all costs less than looking at each."""


class Listening:
    """Tells a listener while this process leads for it; else waits to take over.

    Args:
        store: Where the runs are.
        listener: Who is told.
        worker: Id this process joined the store with.
        call: Calls the listener's function.
        lease_s: A process that does not ask for so long tells the listener no more.
        look_every_s: Seconds between two looks at all runs.
    """

    def __init__(
        self,
        store: Store,
        listener: Listener,
        worker: str,
        call: Call,
        *,
        lease_s: float = 15.0,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._listener = listener
        self._call = call
        self._look_every_s = look_every_s
        self._leadership = Leadership(
            store, role_of(listener.name), worker, lease_s=lease_s, every_s=min(ASK_EVERY_S, look_every_s)
        )
        about = f"looking for events for listener {listener.name}"
        self._outage = Outage(log, f"{about} failed", f"{about} again")
        self._telling: Telling | None = None
        self._wake = asyncio.Event()
        self._rung: set[RunId] = set()
        self._look_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._now = asyncio.get_running_loop().time
        self._unwatch = self._store.watch(self._ring)
        self._task = asyncio.create_task(self._listen(), name=f"headway-listener-{self._listener.name}")

    async def stop(self, drain_s: float = 0.0) -> None:
        """Begin no call any more, and give those under way so long. Idempotent."""
        if self._task is not None:
            self._unwatch()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self._let_go(drain_s)

    def statistics(self) -> Mapping[str, Any]:
        """Return what is untold, as far as this process tells it."""
        return {} if self._telling is None else self._telling.statistics()

    def _ring(self, runs: Collection[RunId]) -> None:
        if self._telling is None:
            return
        self._rung.update(runs)
        if not runs or len(self._rung) > RINGS_MAX:
            self._look_at = min(self._look_at, self._now() + ASK_EVERY_S)
        self._wake.set()

    async def _listen(self) -> None:
        while True:
            self._wake.clear()
            try:
                if await self._leadership.held():
                    await self._tell()
                else:
                    await self._let_go()
                self._outage.end()
            except HeadwayError as error:
                self._look_at = 0.0  # who rang meanwhile may be forgotten
                self._outage.note(error)
            except Exception:
                log.exception("looking for events for listener %s failed", self._listener.name)
            await self._wait()

    async def _tell(self) -> None:
        if self._telling is None:
            self._telling = Telling(self._store, self._listener, self._call, self._now)
            self._telling.on_idle = self._go_on
            self._look_at = 0.0
        rung, self._rung = self._rung, set()
        if self._now() >= self._look_at or len(rung) > RINGS_MAX:
            await self._telling.look()
            self._look_at = self._now() + self._look_every_s
        else:
            await self._telling.look_at(rung)
        self._telling.begin()

    def _go_on(self) -> None:
        """There is room again, or something is to be told again."""
        if self._telling is not None:
            self._telling.begin()
        self._wake.set()

    async def _let_go(self, drain_s: float = 0.0) -> None:
        telling, self._telling = self._telling, None
        if telling is not None:
            await telling.stop(drain_s)

    async def _wait(self) -> None:
        again_s = None if self._telling is None else self._telling.wait_s()
        waits = [ASK_EVERY_S, self._look_every_s, *([] if again_s is None else [again_s])]
        try:
            async with asyncio.timeout(min(waits)):
                await self._wake.wait()
        except TimeoutError:
            pass
        await asyncio.sleep(min(PAUSE_S, self._look_every_s))
