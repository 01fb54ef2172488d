"""Joining backlog and live events: cases, and a log that does its worst."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headway.core.catchup import CatchUp, Phase
from tests.core.conformance import cases

CASES = cases("catchup/*.json")


@dataclass(frozen=True)
class Event:
    """One event, as far as this machine looks at it."""

    seq: int


def events(seqs: list[int]) -> list[Event]:
    """Events of these seqs."""
    return [Event(seq) for seq in seqs]


def take(catchup: CatchUp[Event], step: dict[str, Any]) -> list[Event]:
    """One call, live or backlog."""
    if "live" in step:
        return catchup.live(Event(step["live"]))
    return catchup.backlog(events(step["backlog"]), step["head"])


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    """Every step hands out what it should and ends where it should."""
    case = CASES[name]
    catchup: CatchUp[Event] = CatchUp(case.get("after", 0), hold=case.get("hold", 1_000))
    for step in case["steps"]:
        if "restart" in step:
            catchup.restart(step["restart"])
        else:
            due = take(catchup, step)
            assert [event.seq for event in due] == step["due"]
        assert catchup.phase.value == step["phase"]


def test_cases_know_every_phase():
    """And no other."""
    assert {step["phase"] for case in CASES.values() for step in case["steps"]} == {phase.value for phase in Phase}


class Reader(RuleBasedStateMachine):
    """A log that grows while one reader reads it, hears of it late, twice, out of order or not at all."""

    @initialize(start=st.integers(0, 4), behind=st.integers(0, 4), hold=st.integers(0, 5))
    def begin(self, start: int, behind: int, hold: int) -> None:
        """The reader has some of what is there."""
        self.head = start + behind
        self.catchup: CatchUp[Event] = CatchUp(start, hold=hold)
        self.handed = list(range(1, start + 1))
        self.read: tuple[list[Event], int] | None = None

    def take(self, due: list[Event]) -> None:
        """Whatever is handed out is the next."""
        for event in due:
            assert event.seq == len(self.handed) + 1
            self.handed.append(event.seq)

    @rule(count=st.integers(1, 3))
    def append(self, count: int) -> None:
        """The log grows; nobody need hear of it."""
        self.head += count

    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        """Some event of the log is told live, for the first time or again, early or late."""
        if self.head:
            self.take(self.catchup.live(Event(data.draw(st.integers(1, self.head)))))

    @rule()
    def hear_the_next(self) -> None:
        """What a good connection tells."""
        self.head += 1
        self.take(self.catchup.live(Event(self.head)))

    @precondition(lambda self: self.read is None)
    @rule(size=st.integers(1, 4), overlap=st.integers(0, 2))
    def begin_to_read(self, size: int, overlap: int) -> None:
        """One page from where the reader stands, or a little before; its answer is on its way."""
        after = max(0, self.catchup.seq - overlap)
        self.read = events(list(range(after + 1, min(self.head, after + size) + 1))), self.head

    @precondition(lambda self: self.read is not None)
    @rule()
    def finish_reading(self) -> None:
        """The answer is there, as old as it is by now."""
        assert self.read is not None
        page, head = self.read
        self.read = None
        self.take(self.catchup.backlog(page, head))

    @invariant()
    def nothing_is_lost(self) -> None:
        """The log is whole, so the reader never believes otherwise; and it knows where it stands."""
        if hasattr(self, "catchup"):
            assert self.catchup.phase is not Phase.LOST
            assert self.catchup.seq == len(self.handed)
            assert len(self.catchup._held) <= self.catchup._hold

    def teardown(self) -> None:
        """Whoever reads on while told to ends with all there is."""
        if not hasattr(self, "catchup"):
            return
        if self.read is not None:
            self.finish_reading()
        if self.catchup.phase is Phase.LIVE:
            self.hear_the_next()
        for _ in range(self.head + 3):
            if self.catchup.phase is Phase.LIVE:
                break
            self.begin_to_read(size=3, overlap=0)
            self.finish_reading()
        assert self.catchup.phase is Phase.LIVE
        assert self.handed == list(range(1, self.head + 1))


class UnsoundReader(Reader):
    """The same on a log that may lose its tail."""

    @precondition(lambda self: self.read is None)
    @rule(count=st.integers(1, 5))
    def lose(self, count: int) -> None:
        """A restored backup: the newest events never happened."""
        self.head = max(0, self.head - count)

    @invariant()
    def nothing_is_lost(self) -> None:
        """What the reader has is dense, whatever the log has done."""
        if hasattr(self, "catchup"):
            assert self.catchup.seq == len(self.handed)

    def teardown(self) -> None:
        """A reader that is ahead of its log finds out at the second read: the first may have begun before the loss."""
        if not hasattr(self, "catchup") or self.read is not None or self.catchup.seq <= self.head:
            return
        for _ in range(2):
            assert self.catchup.backlog([], self.head) == []
        assert self.catchup.phase.value == "lost"
        self.catchup.restart(self.head)
        assert self.catchup.backlog([], self.head) == []
        assert self.catchup.phase.value == "live"


Reader.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
UnsoundReader.TestCase.settings = settings(max_examples=60, stateful_step_count=30)


TestReader = Reader.TestCase
TestUnsoundReader = UnsoundReader.TestCase
