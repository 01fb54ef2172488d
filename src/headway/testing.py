"""For tests of your own jobs: run one to its end in memory, and read what it reported.

::

    log = await headway.testing.play(build, body)
    assert log.status == "succeeded"
    assert [event["data"]["done"] for event in log.of("phase.progressed")] == [1, 2, 3]

The clock is yours: waits between retries take no time, they only move `Clock.now_s`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from headway.core.clock import format_ms
from headway.core.run import ENDED
from headway.engines.commands import About, Commands
from headway.engines.job import make_job
from headway.engines.runtime import Runtime
from headway.engines.supervision import Supervision
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections, read_log


class Clock:
    """A clock that moves only when somebody waits by it, or tells it to.

    Attributes:
        now_s: Seconds since it was made.
        waits: Every wait asked for, in seconds.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as the store of a played run sees them."""
        return 1_750_000_000_000 + round(self.now_s * 1000)

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` go by at once; other tasks get their turn."""
        self.waits.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.now_s += seconds


@dataclass(frozen=True, slots=True)
class Played:
    """What a played run left.

    Attributes:
        events: All events of its log, in order.
        snapshot: Its state at the end.
        clock: As it stands at the end.
    """

    events: Sequence[Mapping[str, Any]]
    snapshot: Mapping[str, Any]
    clock: Clock

    @property
    def status(self) -> str:
        """How it ended."""
        status: str = self.snapshot["status"]
        return status

    @property
    def result(self) -> Any:
        """What it returned, as JSON; None unless it ended ``succeeded`` or ``partial``."""
        return self.snapshot["result"]

    def of(self, *types: str) -> list[Mapping[str, Any]]:
        """Return the events of these types."""
        return [event for event in self.events if event["type"] in types]

    def types(self) -> list[str]:
        """Return the types of all events, in order."""
        return [event["type"] for event in self.events]


async def play(
    fn: Callable[..., Any], input: Any = None, *, clock: Clock | None = None, within_s: float = 60.0, **options: Any
) -> Played:
    """Run a job's function, or a function like ``build(run, body)``, to its end in memory.

    Args:
        fn: ``async def`` or ``def``, taking the run first and at most one input after it.
        input: What it takes; validated by its annotation.
        clock: Yours, to look at afterwards.
        within_s: Real seconds until it is given up.
        options: Options of ``@hw.job``: ``retries=2``, ``phases=…`` ...

    Raises:
        TimeoutError: it did not end in time.
        InvalidInput: the input does not fit the function's annotation.
    """
    clock = clock or Clock()
    store = MemoryStore(now_ms=clock.now_ms)
    projections = Projections(store)
    job = make_job(fn, **options)
    async with AsyncExitStack() as stack:
        await store.open()
        stack.push_async_callback(store.close)
        supervision = Supervision(store)
        await supervision.start()
        stack.push_async_callback(supervision.stop)
        worker = await store.join()
        runtime = Runtime(store, projections, {job.name: job}, worker, supervision, clock=clock)
        commands = Commands(store, projections, lambda: format_ms(clock.now_ms()))
        row, _ = await commands.start(job, job.parse(input), About())
        async with asyncio.timeout(within_s):
            while row.status not in ENDED:
                if row.due_ms is not None and row.due_ms > clock.now_ms():
                    await clock.sleep((row.due_ms - clock.now_ms()) / 1000)
                await runtime.execute(row.id, row.attempt)
                row = await commands.row(row.id)
        events = [event.envelope() async for event in read_log(store, row.id)]
        snapshot = (await projections.current(row.id)).snapshot()
    return Played(events, snapshot, clock)
