"""Everything that may happen between two awaits, in any order: nothing is lost, doubled or out of order.

The store answers when the test says so, the clients read when the test says so, doorbells may be lost, and time stands
still unless it is told to go on.
"""

import asyncio
import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headway.core.cursor import Cursor
from headway.core.events import NewEvent, new_event
from headway.core.fold import Fold
from headway.hub import Hub, HubSettings, audience, backlog, feed
from headway.hub.connection import Connection
from headway.hub.frames import form_of
from headway.hub.subscription import Subscription, Wish
from headway.stores.base import Write
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from tests.hub.memory_sink import MemorySink
from tests.stores.builders import new_run, started
from tests.wire import Viewer

EVENTS = st.sampled_from([
    new_event("note", {"body": "short"}),
    new_event("note", {"body": "long " * 60}),
    new_event("output.appended", {"key": "text", "delta": "\U0001f600 piece"}),
    new_event("item.started", {"key": "day"}),
    new_event("item.finished", {"key": "day", "data": {"stops": 3}}),
])  # fmt: skip


class SlowStore(MemoryStore):
    """Each call waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = False
        self.waiting: list[asyncio.Future[None]] = []

    async def _turn(self) -> None:
        if self.slow:
            self.waiting.append(asyncio.get_running_loop().create_future())
            await self.waiting[-1]


class Client:
    """A viewer with its present connection."""

    def __init__(self, *, every: bool) -> None:
        self.viewer = Viewer(0, "")
        self.every = every
        self.connection: Connection | None = None
        self.sink: MemorySink | None = None


class Interleavings(RuleBasedStateMachine):
    """One run, one feed, a few viewers."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.time = 0.0
        self.clients: list[Client] = []
        self.ended = False

    def do(self, work: Any) -> Any:
        """Run something to its end."""
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        """A run that is running."""
        self.store = SlowStore()
        self.do(self.store.open())
        self.run, _ = self.do(self.store.create(new_run(started())))
        options = HubSettings(budget=1_200, tail_min=600, recent_bytes=2_000, reset_s=5)
        self.hub = Hub(self.store, Projections(self.store), options)
        self.hub._shared = dataclasses.replace(self.hub._shared, now=lambda: self.time)
        self.do(self.hub.start())
        self.store.slow = True
        self.deaf = False

    @rule(steps=st.integers(1, 4))
    def step(self, steps: int) -> None:
        """Let the event loop go on."""

        async def turns() -> None:
            for _ in range(steps):
                await asyncio.sleep(0)

        self.do(turns())

    @precondition(lambda self: self.store.waiting)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """The store answers one of the calls."""
        index = data.draw(st.integers(0, len(self.store.waiting) - 1))
        future = self.store.waiting.pop(index)
        if not future.done():
            future.set_result(None)
        self.step(1)

    @precondition(lambda self: not self.ended)
    @rule(events=st.lists(EVENTS, min_size=1, max_size=6), rings=st.booleans())
    def append(self, events: list[NewEvent], rings: bool) -> None:
        """Something happens; the doorbell may be lost."""
        self._append(events)
        if rings:
            self.do(self._ring())

    def _append(self, events: list[NewEvent]) -> None:
        slow, self.store.slow = self.store.slow, False
        unwatch, self.store._doorbell._watchers = self.store._doorbell._watchers, {}
        self.do(self.store.append(self.run.id, Write(events=events, execution_id=self.run.execution_id)))
        self.store._doorbell._watchers = unwatch
        self.store.slow = slow

    async def _ring(self) -> None:
        self.hub._ring([self.run.id])

    @rule(every=st.booleans())
    def come(self, every: bool) -> None:
        """A new client."""
        if len(self.clients) < 4:
            self.clients.append(Client(every=every))
            self._connect(self.clients[-1])

    @precondition(lambda self: any(self._is_away(client) for client in self.clients))
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        """One that was cut off comes back with its cursor."""
        self._connect(data.draw(st.sampled_from([client for client in self.clients if self._is_away(client)])))

    def _is_away(self, client: Client) -> bool:
        return client.sink is not None and client.sink.aborted and client.viewer.end is None

    def _connect(self, client: Client) -> None:
        cursor = client.viewer.cursor
        client.viewer._may_replace = cursor is None
        wish = Wish(cursor=None if cursor is None else Cursor.parse(cursor), every=client.every, form=form_of())
        client.sink = None
        self.loop.create_task(self._join(client, wish))

    async def _join(self, client: Client, wish: Wish) -> None:
        async with self.hub.watching(self.run.id) as watched:
            connection = self.hub.connect()
            client.connection = connection
            client.sink = MemorySink(connection, self.hub.settings.budget)
            connection.attach(client.sink, [Subscription(watched, connection, wish)])

    @precondition(lambda self: any(client.sink for client in self.clients))
    @rule(data=st.data(), size=st.integers(1, 3_000))
    def read(self, data: st.DataObject, size: int) -> None:
        """A client reads some bytes."""
        client = data.draw(st.sampled_from([client for client in self.clients if client.sink]))
        self.do(self._read(client, size))

    async def _read(self, client: Client, size: int) -> None:
        assert client.sink is not None
        client.sink.read(client.viewer, size)

    @precondition(lambda self: any(client.sink for client in self.clients))
    @rule(data=st.data())
    def cut(self, data: st.DataObject) -> None:
        """A connection breaks, with whatever was not read."""
        client = data.draw(st.sampled_from([client for client in self.clients if client.sink]))
        assert client.sink is not None
        self.do(self._cut(client.sink))

    async def _cut(self, sink: MemorySink) -> None:
        sink.abort()

    @rule()
    def look(self) -> None:
        """A second goes by: feeds look by themselves."""
        self.time += 1
        self.do(self._look())

    async def _look(self) -> None:
        for watched in tuple(self.hub._feeds.values()):
            watched.look()

    @rule(size=st.integers(1, 2_000))
    def notice(self, size: int) -> None:
        """An operator says something, which may be more than a client has room for."""
        self.do(self._notice("x" * size))

    async def _notice(self, text: str) -> None:
        await self.hub.notice({"text": text})

    @precondition(lambda self: not self.ended)
    @rule()
    def end(self) -> None:
        """The run ends."""
        self.ended = True
        self._append([new_event("run.succeeded", {"result": 42})])

    @invariant()
    def nobody_is_owed_more_than_the_budget(self) -> None:
        """What is kept for a client is bounded by its budget, one snapshot or slice and the last frames."""
        for client in self.clients:
            if client.sink is not None:
                assert client.sink.buffered() <= 1_200 + 8_000

    def teardown(self) -> None:
        """Let everything go on to its end: every client has the state of the log."""
        try:
            self._finish()
        finally:
            self.store.slow = False
            for future in self.store.waiting:
                if not future.done():
                    future.set_result(None)
            self.do(self.hub.stop())
            self.loop.close()

    def _finish(self) -> None:
        if not self.ended:
            self.end()
        self.store.slow = False
        for _ in range(400):
            if all(client.viewer.end for client in self.clients):
                break
            self._go_on()
        log = Fold()
        for event in self.do(self.store.read(self.run.id)).events:
            log.apply(event.envelope(), event.cursor)
        for client in self.clients:
            self._check(client, log)

    def _go_on(self) -> None:
        """A second in which everything works."""
        while self.store.waiting:
            future = self.store.waiting.pop()
            if not future.done():
                future.set_result(None)
        self.step(4)
        self.look()
        for client in self.clients:
            if self._is_away(client):
                self._connect(client)
            elif client.sink is not None:
                self.do(self._read(client, 10_000))

    def _check(self, client: Client, log: Fold) -> None:
        """The client saw everything once, and knows what is true."""
        viewer = client.viewer
        assert viewer.end == {"status": "succeeded", "seq": log.seq, "final": True}
        assert viewer.fold.snapshot() == log.snapshot()
        assert sorted(viewer.seqs + viewer.skipped) == list(range(1, log.seq + 1))
        assert set(viewer.resets) <= (set() if client.every else {"behind", "lagged"})


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and slices of a few events, so that everything takes several turns."""
    for module in (feed, backlog):
        monkeypatch.setattr(module, "PAGE_EVENTS", 3)
        monkeypatch.setattr(module, "SLICE_BYTES", 700)
    monkeypatch.setattr(audience, "WRITES_A_PASS", 1)


TestInterleavings = pytest.mark.usefixtures("_small")(Interleavings.TestCase)
TestInterleavings.settings = settings(
    max_examples=200, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
