"""A hub in the test's own loop, with clients in memory."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from headway.core.cursor import Cursor
from headway.core.events import NewEvent
from headway.core.sse import Frame
from headway.hub import Hub, HubSettings
from headway.hub.connection import Connection
from headway.hub.shared import Situation
from headway.hub.subscription import Subscription, Wish
from headway.stores.base import RunRow, Write
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from tests.hub.memory_sink import MemorySink
from tests.stores.builders import new_run, started
from tests.wire import Viewer


class Client:
    """A viewer, its connection and what it has not read."""

    def __init__(self, connection: Connection, sink: MemorySink, subscription: Subscription) -> None:
        self.connection, self.sink, self.subscription = connection, sink, subscription
        self.viewer = Viewer(0, "")

        self.frames: list[Frame] = []

    def read(self, size: int = 10_000_000) -> list[str]:
        """Read once, and return the names of the frames."""
        frames = self.sink.read(self.viewer, size)
        self.frames += frames
        return [frame.event for frame in frames]


class World:
    """A store, a hub and a clock that stands still."""

    def __init__(self, settings: HubSettings, situation: Situation | None) -> None:
        self.time = 1_000.0
        self.store = MemoryStore()
        self.projections = Projections(self.store)
        self.hub = Hub(self.store, self.projections, settings, situation=situation)
        self.hub._shared = dataclasses.replace(self.hub._shared, now=lambda: self.time)

    async def run(self, *events: NewEvent) -> RunRow:
        """Create a run that is running."""
        return (await self.store.create(new_run(started(), *events)))[0]

    async def append(self, run: RunRow, *events: NewEvent) -> RunRow:
        """Append, and let the feed deliver it."""
        appended = await self.store.append(run.id, Write(events=events, execution_id=run.execution_id))
        await self.settle()
        return appended.run

    async def join(self, run: RunRow, *, settle: bool = True, fold: bool = True, **wish: Any) -> Client:
        """Come, with a cursor or without; with one, the client has the state of that moment unless `fold` is false."""
        cursor = wish.pop("cursor", None)
        async with self.hub.watching(run.id) as feed:
            connection = self.hub.connect()
            sink = MemorySink(connection, self.hub.settings.budget)
            begin = Wish(cursor=None if cursor is None else Cursor.parse(str(cursor)), **wish)
            subscription = Subscription(feed, connection, begin)
            client = Client(connection, sink, subscription)
            client.viewer._may_replace = cursor is None
            if begin.cursor is not None and fold:
                await self.fold(client.viewer, run, begin.cursor)
            connection.attach(sink, [subscription])
        if settle:
            await self.settle()
        return client

    async def fold(self, viewer: Viewer, run: RunRow, at: Cursor | str) -> None:
        """Give a viewer the state it would have at its cursor."""
        cursor = Cursor.parse(str(at))
        for event in (await self.store.read(run.id, limit=max(cursor.seq, 1))).events[: cursor.seq]:
            viewer.fold.apply(event.envelope(), event.cursor)

    async def drain(self, client: Client) -> list[str]:
        """Read until nothing more comes."""
        names = client.read()
        await self.settle()
        while more := client.read():
            names += more
            await self.settle()
        return names

    async def settle(self) -> None:
        """Let everything go on that can."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        """Let time go by, and feeds look by themselves."""
        self.time += seconds
        for feed in tuple(self.hub._feeds.values()):
            feed.look()
        await self.settle()


@asynccontextmanager
async def world(
    settings: HubSettings | None = None,
    situation: Situation | None = None,
) -> AsyncIterator[World]:
    """Give a started world."""
    made = World(settings or HubSettings(), situation)
    await made.store.open()
    await made.hub.start()
    yield made
    for connection in tuple(made.hub.connections.values()):
        connection.abort("left")
    await made.hub.stop()
    await made.store.close()
