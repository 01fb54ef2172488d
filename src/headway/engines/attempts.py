"""The attempts this process sees through, whoever delivered them.

Each is a task of its own: the library that delivered it may lose its connection, or be stopped, while the attempt goes
on. The claim is made here, so what is delivered twice runs once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headway.engines.runtime import Runtime
from headway.errors import Conflict, HeadwayError
from headway.types import RunId

log = logging.getLogger("headway.engine")


@dataclass(frozen=True, slots=True)
class Full:
    """The job is at a limit of its own; the run stays queued.

    Attributes:
        wait_s: So long it has begun as often as its rate allows; None: it runs as often at once as it may.
    """

    wait_s: float | None = None


Outcome: TypeAlias = Literal["ran", "not_ours"] | Full


class Attempts:
    """Executes attempts, and hands them back when the process stops.

    Args:
        runtime: What executes them.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tasks: dict[RunId, tuple[int, asyncio.Task[Outcome]]] = {}
        self._stopping = False

    def running(self) -> Collection[RunId]:
        """Ids of the runs this process works on."""
        return self._tasks.keys()

    async def see_through(self, run_id: RunId, attempt: int, *, room: asyncio.Semaphore | None = None) -> None:
        """Execute an attempt unless it is another's, and return when it has ended. For engines that are called back.

        Cancelled, it leaves the attempt running: `stop` ends it. Never raises anything else.

        Args:
            run_id: Of the run.
            attempt: That was delivered.
            room: Slots; the attempt has one until its end, whatever became of who delivered it.
        """
        while run_id in self._tasks:
            running, task = self._tasks[run_id]
            if running >= attempt:
                return
            await asyncio.wait([task])  # it has queued this attempt, and is about to end
        if room is not None:
            await room.acquire()
        if self._stopping or run_id in self._tasks:
            if room is not None:
                room.release()
            return
        task = self.begin(run_id, attempt)
        if room is not None:
            task.add_done_callback(lambda _: room.release())
        await asyncio.wait([task])

    def begin(
        self, run_id: RunId, attempt: int, *, on_claimed: Callable[[], object] | None = None
    ) -> asyncio.Task[Outcome]:
        """Begin to execute an attempt; the task never fails.

        Args:
            run_id: None of `running`.
            attempt: That was delivered.
            on_claimed: Called when it is certain that it runs here.
        """
        task = asyncio.create_task(self._attempt(run_id, attempt, on_claimed), name=f"headway-attempt-{run_id}")
        self._tasks[run_id] = attempt, task
        task.add_done_callback(lambda _: self._tasks.pop(run_id))
        return task

    async def stop(self, drain_s: float) -> None:
        """Let attempts go on for `drain_s`, then hand them back to the queue. What is delivered from now on is left."""
        self._stopping = True
        if self._tasks and drain_s > 0:
            await asyncio.wait([task for _, task in self._tasks.values()], timeout=drain_s)
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attempt(self, run_id: RunId, attempt: int, on_claimed: Callable[[], object] | None) -> Outcome:
        claimed = False

        def note() -> None:
            nonlocal claimed
            claimed = True
            if on_claimed is not None:
                on_claimed()

        try:
            await self._runtime.execute(run_id, attempt, on_claimed=note)
        except Conflict as error:
            wait_ms = error.extra.get("wait_ms")
            return "ran" if claimed else Full(None if wait_ms is None else wait_ms / 1000)
        except HeadwayError as error:
            log.warning("attempt %d of %s was given up: %s", attempt, run_id, error)
        except Exception:
            log.exception("attempt %d of %s broke the engine's rules", attempt, run_id)
        return "ran" if claimed else "not_ours"
