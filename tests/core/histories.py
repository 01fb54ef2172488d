"""Random histories of a run: plausible enough to reach every corner of the fold, and wrong often enough to annoy it.

`history` makes one from a random generator; `histories` is the same as a Hypothesis strategy. Every event of a known
type fits its payload; that is all a fold may ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from headway.core import limits
from headway.core.clock import format_ms
from headway.core.fold import Applied, Fold
from headway.core.run import ENDED, REOPENABLE, RunStatus
from headway.core.withdraw import KINDS, Withdrawal

T = TypeVar("T")

Event = dict[str, Any]

KEYS = (
    *("day:1", "day:2", "a/b", "10", "9", "01", "-1", "__proto__", "constructor"),
    *("ü", "👩🏽‍🚀", "\ue000", "\U00010000", "e\u0301"),
)
STEPS = ("plan", "plan/route", "write", "10", "__proto__", "day:1/plan_day", "day:2/plan_day")
TEXTS = ("", "a", "Rome ", "é", "e\u0301", "😀", "👩🏽‍🚀🏛️", "日本", "\r\n", "\u2028", "\0", "שלום", "x" * 150)
NUMBERS = (0, 0.0, -0.0, 1, 1.0, 2, 3, 7, 0.1, 1 / 3, 12.5, 99, 100, 1e-9, 5e-324, 2**31, 2**53 - 1, 9007199254740991.0)
UNKNOWN_TYPES = ("run.paused", "weather", "", "__proto__", "toString", "item.")
WEIGHTS = (1, 1, 1.0, 2, 3, 0.1, 1 / 3, 70, 1e-9, 10**9)


@dataclass
class Offer:
    """An event as a reader gets it, and what its fold makes of it."""

    event: Event
    cursor: str
    applied: Applied


@dataclass
class History:
    """What one reader of one run was offered, wrong turns of the network included."""

    offers: list[Offer] = field(default_factory=list)

    @property
    def log(self) -> list[Event]:
        """The log itself."""
        return [offer.event for offer in self.offers if offer.applied is Applied.APPLIED]


def histories(max_events: int = 60) -> st.SearchStrategy[History]:
    """Histories for Hypothesis, which may shrink every choice made in them."""
    return st.randoms(use_true_random=False).map(lambda rng: history(rng, max_events))


def history(rng: Random, max_events: int = 60) -> History:
    """Make a history."""
    writer = _Writer(rng)
    writer.begin()
    for _ in range(rng.randint(0, max_events)):
        writer.go_on()
    return writer.history


def any_event(rng: Random, seq: int) -> Event:
    """Make an event that fits its type, wherever the run stands."""
    writer = _Writer(rng)
    type = rng.choice(sorted(writer.payloads))
    return writer.envelope(seq, type, writer.payloads[type]())


def overflow(rng: Random) -> History:
    """Make a history that goes past the rings: notes, errors, executions, phases, text."""
    writer = _Writer(rng)
    writer.begin()
    kinds: list[tuple[str, int]] = [("note", 250), ("error", 130), ("run.queued", 25), ("phase.progressed", 0)]
    for type, most in rng.sample(kinds, 2):
        for _ in range(rng.randint(0, most)):
            writer.write(type, writer.payloads[type]())
    writer.write("run.planned", {"phases": [writer.phase_plan(str(n)) for n in range(rng.randint(90, 100))]})
    for n in range(rng.randint(0, 20)):
        writer.write("phase.started", {"id": f"late {n}", "total": 1, "unit": None})
    for _ in range(rng.randint(2, 4)):
        times = rng.randint(limits.OUTPUT_TEXT_MAX // 4, limits.OUTPUT_TEXT_MAX // 2)
        delta = rng.choice(("a", "é😀", "👩🏽‍🚀")) * times
        writer.write("output.appended", {"key": "large", "delta": delta[: limits.OUTPUT_TEXT_MAX]})
    for _ in range(rng.randint(0, 20)):
        writer.go_on()
    return writer.history


class _Writer:
    """Writes the log of one run, and offers it badly."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.history = History()
        self._fold = Fold()
        self._ms = 1_767_225_600_000
        self._finished: set[str] = set()
        self.payloads: dict[str, Callable[[], Any]] = {
            "run.queued": self._queued,
            "run.started": lambda: {
                "attempt": self._attempt(),
                "worker": self._maybe("wrk_1"),
                "expected_s": self._maybe(rng.choice(NUMBERS)),
            },
            "run.waiting": lambda: {
                "ask_id": self._key(),
                "prompt": self._text(),
                "schema": self._maybe(self._object()),
            },
            "run.resumed": lambda: {"ask_id": self._key(), "answer": self._json(), "outcome": "answered", "by": None},
            "run.cancel_requested": lambda: {"by": self._maybe("ada"), "reason": self._maybe(self._text())},
            "run.succeeded": lambda: {"result": self._json()},
            "run.partial": lambda: {"result": self._json()},
            "run.failed": lambda: {"error": self._error()},
            "run.cancelled": lambda: {"reason": self._maybe(self._text()), "forced": rng.random() < 0.5},
            "run.reopened": lambda: {"by": self._maybe("ada"), "items": self._maybe(self._sample(KEYS))},
            "run.planned": lambda: {"phases": [self.phase_plan(id) for id in self._sample(KEYS)]},
            "phase.started": lambda: {
                "id": self._phase_id(),
                "total": self._maybe(rng.choice(NUMBERS)),
                "unit": self._maybe(self._text()),
            },
            "phase.progressed": lambda: {"id": self._phase_id(), **self._moved(), "unit": self._maybe(self._text())},
            "phase.finished": lambda: {"id": self._phase_id()},
            "phase.failed": lambda: {"id": self._phase_id(), "error": self._maybe(self._error())},
            "item.planned": lambda: {
                "key": self._key(),
                "kind": rng.choice(("item", "day", "__proto__")),
                "title": self._text(),
                "parent": self._maybe(self._key()),
                "phase": self._maybe(self._phase_id()),
            },
            "item.started": lambda: {"key": self._key()},
            "item.progressed": lambda: {"key": self._key(), **self._moved()},
            "item.updated": lambda: {"key": self._key(), "data": self._json()},
            "item.finished": lambda: {"key": self._key(), "data": self._json()},
            "item.failed": lambda: {"key": self._key(), "error": self._error()},
            "output.started": lambda: {"key": self._key()},
            "output.appended": lambda: {"key": self._key(), "delta": self._text()},
            "output.finished": lambda: {"key": self._key()},
            "note": lambda: {
                "kind": rng.choice(("info", "educational")),
                "title": self._maybe(self._text()),
                "body": self._text(),
            },
            "log": lambda: {"level": "info", "text": self._text(), "fields": self._object()},
            "error": self._reported,
            "step.finished": lambda: {"key": rng.choice(STEPS)},
            "attempt.discarded": self._discarded,
            "custom": lambda: {"name": self._key(), "key": self._maybe(self._key()), "data": self._json()},
        }
        self._work = [type for type in self.payloads if type.startswith(("phase", "item", "output"))] * 3 + [
            "note", "log", "error", "custom", "run.planned", "step.finished",
        ]  # fmt: skip

    # -- the course of a run

    def begin(self) -> None:
        """Queue, start, plan, mostly."""
        if self.rng.random() < 0.95:
            self.write("run.queued", self._queued())
        if self.rng.random() < 0.95:
            self.write("run.started", self.payloads["run.started"]())
        if self.rng.random() < 0.8:
            self.write("run.planned", self.payloads["run.planned"]())

    def go_on(self) -> None:
        """Do what is likely to come next, or something that is wrong."""
        chance = self.rng.random()
        if chance < 0.03:
            self._disturb()
        elif chance < 0.06:
            type = self.rng.choice(sorted(self.payloads))
            self.write(type, self.payloads[type]())
        elif chance < 0.09:
            self._unknown()
        elif chance < 0.12:
            self._step_again()
        elif chance < 0.15:
            self._step_again_in_mid_text()
        elif self._fold.status in ENDED:
            self._after_the_end()
        elif chance < 0.20:
            self._turn()
        else:
            type = self.rng.choice(self._work)
            step = self.rng.choice((None, *STEPS))
            if type == "step.finished":
                self._finished.add(step := self.rng.choice(STEPS))
                self.write(type, {"key": step}, step)
            else:
                self.write(type, self.payloads[type](), step)

    def _turn(self) -> None:
        """Let the run itself take a turn."""
        status = self._fold.status
        if status is RunStatus.QUEUED:
            self.write("run.started", self.payloads["run.started"]())
            return
        turns: list[Callable[[], None]] = [
            self._take_over,
            lambda: self.write("run.waiting", self.payloads["run.waiting"]()),
            lambda: self.write("run.resumed", self.payloads["run.resumed"]()),
            lambda: self.write("run.cancel_requested", self.payloads["run.cancel_requested"]()),
            self._end,
        ]
        self.rng.choice(turns)()

    def _end(self) -> None:
        type = self.rng.choice(("run.succeeded", "run.partial", "run.failed", "run.cancelled"))
        self.write(type, self.payloads[type]())

    def _after_the_end(self) -> None:
        if self._fold.status in REOPENABLE and self.rng.random() < 0.4:
            self.write("run.reopened", self.payloads["run.reopened"]())
            self.write("run.queued", {"attempt": self._attempt() + 1, "reason": "reopened", "run": None})
        else:
            type = self.rng.choice(sorted(self.payloads))
            self.write(type, self.payloads[type]())

    def _take_over(self) -> None:
        reason = self.rng.choice(("takeover", "takeover", "retry", "resumed"))
        self.write("run.queued", {"attempt": self._attempt() + 1, "reason": reason, "run": None})
        self.write("run.started", self.payloads["run.started"]())
        self._withdraw(lambda step: step not in self._finished, None)

    def _step_again(self) -> None:
        step = self.rng.choice(STEPS)
        if step not in self._finished and self._fold.status is RunStatus.RUNNING:
            self._withdraw(lambda key: key == step, step)

    def _step_again_in_mid_text(self) -> None:
        """Two steps write one text, most of the time; one of them dies over it and begins anew."""
        key, steps = self._key(), [step for step in STEPS if step not in self._finished]
        if self._fold.status is not RunStatus.RUNNING or not steps:
            return
        victim = self.rng.choice(steps)
        self.write("output.started", {"key": key}, self.rng.choice((None, *STEPS)))
        for step in self.rng.choices((victim, self.rng.choice((None, *STEPS))), k=self.rng.randint(2, 6)):
            self.write("output.appended", {"key": key, "delta": self._text()}, step)
        self._withdraw(lambda other: other == victim, victim)
        self.write("output.appended", {"key": key, "delta": self._text()}, victim)

    def _withdraw(self, withdrawn: Callable[[str], bool], step: str | None) -> None:
        work = Withdrawal(withdrawn)
        for event in self.history.log:
            work.feed(event)
        changes = work.result()
        if changes is not None and self.rng.random() < 0.2:  # an older Headway did not take back the rest
            changes = {kind: changes[kind] for kind in KINDS}
        if changes is not None:
            self.write("attempt.discarded", {"attempt": self._attempt(), "step": step, "set": changes})

    # -- what the network does

    def write(self, type: str, data: Any, step: str | None = None) -> None:
        """Write the next event of the log."""
        self._ms += self.rng.choice((0, 0, 1, 250, 1_000, 7_001, 40_000))
        self._offer(self.envelope(self._fold.seq + 1, type, data, step))

    def envelope(self, seq: int, type: str, data: Any, step: str | None = None) -> Event:
        """Put an event around data."""
        return {
            "run_id": "run_1",
            "seq": seq,
            "type": type,
            "time": format_ms(self._ms),
            "at": self._maybe(format_ms(self._ms - 1)),
            "execution_id": f"exe_{self._attempt()}",
            "correlation_id": self._maybe("cor_1"),
            "agent": self._maybe("planner.route"),
            "step": step,
            "data": data,
        }

    def _offer(self, event: Event) -> None:
        cursor = f"{event['seq']}.{self.rng.choice('ab')}"
        self.history.offers.append(Offer(event, cursor, self._fold.apply(event, cursor)))

    def _disturb(self) -> None:
        """Send something twice, or too early."""
        log = self.history.log
        if log and self.rng.random() < 0.5:
            self._offer(self.rng.choice(log))
        else:
            type = self.rng.choice(sorted(self.payloads))
            self._offer(self.envelope(self._fold.seq + self.rng.randint(2, 5), type, self.payloads[type]()))

    def _unknown(self) -> None:
        """Send a type of a newer Headway, or data that is none of an event."""
        type = self.rng.choice((*UNKNOWN_TYPES, "note"))
        data = self.rng.choice((None, 1, "text", [], [self._object()]))
        self.write(type, self._object() if type != "note" and self.rng.random() < 0.5 else data)

    # -- payloads

    def phase_plan(self, id: str) -> dict[str, Any]:
        """One phase of a plan."""
        return {"id": id, "title": self._text(), "weight": self.rng.choice(WEIGHTS)}

    def _attempt(self) -> int:
        attempt: int = self._fold.get("attempt")
        return attempt

    def _queued(self) -> dict[str, Any]:
        header = {
            "job": "itinerary",
            "title": self._text(),
            "owner": self.rng.choice(("", "ada")),
            "group": self._maybe(self._key()),
            "metadata": self._object(),
            "created_at": format_ms(self._ms),
        }
        reason = self.rng.choice(("created", "retry", "takeover", "resumed", "reopened"))
        return {"attempt": self._attempt() + 1, "reason": reason, "run": self._maybe(header)}

    def _moved(self) -> dict[str, Any]:
        number = self.rng.choice
        return {"done": number(NUMBERS), "total": self._maybe(number(NUMBERS)), "message": self._maybe(self._text())}

    def _error(self) -> dict[str, Any]:
        return {
            "code": "job_error",
            "message": self._text(),
            "category": "application",
            "retryable": self.rng.random() < 0.5,
            "hint": self._maybe(self._text()),
        }

    def _reported(self) -> dict[str, Any]:
        error = self._error()
        del error["hint"]
        severity = self.rng.choice(("info", "warning", "error", "critical"))
        return {**error, "severity": severity, "item": self._maybe(self._key())}

    def _discarded(self) -> dict[str, Any]:
        """A withdrawal nobody would compute, but that fits its type."""
        return {
            "attempt": self._attempt(),
            "step": self._maybe(self.rng.choice(STEPS)),
            "set": {
                "phases": {key: self._maybe(self._phase_entry(key)) for key in self._sample(KEYS)},
                "items": {key: self._maybe(self._item_entry()) for key in self._sample(KEYS)},
                "outputs": {key: self._maybe(self._output_entry()) for key in self._sample(KEYS)},
                **self._maybe_said_back(),
            },
        }

    def _maybe_said_back(self) -> dict[str, Any]:
        """What older Headways did not write."""
        said = [note["seq"] for note in self._fold.get("notes")]
        custom = [(name, key) for name in self._sample(KEYS) for key in ("", *self._sample(KEYS))]
        values = {
            "notes": [*self._sample(said), self.rng.randint(1, 99)],
            "custom": [
                {"name": name, "key": key, "value": self._maybe({"data": self._json()})} for name, key in custom
            ],
        }
        return {name: value for name, value in values.items() if self.rng.random() < 0.8}

    def _phase_entry(self, id: str) -> dict[str, Any]:
        return {
            **self.phase_plan(id),
            **self._moved(),
            "weight": self._maybe(self.rng.choice(WEIGHTS)),
            "status": self._entry_status(),
            "unit": None,
            "started_at": self._maybe(format_ms(self._ms)),
            "finished_at": None,
            "error": self._maybe(self._error()),
        }

    def _item_entry(self) -> dict[str, Any]:
        return {
            "kind": "item",
            "title": self._text(),
            "parent": None,
            "phase": self._maybe(self._key()),
            "status": self._entry_status(),
            "progress": self._maybe(self._moved()),
            "data": self._json(),
            "error": self._maybe(self._error()),
            "attempt": self._attempt(),
            "seq": self.rng.randint(1, 99),
        }

    def _output_entry(self) -> dict[str, Any]:
        return {
            "text": self._text(),
            "from_offset": self.rng.randint(0, 9),
            "finished": self.rng.random() < 0.5,
            "attempt": self._attempt(),
            "seq": self.rng.randint(1, 99),
        }

    def _entry_status(self) -> str:
        return self.rng.choice(("planned", "running", "finished", "failed"))

    def _maybe(self, value: Any) -> Any:
        return value if self.rng.random() < 0.7 else None

    def _sample(self, of: Sequence[T]) -> list[T]:
        return self.rng.sample(of, self.rng.randint(0, min(4, len(of))))

    def _key(self) -> str:
        return self.rng.choice(KEYS)

    def _phase_id(self) -> str:
        """Mostly of a phase there is: one nobody declared makes percent unknown for good."""
        known = self._fold.keys("phases")
        return self.rng.choice(known) if known and self.rng.random() < 0.95 else self._key()

    def _text(self) -> str:
        return self.rng.choice(TEXTS)

    def _object(self) -> dict[str, Any]:
        return {key: self._json(2) for key in self._sample(KEYS)}

    def _json(self, depth: int = 0) -> Any:
        kinds: list[Callable[[], Any]] = [
            lambda: None,
            lambda: self.rng.random() < 0.5,
            lambda: self.rng.choice(NUMBERS),
            lambda: self.rng.choice((-1, -1e300, 1e300, 2**53 - 1, -(2**53) + 1, 1e-300)),
            self._text,
            lambda: [self._json(depth + 1) for _ in range(self.rng.randint(0, 3))],
            lambda: {key: self._json(depth + 1) for key in self._sample(KEYS)},
        ]
        return self.rng.choice(kinds[:5] if depth > 2 else kinds)()
