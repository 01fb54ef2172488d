"""The embedded engine: takes queued runs from the store itself. No broker, no further process, durable by the log.

Any number of processes on the store may run it. Who gets an attempt is decided by the claim.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection

from headway.engines.runtime import Runtime
from headway.errors import Conflict, HeadwayError
from headway.stores.base import RunRow, Store
from headway.types import RunId

log = logging.getLogger("headway.engine")

LOOK_EVERY_S = 1.0


class EmbeddedEngine:
    """Runs attempts as tasks of this event loop.

    Args:
        store: Where queued runs are found.
        runtime: What executes them.
        slots: Attempts at once in this process.
    """

    name = "embedded"

    def __init__(self, store: Store, runtime: Runtime, *, slots: int = 20) -> None:
        self._store = store
        self._runtime = runtime
        self._slots = slots
        self._tasks: dict[RunId, asyncio.Task[None]] = {}
        self._rung = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look for queued runs."""
        self._unwatch = self._store.watch(lambda _runs: self._rung.set())
        self._rung.set()
        self._loop = asyncio.create_task(self._deliver(), name="headway-engine")

    async def submit(self, run_id: RunId, attempt: int) -> None:
        """Nothing to do but look: the queue is the store."""
        self._rung.set()

    async def stop(self, drain_s: float = 0.0) -> None:
        """Take no more, wait `drain_s` for what runs, then hand it back to the queue."""
        if self._loop is None:
            return
        self._unwatch()
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        self._loop = None
        if self._tasks and drain_s > 0:
            await asyncio.wait(self._tasks.values(), timeout=drain_s)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self) -> None:
        while True:
            self._rung.clear()
            try:
                await self._fill()
            except HeadwayError as error:
                log.warning("cannot look for queued runs: %s", error)
            except Exception:
                log.exception("looking for queued runs failed")
            try:
                async with asyncio.timeout(random.uniform(LOOK_EVERY_S / 2, LOOK_EVERY_S)):  # noqa: S311
                    await self._rung.wait()
            except TimeoutError:
                pass

    async def _fill(self) -> None:
        """Claim as much as there is room for. Jobs at their limit are left out, so they do not hold up the others."""
        full: set[str] = set()
        tried: set[RunId] = set()
        while len(self._tasks) < self._slots:
            jobs = self._runtime.jobs.keys() - full
            rows = await self._store.queued(jobs, limit=self._slots) if jobs else []
            new = [row for row in rows if row.id not in self._tasks and row.id not in tried]
            if not new:
                return
            for row in new[: self._slots - len(self._tasks)]:
                tried.add(row.id)  # one that could not be claimed is looked at again at the next ring
                if await self._begin(row):
                    full.add(row.job)

    async def _begin(self, row: RunRow) -> bool:
        """Start an attempt; True when its job is at its limit."""
        claimed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._tasks[row.id] = asyncio.create_task(self._attempt(row, claimed), name=f"headway-attempt-{row.id}")
        return await claimed

    async def _attempt(self, row: RunRow, claimed: asyncio.Future[bool]) -> None:
        ran = full = False

        def settle(*, full: bool) -> None:
            if not claimed.done():  # the engine may have been stopped while it waited for this
                claimed.set_result(full)

        def begun() -> None:
            nonlocal ran
            ran = True
            settle(full=False)

        try:
            await self._runtime.execute(row.id, row.attempt, on_claimed=begun)
        except Conflict:
            full = not ran
        except HeadwayError as error:
            log.warning("attempt %d of %s was given up: %s", row.attempt, row.id, error)
        except Exception:
            log.exception("attempt %d of %s broke the engine's rules", row.attempt, row.id)
        finally:
            self._tasks.pop(row.id, None)
            if ran:
                self._rung.set()  # there is room again
            else:
                settle(full=full)

    def running(self) -> Collection[RunId]:
        """Ids of the runs this process works on."""
        return list(self._tasks)
