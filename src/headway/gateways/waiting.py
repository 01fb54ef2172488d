"""Long-polls: requests that wait until a run has news, their time is up, or their client has left.

However many wait for a run, its doorbell is answered once and its row is looked at once a second, because a doorbell
may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from starlette.types import Receive

from headway.errors import HeadwayError, Overloaded
from headway.hub.which import Which
from headway.measures import CONNECTS
from headway.ops.connections import at
from headway.ops.logging import get_logger
from headway.stores.base import RunRow, Store
from headway.types import RunId, Seq

T = TypeVar("T")

TRANSPORT: Final = "poll"
LOOK_EVERY_S: Final = 1.0
EXIT_LOOKS: Final = 5
"""How often in that time it is asked whether the server wants to exit."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Who:
    """Who waits for a run.

    Attributes:
        run: The run.
        viewer: The user; "" for nobody in particular.
        client: Name and version; see `headway.hub.noting.client_label`.
        peer: Address at the other end, if it is known.
    """

    run: RunRow
    viewer: str = ""
    client: str = ""
    peer: str | None = None


class ClientLeft(Exception):
    """Nobody waits for this answer any more."""


@dataclass(slots=True, eq=False)
class Waiting:
    """One request that waits.

    Attributes:
        who: Whose it is.
        bell: Rings when it is to look again.
        since: When it came, wall clock, seconds.
        id: Tells it from others.
        over: It is to answer now, whatever it finds.
    """

    who: Who
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    since: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: f"con_{secrets.token_hex(8)}")
    over: bool = False


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
        self._waiting: dict[str, Waiting] = {}
        self._of_runs: dict[RunId, dict[str, Waiting]] = {}
        self._seen: dict[RunId, Seq | None] = {}
        self._fall_asleep: Callable[[], None]

    def statistics(self) -> Mapping[str, Any]:
        """Return how many requests wait, and for how many runs."""
        return {"waiting": len(self._waiting), "runs": len(self._of_runs)}

    def viewers(self) -> Counter[tuple[str, str]]:
        """Count those who wait now, by transport and client."""
        return Counter((TRANSPORT, waiting.who.client) for waiting in self._waiting.values())

    def waiting(self, which: Which) -> Iterator[Mapping[str, Any]]:
        """Yield those who wait and are meant, the newest first, as `headway.ops.connections` shows them."""
        for one in reversed(tuple(self._waiting.values())):
            who = one.who
            if which.wants(viewer=who.viewer, client=who.client, runs=(who.run.id,), groups=(who.run.group,)):
                about = {"viewer": who.viewer, "client": who.client, "peer": who.peer, "watched": [who.run.id]}
                yield {"id": one.id, "transport": TRANSPORT, "path": None, **about, "opened_at": at(one.since)}

    def close(self, id: str) -> bool:
        """Have a request answered now; tell whether it waited."""
        one = self._waiting.get(id)
        if one is None:
            return False
        one.over = True
        one.bell.set()
        return True

    def wake(self) -> None:
        """Let everybody look again: something has changed that stands in no log."""
        for one in self._waiting.values():
            one.bell.set()

    async def until(
        self,
        who: Who,
        look: Callable[[], Awaitable[T | None]],
        *,
        wait_s: float,
        receive: Receive,
        again_s: float = math.inf,
    ) -> T | None:
        """Look again and again until there is something, and return it; None when the time is up.

        It subscribes first and looks second, so nothing that happens in between is missed.

        Args:
            who: Waits; it looks when their run has news.
            look: Returns None while there is nothing yet.
            wait_s: How long; 0 looks once.
            receive: Of the request, its body read; tells when the client leaves.
            again_s: Look at least this often, for what no doorbell tells.

        Raises:
            Overloaded: too many wait already.
            ClientLeft: it left.
        """
        if wait_s <= 0 or self._is_over():
            return await look()
        clock = asyncio.get_running_loop().time
        async with self._place(who) as one, leaving(receive) as left:
            deadline = clock() + wait_s
            while (found := await look()) is None and clock() < deadline and not (one.over or self._is_over()):
                await _ring_or_leave(one.bell, left, min(deadline - clock(), again_s))
                one.bell.clear()
            return found

    @contextlib.contextmanager
    def _placed(self, one: Waiting) -> Iterator[None]:
        run_id = one.who.run.id
        self._waiting[one.id] = one
        self._of_runs.setdefault(run_id, {})[one.id] = one
        try:
            yield
        finally:
            del self._waiting[one.id], self._of_runs[run_id][one.id]
            if not self._of_runs[run_id]:
                del self._of_runs[run_id]
                self._seen.pop(run_id, None)

    @contextlib.asynccontextmanager
    async def _place(self, who: Who) -> AsyncIterator[Waiting]:
        if self._limit and len(self._waiting) >= self._limit:
            raise Overloaded(
                f"{len(self._waiting)} requests are waiting already", hint="ask again later, or without `wait`"
            )
        if not self._waiting:
            self._fall_asleep = self._listen()
        one = Waiting(who)
        try:
            with self._placed(one):
                self._store.measures.count(CONNECTS, TRANSPORT, who.client)
                yield one
        finally:
            if not self._waiting:
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
        for run_id in runs or tuple(self._of_runs):
            for one in self._of_runs.get(run_id, {}).values():
                one.bell.set()

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
        for run_id in tuple(self._of_runs):
            row = await self._store.get(run_id)
            seq = None if row is None else row.seq
            if run_id in self._of_runs and (run_id not in self._seen or self._seen[run_id] != seq):
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
