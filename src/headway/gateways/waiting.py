"""Long-polls: requests that wait until a run has news, their time is up, or their client has left.

However many wait for a run, its doorbell is answered once and its row is looked at once a second, because a doorbell
may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any, Final, TypeVar

from starlette.types import Receive

from headway.errors import HeadwayError, Overloaded
from headway.measures import CONNECTS
from headway.ops.logging import get_logger
from headway.stores.base import Store
from headway.types import RunId, Seq

T = TypeVar("T")

TRANSPORT: Final = "poll"
LOOK_EVERY_S: Final = 1.0
EXIT_LOOKS: Final = 5
"""How often in that time it is asked whether the server wants to exit."""

_log = get_logger(__name__)


class ClientLeft(Exception):
    """Nobody waits for this answer any more."""


class Waits:
    """All requests of this process that wait.

    Args:
        store: Whose doorbell is listened to, while somebody waits.
        limit: How many may wait; 0: any number.
        is_over: The server wants to exit: nobody waits any more.
    """

    def __init__(self, store: Store, *, limit: int = 0, is_over: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self._limit = limit
        self._is_over = is_over
        self._bells: dict[RunId, set[asyncio.Event]] = {}
        self._seen: dict[RunId, Seq | None] = {}
        self._count = 0
        self._clients: Counter[str] = Counter()
        self._fall_asleep: Callable[[], None]

    def statistics(self) -> Mapping[str, Any]:
        """Return how many requests wait, and for how many runs."""
        return {"waiting": self._count, "runs": len(self._bells)}

    def viewers(self) -> Counter[tuple[str, str]]:
        """Count those who wait now, by transport and client."""
        return Counter({(TRANSPORT, client): count for client, count in self._clients.items()})

    async def until(
        self,
        run_id: RunId,
        look: Callable[[], Awaitable[T | None]],
        *,
        wait_s: float,
        receive: Receive,
        again_s: float = math.inf,
        client: str = "",
    ) -> T | None:
        """Look again and again until there is something, and return it; None when the time is up.

        It subscribes first and looks second, so nothing that happens in between is missed.

        Args:
            run_id: Look when this run has news.
            look: Returns None while there is nothing yet.
            wait_s: How long; 0 looks once.
            receive: Of the request, its body read; tells when the client leaves.
            again_s: Look at least this often, for what no doorbell tells.
            client: Who waits, for metrics; see `headway.hub.noting.client_label`.

        Raises:
            Overloaded: too many wait already.
            ClientLeft: it left.
        """
        if wait_s <= 0 or self._is_over():
            return await look()
        clock = asyncio.get_running_loop().time
        async with self._place(run_id, client) as bell, leaving(receive) as left:
            deadline = clock() + wait_s
            while (found := await look()) is None and clock() < deadline and not self._is_over():
                await _ring_or_leave(bell, left, min(deadline - clock(), again_s))
                bell.clear()
            return found

    @contextlib.asynccontextmanager
    async def _place(self, run_id: RunId, client: str) -> AsyncIterator[asyncio.Event]:
        if self._limit and self._count >= self._limit:
            raise Overloaded(f"{self._count} requests are waiting already", hint="ask again later, or without `wait`")
        if not self._count:
            self._fall_asleep = self._listen()
        bell = asyncio.Event()
        self._bells.setdefault(run_id, set()).add(bell)
        self._count += 1
        self._clients[client] += 1
        self._store.measures.count(CONNECTS, TRANSPORT, client)
        try:
            yield bell
        finally:
            self._count -= 1
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]
            self._bells[run_id].discard(bell)
            if not self._bells[run_id]:
                del self._bells[run_id]
                self._seen.pop(run_id, None)
            if not self._count:
                self._fall_asleep()

    def _listen(self) -> Callable[[], None]:
        """Listen to the doorbell and look now and then, until what is returned is called."""
        looking = asyncio.create_task(self._look_on(), name="headway: long-polls")
        unwatch = self._store.watch(self._ring)

        def end() -> None:
            unwatch()
            looking.cancel()

        return end

    def _ring(self, runs: Collection[RunId]) -> None:
        for run_id in runs or list(self._bells):
            for bell in self._bells.get(run_id, ()):
                bell.set()

    async def _look_on(self) -> None:
        while True:
            for _ in range(EXIT_LOOKS):
                await asyncio.sleep(LOOK_EVERY_S / EXIT_LOOKS)
                if self._is_over():
                    self._ring(())
            try:
                await self._look_at_all()
            except HeadwayError as error:
                _log.warning("cannot look for news of runs", error_code=error.code)

    async def _look_at_all(self) -> None:
        for run_id in list(self._bells):
            row = await self._store.get(run_id)
            seq = None if row is None else row.seq
            if run_id in self._bells and (run_id not in self._seen or self._seen[run_id] != seq):
                self._seen[run_id] = seq
                self._ring([run_id])


@contextlib.asynccontextmanager
async def leaving(receive: Receive) -> AsyncIterator[asyncio.Future[None]]:
    """Give a future that is done when the client has left. ASGI tells it only to who awaits ``receive()``."""
    task = asyncio.create_task(_until_left(receive), name="headway: client leaving")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # taken, so that asyncio does not complain of it


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ring_or_leave(bell: asyncio.Event, left: asyncio.Future[None], within_s: float) -> None:
    ring: asyncio.Future[Any] = asyncio.ensure_future(bell.wait())
    first: list[asyncio.Future[Any]] = [ring, left]
    try:
        await asyncio.wait(first, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ring.cancel()
    if left.done():
        raise ClientLeft
