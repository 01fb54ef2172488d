"""An item of a run, from inside the job."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from headway.core.events import Error, ItemPlanned
from headway.publish.context import Context
from headway.publish.execution import Execution
from headway.publish.reporter import Scoped, describe


class Item(Scoped):
    """A keyed part of a run. Entering starts it, leaving finishes it, leaving by an exception fails it.

    Items made by an item are its children: `parent` is filled in.

    Attributes:
        key: Unique in the run.
        data: What was last reported as its data.
    """

    def __init__(
        self,
        execution: Execution,
        context: Context,
        key: str,
        *,
        kind: str = "item",
        title: str = "",
        parent: str | None = None,
        phase: str | None = None,
    ) -> None:
        super().__init__(execution, context.inside(key))
        self.key = key
        self.data: Any = None
        self._placeholder = ItemPlanned(key=key, kind=kind, title=title or key, parent=parent, phase=phase)

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
            await self.fail(describe(error))

    def item(
        self, key: str, *, kind: str = "item", title: str = "", parent: str | None = None, phase: str | None = None
    ) -> Item:
        """Return a part of this item."""
        return super().item(key, kind=kind, title=title, parent=parent or self.key, phase=phase)

    async def plan(self) -> None:
        """Show it as a placeholder, unless it is shown already."""
        if self.key in self._execution.items_planned or self._execution.entry("items", self.key) is not None:
            return
        self._execution.items_planned.add(self.key)
        await self._report("item.planned", self._placeholder, entity=self._entity)

    async def start(self) -> None:
        """Plan it if nobody has, and start it; starting again resets it."""
        await self.plan()
        self._execution.failed_items.discard(self.key)
        await self._report("item.started", {"key": self.key}, entity=self._entity)

    async def progress(self, done: float, total: float | None = None, *, message: str | None = None) -> None:
        """Say how far it is."""
        data = {"key": self.key, "done": done, "total": total, "message": message}
        await self._report("item.progressed", data, entity=self._entity, conflate=True)

    async def update(self, data: Any) -> None:
        """Replace its data by what is known now; allowed after it was finished, too."""
        self.data = data
        await self._report("item.updated", {"key": self.key, "data": data}, entity=self._entity, conflate=True)

    async def finish(self, data: Any = None) -> None:
        """Finish it; data None keeps what the last update said."""
        if data is not None:
            self.data = data
        await self._report("item.finished", {"key": self.key, "data": data}, entity=self._entity)

    async def fail(self, error: Error) -> None:
        """Let it fail; the run goes on and ends ``partial``. Leaves at once."""
        self._execution.failed_items.add(self.key)
        await self._report("item.failed", {"key": self.key, "error": error}, entity=self._entity, urgent=True)

    @property
    def _entity(self) -> str:
        return f"item:{self.key}"
