"""One execution as its handles share it: the publisher, what finished before it, and how it is stopped."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from headway.core.events import NewEvent
from headway.measures import Measures
from headway.publish.allowance import Allowance
from headway.publish.publisher import Publisher, Receipt

if TYPE_CHECKING:
    from headway.publish.asking import Desk

BODY: Final = ""
"""Stands among the keys of steps for what runs outside of any."""


class Clock(Protocol):
    """Time as a job sees it; tests bring their own."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class RealClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


Discard = Callable[[str], Awaitable[NewEvent | None]]
"""Makes the ``attempt.discarded`` that withdraws what a step has written, or None when it wrote nothing that stays."""


@dataclass(slots=True)
class Execution:
    """What all handles of one execution share.

    Attributes:
        publisher: Writes its events.
        checkpoints: Results of steps that finished before, JSON by key; None where steps cannot be kept.
        state: Snapshot when the execution began; None for one that reports from outside.
        generation: Attempt since which the body runs without having failed; None where nothing is ever replayed.
            Events it reports outside steps are deduplicated within a generation.
        retry_from: Items that failed in this attempt or later are tried again; None: failed items stay failed.
        items_planned: Keys of items whose placeholder was written.
        failed_items: Items that stand as failed, of this execution and of those before.
        steps_begun: Keys of steps this execution has begun, to refuse the same key twice.
        asks_begun: Keys of questions this execution has come to, for the same reason.
        open_outputs: Outputs that are being written, each with the key of the step that writes it.
        desk: Where questions are asked; None where nobody can be asked.
        cancel_requested: Somebody asked the run to stop.
        job: Name of the job, for `measures`.
        measures: Counts what happens to its steps.
    """

    publisher: Publisher
    checkpoints: dict[str, bytes] | None = None
    state: Mapping[str, Any] | None = None
    generation: int | None = None
    retry_from: int | None = None
    discard: Discard | None = None
    clock: Clock = field(default_factory=RealClock)
    items_planned: set[str] = field(default_factory=set)
    failed_items: set[str] = field(default_factory=set)
    steps_begun: set[str] = field(default_factory=set)
    asks_begun: set[str] = field(default_factory=set)
    open_outputs: dict[str, str | None] = field(default_factory=dict)
    desk: Desk | None = None
    cancel_requested: bool = False
    job: str = ""
    measures: Measures = field(default_factory=Measures)
    on_cancel: Callable[[], None] | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _allowances: dict[str, Allowance] = field(default_factory=dict)
    _asking: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publisher.on_receipt = self._received
        items = {} if self.state is None else self.state["items"]
        self.failed_items |= {key for key, item in items.items() if item["status"] == "failed"}

    def _received(self, receipt: Receipt) -> None:
        if receipt.cancel_requested:
            self.cancel()

    def cancel(self) -> None:
        """Note that the run shall stop, and stop the body. Idempotent."""
        if not self.cancel_requested:
            self.cancel_requested = True
            if self.on_cancel is not None:
                self.on_cancel()

    def replay_key(self, name: str) -> str | None:
        """Return the key of the next report of this name, the same in every replay of a generation."""
        if self.generation is None:
            return None
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return f"{self.generation}|{name}|{count}"

    def forget_steps_within(self, key: str) -> None:
        """Let the steps inside a step begin again, because it is tried again. Those that finished are kept."""
        self.steps_begun = {begun for begun in self.steps_begun if not begun.startswith(f"{key}/")}
        self.asks_begun = {begun for begun in self.asks_begun if not begun.startswith(f"{key}/")}
        self.items_planned.clear()  # some may have been taken back; planning one that is there changes nothing

    def close_outputs_of(self, key: str) -> None:
        """Let others write the outputs a step has left open, it and the steps inside it."""
        self.open_outputs = {
            output: step
            for output, step in self.open_outputs.items()
            if step is None or not (step == key or step.startswith(f"{key}/"))
        }

    @asynccontextmanager
    async def allowing(self, key: str, seconds: float | None) -> AsyncIterator[None]:
        """Let a step (or the `BODY`) take so long at most, and know it at work meanwhile."""
        async with Allowance(seconds) as allowance:
            self._allowances[key] = allowance
            try:
                yield
            finally:
                del self._allowances[key]

    @contextmanager
    def asking(self, step: str | None) -> Iterator[None]:
        """Somebody is asked in a step: its time-out, those of the steps around it and the body's stand still."""
        inside = step or BODY
        paused = [each for key, each in self._allowances.items() if key == BODY or _is_within(inside, key)]
        for allowance in paused:
            allowance.pause()
        self._asking.append(inside)
        try:
            yield
        finally:
            self._asking.remove(inside)
            for allowance in paused:
                allowance.resume()

    @property
    def at_work(self) -> bool:
        """Some step does something else than wait for an answer."""
        steps = (key for key in self._allowances if key != BODY)
        return any(not any(_is_within(asking, key) for asking in self._asking) for key in steps)

    def entry(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """Return an item or output as it was when the execution began."""
        if self.state is None:
            return None
        entry: Mapping[str, Any] | None = self.state[kind].get(key)
        return entry


def _is_within(key: str, step: str) -> bool:
    return key == step or key.startswith(f"{step}/")


def backoff(attempt: int, base: float, cap: float) -> float:
    """Return a random wait before try `attempt` + 1: half to the whole of ``base * 2 ** (attempt - 1)``, capped."""
    whole = min(cap, base * 2 ** min(attempt - 1, 30))
    return random.uniform(whole / 2, whole)  # noqa: S311 - jitter, not a secret
