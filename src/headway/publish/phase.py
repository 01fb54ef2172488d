"""A phase of a run, from inside the job."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from headway.publish.context import Context
from headway.publish.execution import Execution
from headway.publish.reporter import Scoped, describe


class Phase(Scoped):
    """A weighted stage. Entering starts it, leaving finishes it, leaving by an exception fails it.

    Attributes:
        phase_id: Its id.
    """

    def __init__(
        self, execution: Execution, context: Context, phase_id: str, *, total: float | None, unit: str | None
    ) -> None:
        super().__init__(execution, context)
        self.phase_id = phase_id
        self._total = total
        self._unit = unit
        self._done: float = 0

    async def __aenter__(self) -> Self:
        await self.start()
        self._enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit()
        if error is None:
            await self.finish()
        elif isinstance(error, Exception):
            await self._about("phase.failed", urgent=True, error=describe(error).model_dump())

    async def start(self) -> None:
        """Start it; starting again resets it."""
        self._done = 0
        await self._about("phase.started", total=self._total, unit=self._unit)

    async def advance(self, by: float = 1, *, message: str | None = None) -> None:
        """Count `by` more as done."""
        await self.progress(self._done + by, message=message)

    async def progress(self, done: float, total: float | None = None, *, message: str | None = None) -> None:
        """Say how much is done.

        Args:
            done: So many, counted from 0.
            total: Of so many; None: as said before, or not known.
            message: What is going on.
        """
        self._done = done
        if total is not None:
            self._total = total
        data = {"id": self.phase_id, "done": done, "total": self._total, "unit": self._unit, "message": message}
        await self._report("phase.progressed", data, entity=self._entity, conflate=True)

    async def finish(self) -> None:
        """Finish it."""
        await self._about("phase.finished")

    @property
    def _entity(self) -> str:
        return f"phase:{self.phase_id}"

    async def _about(self, type: str, *, urgent: bool = False, **data: object) -> None:
        await self._report(type, {"id": self.phase_id, **data}, entity=self._entity, urgent=urgent)
