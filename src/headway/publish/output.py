"""A text stream of a run, from inside the job."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

from headway.errors import UsageError
from headway.publish.context import Context
from headway.publish.execution import Execution
from headway.publish.reporter import Reporter

log = logging.getLogger("headway.publish")


class Output(Reporter):
    """Text that grows. Entering empties it; leaving without an exception finishes it.

    Stream inside a step: if the process dies there, what was written is withdrawn and the step begins anew. An output
    written outside a step is begun anew, too, unless it was finished: then `done` is True, `text` holds it, and
    writing is ignored.

    Attributes:
        key: Unique in the run.
        done: It was finished by an earlier attempt; there is nothing to write.
    """

    def __init__(self, execution: Execution, context: Context, key: str) -> None:
        super().__init__(execution, context)
        self.key = key
        self._pieces: list[str] = []
        before = execution.entry("outputs", key) if context.step is None and execution.generation is not None else None
        self.done = bool(before and before["finished"] and before["from_offset"] == 0)
        if self.done and before is not None:
            self._pieces = [before["text"]]

    async def __aenter__(self) -> Self:
        if self.key in self._execution.open_outputs:
            raise UsageError(f"output {self.key!r} is being written already", hint="one writer per output at a time")
        self._execution.open_outputs[self.key] = self.context.step
        if self.done:
            return self
        if self.context.step is None and self._execution.checkpoints is not None:
            log.warning("output %r is streamed outside a step; after a crash it begins anew", self.key)
        await self._report("output.started", {"key": self.key}, entity=self._entity)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._execution.open_outputs.pop(self.key, None)
        if error is None and not self.done:
            await self._report("output.finished", {"key": self.key}, entity=self._entity)

    @property
    def text(self) -> str:
        """Everything written so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    async def write(self, text: str) -> None:
        """Add text. Small pieces are joined before they are stored, so write tokens as they come."""
        if self.done or not text:
            return
        await self._execution.publisher.write(self.key, text, step=self.context.step, agent=self.context.agent)
        self._pieces.append(text)

    @property
    def _entity(self) -> str:
        return f"output:{self.key}"
