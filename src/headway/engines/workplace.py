"""This process's share in the work: telling the engine of what is queued, and executing what it delivers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from headway.engines.attempts import Attempts
from headway.engines.base import Engine, InLoop
from headway.engines.dispatcher import Dispatcher, role_of
from headway.engines.job import Job
from headway.engines.lanes import Lane
from headway.engines.leadership import Leadership
from headway.engines.runtime import Runtime
from headway.errors import UsageError
from headway.stores.base import RunRow, Store

log = logging.getLogger("headway.engine")

STOPS_WITHIN_S: Final = 5.0


class Workplace:
    """Puts an engine to work in this process.

    Args:
        engine: Delivers attempts.
        store: Where the runs are.
        jobs: Registered jobs by name.
        worker: Id this process joined the store with.
        lease_s: As `headway.config.Settings.lease_s`.
        drain_s: Seconds attempts may go on when it stops.
    """

    def __init__(
        self, engine: Engine, store: Store, jobs: Mapping[str, Job], worker: str, *, lease_s: float, drain_s: float
    ) -> None:
        self._engine = engine
        self._drain_s = drain_s
        self._dispatcher: Dispatcher | None = None
        if not engine.finds_runs:
            leadership = Leadership(store, role_of(engine, jobs), worker, lease_s=lease_s)
            self._dispatcher = Dispatcher(store, engine, jobs, leadership.held)
        self._attempts: Attempts | None = None
        self._working: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str | None:
        """Why the engine does not take deliveries at present, or None."""
        return None if self._dispatcher is None else self._dispatcher.trouble

    async def start(self) -> None:
        """Begin to tell the engine of what is queued."""
        if self._dispatcher is not None:
            await self._dispatcher.start()

    def submit(self, row: RunRow) -> None:
        """Have the engine told of a run that was just created. Never waits."""
        if self._dispatcher is not None:
            self._dispatcher.submit(row)

    def attend(self, runtime: Runtime) -> Attempts:
        """Return what executes attempts here, for an engine that calls back."""
        self._attempts = Attempts(runtime)
        return self._attempts

    def work(self, runtime: Runtime, lanes: Sequence[Lane]) -> None:
        """Execute here what the engine delivers.

        Raises:
            UsageError: the engine has worker processes of its own.
        """
        if not isinstance(self._engine, InLoop):
            raise UsageError(
                f"the engine {self._engine.name} runs jobs in worker processes of its own",
                hint="set HEADWAY_WORKER to process or none here, and start `headway worker` where jobs shall run",
            )
        working = self._engine.work(self.attend(runtime), lanes)
        self._working = asyncio.create_task(working, name="headway-engine")

    async def stop(self) -> None:
        """Take no more deliveries, let attempts go on for the drain time, hand back what is left. Idempotent."""
        if self._working is not None:
            self._working.cancel()
            # a library that waits for a connection that hangs must not keep attempts from being handed back
            await asyncio.wait([self._working], timeout=STOPS_WITHIN_S)
            self._working = None
        if self._attempts is not None:
            await self._attempts.stop(self._drain_s)
            self._attempts = None
        if self._dispatcher is not None:
            await self._dispatcher.stop()
        await self._engine.close()
