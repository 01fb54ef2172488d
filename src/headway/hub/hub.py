"""The hub: all feeds and all connections of one process, and what happens to them as time goes by."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

from headway.core.sse import retry
from headway.errors import LimitExceeded, Overloaded
from headway.hub import direct, signals
from headway.hub.connection import Connection, Reason
from headway.hub.feed import NUMBERS, Feed
from headway.hub.frames import Block, control
from headway.hub.listing import Listing
from headway.hub.noting import TRANSPORT
from headway.hub.settings import HubSettings, Options
from headway.hub.shared import Counters, Shared, Situation
from headway.hub.wheel import Wheel
from headway.hub.which import EVERYBODY, Which
from headway.stores.base import RunFilter, Store
from headway.stores.projection import Projections
from headway.types import RunId

TICK_MAX_S: Final = 0.25
"""The hub looks at its clocks at least so often."""

STREAMS_A_PASS: Final = 1_000
"""Streams written to or ended between two turns of the event loop."""

OFF_RETRY_MS: Final = 60_000
"""When a client that cannot poll may try again after the transport was switched off."""

_random = random.SystemRandom()


class Noticed(NamedTuple):
    """Whom a notice was sent to.

    Attributes:
        reached: Streams it was written to.
        passed_over: Streams that were meant and do not read at present.
    """

    reached: int
    passed_over: int


class Hub:
    """Fan-out of this process.

    Belongs to one event loop, from `start` to `stop`.

    Args:
        store: Where the logs are.
        projections: Their folded states.
        settings: `HubSettings`, or anything with the fields of `Options`.
        situation: Tells how a queued run stands, for ``event: live``.
    """

    def __init__(
        self,
        store: Store,
        projections: Projections,
        settings: Options | None = None,
        *,
        situation: Situation | None = None,
    ) -> None:
        self.settings = HubSettings.of(settings)
        self.counters = Counters()
        self.measures = store.measures
        self.draining = False
        self._shared = Shared(store, projections, self.settings, self.counters, _now, situation)
        self._feeds: dict[RunId, Feed] = {}
        self._looked: dict[Feed, float] = {}
        self._connections: dict[str, Connection] = {}
        self._viewers: Counter[str] = Counter()
        self._unread: dict[Connection, tuple[float, int]] = {}
        self._listings: dict[tuple[RunFilter, int], Listing] = {}
        self._standing: Sequence[tuple[Which, Block]] = ()
        self._off: set[str] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._wheel: Wheel[Connection]
        self._timer: asyncio.TimerHandle | None = None
        self._unwatch: Callable[[], None] | None = None
        self._drain: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()

    # -- life

    async def start(self) -> None:
        """Begin to listen to the store's doorbell. Idempotent."""
        if self._unwatch is None:
            self.draining = False
            self._drain = None
            self._wheel = Wheel(self.settings.ping_s, _now())
            self._unwatch = self._shared.store.watch(self._ring)

    async def stop(self) -> None:
        """End all streams, then all feeds. Idempotent."""
        if self._unwatch is None:
            return
        await self.drain()
        self._unwatch()
        self._unwatch = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for feed in tuple(self._feeds.values()):
            await self._drop(feed)
        while self._listings:  # a request that began before may add one meanwhile
            _, listing = self._listings.popitem()
            await listing.close()

    def ending_with_the_process(self) -> AbstractContextManager[None]:
        """Drain as soon as the process is asked to exit, not when the server has waited for open streams.

        For the lifespan of an application, around its ``yield``: servers wait for streams before they shut the lifespan
        down. See `headway.hub.signals`.
        """
        loop = asyncio.get_running_loop()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(self.begin_drain)

        return signals.on_exit(tell)

    # -- connections

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Open connections by id."""
        return self._connections

    def viewers(self) -> Counter[tuple[str, str]]:
        """Count those who watch now, by transport and client."""
        return Counter((TRANSPORT, connection.client) for connection in self._connections.values())

    def connect(self, *, viewer: str = "", client: str = "") -> Connection:
        """Count a new stream. Whoever asks must `Connection.attach` it or give it back with `gone`.

        Raises:
            Overloaded: this process has as many streams as it may have, or is about to exit.
            LimitExceeded: this viewer has as many as one may have.
        """
        settings = self.settings
        if self.draining or 0 < settings.max_connections <= len(self._connections):
            self.counters.refused += 1
            raise Overloaded("this server takes no more streams at present", hint="come back in a moment")
        if viewer and self._viewers[viewer] >= settings.viewer_max:
            self.counters.refused += 1
            raise LimitExceeded(
                f"{settings.viewer_max} streams are open for this user", hint="close one", limit=settings.viewer_max
            )
        lifetime = settings.lifetime_s * _random.uniform(0.8, 1)
        connection = Connection(self, viewer=viewer, client=client, opened_at=time.time(), expires=_now() + lifetime)
        self._connections[connection.id] = connection
        self._viewers[viewer] += 1
        self._wheel.add(connection)
        self._empty.clear()
        self.counters.connections += 1
        self._keep_time()
        return connection

    def gone(self, connection: Connection) -> None:
        """Forget a connection. Idempotent."""
        if self._connections.pop(connection.id, None) is None:
            return
        self._viewers[connection.viewer] -= 1
        if not self._viewers[connection.viewer]:
            del self._viewers[connection.viewer]
        self._wheel.remove(connection)
        self._unread.pop(connection, None)
        if not self._connections:
            self._empty.set()

    def unread(self, connection: Connection) -> None:
        """Take note that a client does not read, or has yet to read the last bytes of its stream."""
        if connection.id in self._connections:
            self._unread.pop(connection, None)  # to the end: `_cut_off` looks no further than the first who has time
            self._unread[connection] = _now(), connection.buffered()

    def reads_again(self, connection: Connection) -> None:
        """Take note that a client has read on."""
        self._unread.pop(connection, None)

    def count_kept(self, hindrance: str | None) -> None:
        """Count a stream that had a ticket and stayed with ``send()``."""
        if hindrance is not None:
            self.counters.kept[hindrance] = self.counters.kept.get(hindrance, 0) + 1

    def retry_ms(self) -> int:
        """Return a reconnection time for one connection; different for each, or all would come back at once."""
        return round(self.settings.retry_ms * _random.uniform(0.5, 1.5))

    async def notice(self, data: Mapping[str, Any], which: Which = EVERYBODY) -> Noticed:
        """Send ``event: notice`` to open streams, letting others run in between; nothing is stored.

        Args:
            data: What operators have to say.
            which: Who is meant.
        """
        return await self.say([(which, data)])

    async def say(self, said: Sequence[tuple[Which, Mapping[str, Any]]]) -> Noticed:
        """Do what `notice` does for several, to the streams that are open when it is called; each counts by itself."""
        blocks = _notices(said)
        picked = written = 0
        async for connection in self.each():
            for which, block in blocks:
                if connection.is_of(which):
                    picked += 1
                    written += connection.notify(block)
        return Noticed(written, picked - written)

    def tell(self, connection: Connection, data: Mapping[str, Any]) -> bool:
        """Send ``event: notice`` to one stream; tell whether it was written, which it is not while nobody reads."""
        return connection.notify(Block(control("notice", data)))

    async def each(self) -> AsyncIterator[Connection]:
        """Yield the streams that are open now and not yet over when their turn comes; the newest last."""
        for count, connection in enumerate(tuple(self._connections.values()), 1):
            if not connection.over:
                yield connection
            if not count % STREAMS_A_PASS:
                await asyncio.sleep(0)

    def close(self, id: str) -> bool:
        """End a stream for an operator; its client comes back when ``retry:`` says. Tell whether it was open."""
        connection = self._connections.get(id)
        if connection is None or connection.over:
            return False
        connection.end(retry(self.retry_ms()), "closed")
        return True

    def stand(self, notices: Iterable[tuple[Which, Mapping[str, Any]]]) -> None:
        """Say from now on to everybody who comes, and is meant, what operators say; in place of what was said before.

        Who is there already is told by `notice`.
        """
        self._standing = _notices(notices)

    def greet(self, connection: Connection) -> None:
        """Tell a viewer who has just come what operators say to everybody."""
        for which, block in self._standing:
            if connection.is_of(which):
                connection.put(block)

    # -- switches

    def off(self, transport: str) -> None:
        """Switch a transport off. Streams end with ``end {use: poll}``; new ones are told the same."""
        self._off.add(transport)
        if transport == "sse" and self._connections:
            ending = asyncio.create_task(self._end_each(poll_instead, "switched_off"), name="headway: transport off")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def on(self, transport: str) -> None:
        """Switch a transport on again."""
        self._off.discard(transport)

    def is_off(self, transport: str) -> bool:
        """Tell whether a transport is switched off."""
        return transport in self._off

    def begin_drain(self) -> None:
        """End all streams now, and let none begin; returns at once. Idempotent."""
        self.draining = True
        if self._drain is None:
            self._drain = asyncio.create_task(self._end_all(), name="headway: drain")

    async def drain(self) -> None:
        """End all streams, each with its last chunk and a ``retry:`` of its own; return when the sockets are closed.

        Clients that do not read are cut off after ``drain_s``.
        """
        self.begin_drain()
        if self._drain is not None:
            await asyncio.shield(self._drain)

    async def _end_all(self) -> None:
        spread_s = max(1.0, len(self._connections) / self.settings.drain_rate)
        await self._end_each(lambda: retry(round(_random.uniform(0.1, spread_s) * 1000)), "drain")
        if self._connections:
            try:
                async with asyncio.timeout(self.settings.drain_s):
                    await self._empty.wait()
            except TimeoutError:
                for connection in tuple(self._connections.values()):
                    self.counters.dropped += 1
                    connection.abort("not_reading")

    async def _end_each(self, last: Callable[[], bytes], reason: Reason) -> None:
        """End all streams that are open now, letting others run in between."""
        for count, connection in enumerate(tuple(self._connections.values()), 1):
            connection.end(last(), reason)
            if not count % STREAMS_A_PASS:
                await asyncio.sleep(0)

    # -- feeds

    @asynccontextmanager
    async def watching(self, run_id: RunId) -> AsyncIterator[Feed]:
        """Give the feed of a run, opened; it stays at least as long as this lasts, and as its viewers do.

        Raises:
            RunNotFound: there is no such run.
            StoreError: it cannot be read.
        """
        feed = self._feeds.get(run_id)
        if feed is None or feed.over:
            # In the registry before it reads, so that it hears the doorbell meanwhile.
            feed = self._feeds[run_id] = Feed(run_id, self._shared)
            self._looked[feed] = _now()
            self._keep_time()
        feed.holds += 1
        try:
            await feed.open()
            yield feed
        finally:
            feed.holds -= 1
            if not (feed.is_open or feed.holds):
                await self._drop(feed)

    @asynccontextmanager
    async def listing(self, which: RunFilter, limit: int) -> AsyncIterator[Listing]:
        """Give the live list of a filter; it stays at least as long as this lasts, and as its viewers do.

        Raises:
            StoreError: it cannot be read.
        """
        key = which, limit
        listing = self._listings.get(key)
        if listing is None:
            listing = self._listings[key] = Listing(which, limit, self._shared)
            self._keep_time()
        listing.holds += 1
        try:
            await listing.open()
            yield listing
        finally:
            listing.holds -= 1
            if not (listing.is_open or listing.holds):
                self._listings.pop(key, None)
                listing.stop()

    def _ring(self, run_ids: Collection[RunId]) -> None:
        for listing in self._listings.values():
            listing.ring()
        for run_id in run_ids or tuple(self._feeds):
            feed = self._feeds.get(run_id)
            if feed is not None:
                feed.ring()

    async def _drop(self, feed: Feed) -> None:
        self._forget(feed)
        self._looked.pop(feed, None)
        await feed.close()

    def _forget(self, feed: Feed) -> None:
        """Take a feed out of the registry, unless another of the same run has its place."""
        if self._feeds.get(feed.run_id) is feed:
            del self._feeds[feed.run_id]

    # -- time

    def _keep_time(self) -> None:
        """Have the timer run while there is somebody to run it for."""
        if self._timer is None:
            delay = min(self._wheel.slot_s, TICK_MAX_S)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        try:
            self._do_what_is_due(_now())
        finally:  # whatever goes wrong with one of them, the others are not left without pings
            if self._connections or self._feeds or self._listings:
                self._keep_time()

    def _do_what_is_due(self, now: float) -> None:
        for connection in self._wheel.due(now):
            if connection.expires <= now:
                connection.end(retry(self.retry_ms()), "lifetime")
            else:
                connection.ping()
        self._cut_off(now)
        self._look(now)
        self._drop_lists()

    def _drop_lists(self) -> None:
        """Drop lists nobody watches."""
        for key, listing in tuple(self._listings.items()):
            if not listing.viewers and not listing.holds:
                del self._listings[key]
                listing.stop()

    def _cut_off(self, now: float) -> None:
        """Break the connections of those who have read nothing for too long; the longest stand first."""
        while self._unread:
            connection, (since, left) = next(iter(self._unread.items()))
            if now - since < self.settings.stall_s:
                return
            del self._unread[connection]
            rest = connection.buffered()
            if rest < left:  # a large snapshot on a slow line
                self._unread[connection] = now, rest
            else:
                self.counters.dropped += 1
                connection.abort("not_reading")

    def _look(self, now: float) -> None:
        """Let feeds look into the log without a doorbell, and drop those nobody has watched for a while."""
        every = max(self.settings.look_s, len(self._feeds) / self.settings.looks_max)
        while self._looked:
            feed, looked = next(iter(self._looked.items()))
            if now - looked < every:
                return
            del self._looked[feed]
            if feed.is_idle(now - self.settings.linger_s):
                self._forget(feed)
                feed.stop()
            else:
                self._looked[feed] = now
                feed.look()

    # -- numbers

    def statistics(self) -> Mapping[str, Any]:
        """Return sizes of all buffers and what was counted."""
        feeds = [feed.statistics() for feed in self._feeds.values()]
        return {
            **dataclasses.asdict(self.counters),
            "open": len(self._connections),
            "unread": len(self._unread),
            "buffered_bytes": sum(connection.buffered() for connection in self._connections.values()),
            "feeds": len(self._feeds),
            "lists": len(self._listings),
            **{name: sum(part[name] for part in feeds) for name in NUMBERS},
            "draining": self.draining,
            "off": sorted(self._off),
            "direct_off": direct.why_off() if self.settings.direct else "switched off by HEADWAY_DIRECT",
        }


def _notices(said: Iterable[tuple[Which, Mapping[str, Any]]]) -> Sequence[tuple[Which, Block]]:
    return tuple((which, Block(control("notice", data))) for which, data in said)


def poll_instead() -> bytes:
    """Return the last frames of a stream whose transport is switched off."""
    end = {"status": None, "seq": None, "final": False, "use": "poll"}
    return retry(OFF_RETRY_MS) + control("end", end)


def _now() -> float:
    return asyncio.get_running_loop().time()
