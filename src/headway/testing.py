"""For tests of your own jobs: run one to its end in memory, and read what it reported.

::

    log = await headway.testing.play(build, body)
    assert log.status == "succeeded"
    assert [event["data"]["done"] for event in log.of("phase.progressed")] == [1, 2, 3]

The clock is yours: waits between retries take no time, they only move `Clock.now_s`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from headway.core.clock import format_ms
from headway.core.run import ENDED
from headway.engines.asking import questions
from headway.engines.commands import About, Commands
from headway.engines.job import make_job
from headway.engines.runtime import Runtime
from headway.engines.supervision import Supervision
from headway.errors import Conflict, UsageError
from headway.stores.base import Store
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections, read_log
from headway.stores.tail import doorbell, rings
from headway.types import RunId


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
    fn: Callable[..., Any],
    input: Any = None,
    *,
    answers: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    within_s: float = 60.0,
    **options: Any,
) -> Played:
    """Run a job's function, or a function like ``build(run, body)``, to its end in memory.

    Args:
        fn: ``async def`` or ``def``, taking the run first and at most one input after it.
        input: What it takes; validated by its annotation.
        answers: To what the job asks, by the id of the question. One that stands not here times out, by your clock.
        clock: Yours, to look at afterwards.
        within_s: Real seconds until it is given up.
        options: Options of ``@hw.job``: ``retries=2``, ``phases=…`` ...

    Raises:
        TimeoutError: it did not end in time.
        InvalidInput: the input does not fit the function's annotation, or an answer its question.
        UsageError: the job asks what is not answered, and would wait for ever.
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
        runtime = Runtime(store, projections, {job.name: job}, worker, supervision, clock=clock, ask_hold_s=math.inf)
        commands = Commands(store, projections, lambda: format_ms(clock.now_ms()))
        row, _ = await commands.start(job, job.parse(input), About())
        theatre = _Theatre(store, projections, commands, runtime, clock, answers or {})
        async with asyncio.timeout(within_s):
            await theatre.see_through(row.id)
        events = [event.envelope() async for event in read_log(store, row.id)]
        snapshot = (await projections.current(row.id)).snapshot()
    return Played(events, snapshot, clock)


@dataclass(frozen=True, slots=True)
class _Theatre:
    """One run on its way to its end: attempt after attempt, and answers where it asks."""

    store: Store
    projections: Projections
    commands: Commands
    runtime: Runtime
    clock: Clock
    answers: Mapping[str, Any]

    async def see_through(self, run_id: RunId) -> None:
        tasks = [asyncio.create_task(work(run_id)) for work in (self._execute, self._answer)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _execute(self, run_id: RunId) -> None:
        row = await self.commands.row(run_id)
        while row.status not in ENDED:
            if row.due_ms is not None and row.due_ms > self.clock.now_ms():
                await self.clock.sleep((row.due_ms - self.clock.now_ms()) / 1000)
            await self.runtime.execute(row.id, row.attempt)
            row = await self.commands.row(run_id)

    async def _answer(self, run_id: RunId) -> None:
        with doorbell(self.store, run_id) as bell:
            while True:
                bell.clear()
                for ask_id in list((await self.projections.current(run_id)).get("asks")):
                    await self._see_to(run_id, ask_id)
                await rings(bell, 1.0)

    async def _see_to(self, run_id: RunId, ask_id: str) -> None:
        if ask_id in self.answers:
            answer = self.answers[ask_id]
            body = answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer
            with contextlib.suppress(Conflict):  # the job has withdrawn it
                await self.commands.answer(run_id, ask_id, body)
            return
        due = next((asked.due_ms for asked in await questions(self.store, run_id) if asked.ask_id == ask_id), None)
        if due is None:
            raise UsageError(f"the job asks {ask_id!r}, which nobody answers", hint=f"answers={{{ask_id!r}: ...}}")
        self.clock.advance(max(0.0, (due - self.clock.now_ms()) / 1000))
