"""What the runtime's tests stand on: a real store that can be away, and everything that works on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from headway.core.clock import format_ms
from headway.core.run import ENDED
from headway.engines.commands import About, Commands
from headway.engines.job import make_job
from headway.engines.runtime import Runtime
from headway.engines.supervision import Supervision
from headway.errors import StoreUnavailable
from headway.stores.base import RunRow, Store
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections, read_log
from headway.stores.sqlite import SqliteStore
from headway.testing import Clock

AWAY = ("append", "get", "queued", "claimed", "steps", "input", "read", "workers", "lead", "prune")


class World:
    """One process with a store, a runtime and its jobs.

    Attributes:
        away: Names of the store's methods, with how often each is still going to fail.
        calls: How often each of them was called.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.away: dict[str, int] = {}
        self.calls = dict.fromkeys(AWAY, 0)
        for name in AWAY:
            setattr(store, name, self._unsure(name, getattr(store, name)))
        self.projections = Projections(store)
        self.commands = Commands(store, self.projections, lambda: format_ms(clock.now_ms()))
        self.supervision = Supervision(store)
        self.jobs: dict[str, Any] = {}
        self.runtime: Runtime

    def _unsure(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            if self.away.get(name, 0) > 0:
                self.away[name] -= 1
                raise StoreUnavailable("the store is away")
            return await method(*args, **kwargs)

        return call

    async def start(self, fn: Callable[..., Any], value: Any = None, **options: Any) -> str:
        """Register a job and queue a run of it."""
        job = self.jobs[options.get("name", fn.__name__)] = make_job(fn, **options)
        row, _ = await self.commands.start(job, job.parse(value), About())
        return row.id

    @property
    def worker(self) -> str:
        """What this process joined the store with."""
        return self.runtime.worker

    async def until_called(self, name: str, times: int) -> None:
        """Wait until a method of the store was called so often."""
        async with asyncio.timeout(60):
            while self.calls[name] < times:
                await asyncio.sleep(0.005)

    async def row(self, run_id: str) -> RunRow:
        """The run's row."""
        return await self.commands.row(run_id)

    async def deliver(self, run_id: str) -> bool:
        """Deliver the current attempt."""
        row = await self.row(run_id)
        return await self.runtime.execute(run_id, row.attempt)

    async def finish(self, run_id: str) -> Mapping[str, Any]:
        """Deliver attempts until the run has ended; return its state."""
        while (await self.row(run_id)).status not in ENDED:
            assert await self.deliver(run_id)
        return await self.state(run_id)

    async def until(self, run_id: str, wanted: Callable[[RunRow], bool]) -> RunRow:
        """Wait for something to be true of a run."""
        async with asyncio.timeout(60):
            while not wanted(row := await self.row(run_id)):
                await asyncio.sleep(0.005)
        return row

    async def state(self, run_id: str) -> dict[str, Any]:
        """The run's state, folded."""
        return (await self.projections.current(run_id)).snapshot()

    async def events(self, run_id: str, *types: str) -> list[dict[str, Any]]:
        """Events of these types, or all."""
        log = [event.envelope() async for event in read_log(self.store, run_id)]
        return [event for event in log if not types or event["type"] in types]


@asynccontextmanager
async def world(kind: str, folder: Path) -> AsyncIterator[World]:
    """A world on a store of this kind, closed in the end."""
    clock = Clock()
    store: Store = MemoryStore(now_ms=clock.now_ms) if kind == "memory" else SqliteStore(folder / "runs.db")
    async with world_on(store, clock) as here:
        yield here


@asynccontextmanager
async def world_on(store: Store, clock: Clock, *, ask_hold_s: float = 60.0) -> AsyncIterator[World]:
    """A world on a store that is not open yet, closed in the end."""
    await store.open()
    here = World(store, clock)
    worker = await store.join()
    here.runtime = Runtime(
        store,
        here.projections,
        here.jobs,
        worker,
        here.supervision,
        clock=clock,
        cancel_grace_s=0.2,
        ask_hold_s=ask_hold_s,
    )
    await here.supervision.start()
    try:
        yield here
    finally:
        await here.supervision.stop()
        await store.leave(worker)
        await store.close()
