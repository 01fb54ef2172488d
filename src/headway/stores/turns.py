"""One write after the other for each run, each on what the one before left behind."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from headway.types import RunId

T = TypeVar("T")

_REMEMBERED_MAX: Final = 1_000


@dataclass(slots=True)
class Turn(Generic[T]):
    """A run that is written to.

    Attributes:
        run: As this process's last write left it, if that went well; others may have written since.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    run: T | None = None


class Turns(Generic[T]):
    """The runs this process writes to, or did a short time ago."""

    def __init__(self) -> None:
        self._turns: OrderedDict[RunId, Turn[T]] = OrderedDict()
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def turn(self, run_id: RunId) -> AsyncIterator[Turn[T]]:
        """Wait until this process does nothing else to a run. Whoever comes first goes first."""
        turn = self._turns.setdefault(run_id, Turn())
        self._turns.move_to_end(run_id)
        turn.users += 1
        self._users += 1
        self._idle.clear()
        try:
            async with turn.lock:
                yield turn
        finally:
            turn.users -= 1
            self._users -= 1
            if not self._users:
                self._idle.set()
            self._forget_oldest()

    async def finish(self) -> None:
        """Wait until everybody has had their turn."""
        await self._idle.wait()

    def _forget_oldest(self) -> None:
        if len(self._turns) > _REMEMBERED_MAX:
            run_id = next((run_id for run_id, turn in self._turns.items() if not turn.users), None)
            if run_id is not None:
                del self._turns[run_id]
