"""Random histories: runs go on, functions fail, processes die in a call or tell at once, logs are trimmed."""

import asyncio
import contextlib
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from headway.core.run import ENDED
from headway.engines.listener import Listener
from headway.engines.telling import Telling
from headway.errors import HeadwayError
from headway.stores.base import RunRow
from headway.stores.memory import MemoryStore
from tests.stores.builders import SUCCEEDED, FakeClock, end, failed, log, note, report, requeue, running

picks = st.integers(0, 9)


class Histories(RuleBasedStateMachine):
    """Two processes that may tell one listener, and what happens to its runs."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.store = MemoryStore(now_ms=self.clock)
        self.runner.run(self.store.open())
        self.runs: list[str] = []
        self.told: defaultdict[str, list[int]] = defaultdict(list)
        self.failing: set[str] = set()
        self.dying = 0
        self.tellings = [self.fresh(), self.fresh()]
        self.runner.run(self.tellings[0].look())

    def fresh(self) -> Telling:
        """A process that has just come to lead."""
        listener = Listener("mail", self.hear, ("*",))
        return Telling(self.store, listener, self.hear, lambda: self.clock.ms / 1_000)

    async def hear(self, event: dict[str, Any], run: RunRow) -> None:
        """The listener."""
        await asyncio.sleep(0)
        if run.id in self.failing:
            raise ConnectionError
        self.told[run.id].append(event["seq"])
        if self.dying:
            self.dying -= 1
            raise asyncio.CancelledError  # the process dies before it has kept what it did

    def run_of(self, pick: int) -> str:
        """One of the runs."""
        return self.runs[pick % len(self.runs)]

    @rule()
    def begin(self) -> None:
        """A run begins."""
        self.clock.ms += 1
        self.runs.append(self.runner.run(running(self.store)).id)

    @precondition(lambda self: self.runs)
    @rule(pick=picks, count=st.integers(1, 4), what=st.sampled_from(["report", "end", "fail", "again"]))
    def go_on(self, pick: int, count: int, what: str) -> None:
        """A run goes on, ends, or begins anew."""

        async def command() -> None:
            row = await self.store.get(self.run_of(pick))
            if row is None or row.status in ENDED:
                return
            if what == "report":
                await report(self.store, row, *(note() for _ in range(count)))
            elif what == "again":
                await self.store.append(row.id, requeue(row))
            else:
                await end(self.store, row, SUCCEEDED if what == "end" else failed())

        self.clock.ms += 1
        with contextlib.suppress(HeadwayError):  # not in this status
            self.runner.run(command())

    @precondition(lambda self: self.runs)
    @rule(pick=picks, fails=st.booleans())
    def fail(self, pick: int, fails: bool) -> None:
        """The function fails for a run from now on, or no more."""
        (self.failing.add if fails else self.failing.discard)(self.run_of(pick))

    @rule(which=st.integers(0, 1), turns=st.integers(1, 3), dying=st.integers(0, 1))
    def tell(self, which: int, turns: int, dying: int) -> None:
        """A process tells for a while; perhaps it dies of it."""

        async def command() -> None:
            telling = self.tellings[which]
            await telling.look()
            for _ in range(turns):
                telling.begin()
                if telling._tasks:
                    await asyncio.wait(list(telling._tasks.values()))

        self.dying = dying
        self.runner.run(command())
        if self.dying < dying:
            self.tellings[which] = self.fresh()
        self.dying = 0

    @rule(seconds=st.sampled_from([1, 100, 1_000]))
    def wait(self, seconds: int) -> None:
        """Let time go by."""
        self.clock.ms += 1_000 * seconds

    def teardown(self) -> None:
        """In the end everything was told, each run's in order; what was told again had just been told."""
        self.failing.clear()
        self.clock.ms += 10_000_000
        for _ in range(4):
            self.tell(0, 60, 0)
        for run_id in self.runs:
            events = self.runner.run(log(self.store, run_id))
            first = list(dict.fromkeys(self.told[run_id]))
            assert first == [event.seq for event in events]
        (kept,) = self.runner.run(self.store.listeners())
        assert self.tellings[0].statistics() == {"untold": 0, "failing": 0}
        assert kept.told_until >= kept.since
        self.runner.run(self.store.close())
        self.runner.close()


@pytest.mark.slow
def test_everything_is_told_in_order_whatever_happens() -> None:
    """At least once."""
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
