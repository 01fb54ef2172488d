"""An engine delivers attempts to processes. All else (claim, steps, cancel, retry) is the runtime's, under each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from headway.engines.attempts import Attempts
from headway.engines.lanes import DEFAULT_QUEUE, Lane
from headway.types import RunId


class Opening(Protocol):
    """Makes of this process one that sees attempts through; the store and all else is open inside."""

    def __call__(self, *, at_once: int | None = None) -> AbstractAsyncContextManager[Attempts]:
        """Open everything.

        Args:
            at_once: No more attempts than these are executed in this process at once; None: any number.
        """
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt on its way to a process.

    Attributes:
        run_id: Of the run.
        attempt: A message that is late by an attempt finds another one and stops.
        queue: Where it waits.
        priority: Higher goes first.
    """

    run_id: RunId
    attempt: int
    queue: str = DEFAULT_QUEUE
    priority: int = 0


@runtime_checkable
class Engine(Protocol):
    """Takes queued attempts to `Attempts`; taking one there twice, or a day late, does no harm.

    Attributes:
        name: Said at start and in ``/readyz``.
        finds_runs: It finds queued runs in the store by itself. Else it is told of them by a `Dispatcher`, again and
            again until they have been started, so it may lose what it was told.
    """

    name: str
    finds_runs: bool

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Have each of them delivered to some process that works on its queue, at least once if all goes well.

        Raises:
            Exception: some were not taken; the dispatcher tells of them again.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection. Idempotent."""
        ...


@runtime_checkable
class InLoop(Protocol):
    """An engine whose deliveries are taken in an event loop of ours."""

    async def work(self, attempts: Attempts, lanes: Sequence[Lane]) -> None:
        """Take deliveries for as long as it is not cancelled; attempts that have begun then go on.

        Args:
            attempts: Sees them through. Never raises.
            lanes: Which queues, and how many attempts at once.
        """
        ...


@runtime_checkable
class Inspected(Engine, Protocol):
    """An engine that can tell how its queue is, for `headway doctor`."""

    async def look(self) -> str:
        """Reach the queue and say in a few words how it is. Makes and sends nothing.

        Raises:
            Exception: it cannot be reached.
        """
        ...


@runtime_checkable
class OwnProcesses(Protocol):
    """An engine whose library starts worker processes by itself, and wants the main thread of the first."""

    def run(self, opening: Opening, lanes: Sequence[Lane], *, processes: bool) -> int:
        """Work until the process is told to stop; return its exit code.

        Args:
            opening: For each of the processes, after it was forked.
            lanes: Which queues, and how many attempts at once.
            processes: Each attempt in a process of its own; False: in threads of this one.
        """
        ...
