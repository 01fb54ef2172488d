"""The live list of runs: a page of summaries, then those that changed. Shared by all who watch the same list.

Every frame carries whole summaries, so frames may be left out: who does not read for a while gets a new page. It is
therefore without ids. Changes are told at most twice a second, and looked for every few seconds without being told.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any, Final

from headway.core.run import ENDED
from headway.errors import RunNotFound, StoreError, Trimmed
from headway.hub.connection import Connection
from headway.hub.frames import Block, control
from headway.hub.shared import Shared
from headway.stores.base import RunFilter, RunRow
from headway.stores.projection import summary
from headway.stores.summary import is_folded, summary_of
from headway.types import RunId

logger = logging.getLogger("headway.hub")

CHANGES_EVERY_S: Final = 0.5
LOOK_EVERY_S: Final = 5.0

_PING: Final = Block(control("ping", {"head": None}))


class ListSubscription:
    """One viewer's attachment to a list."""

    __slots__ = ("connection", "listing", "outcome")

    def __init__(self, listing: Listing, connection: Connection) -> None:
        self.listing = listing
        self.connection = connection
        self.outcome = "page"

    def join(self) -> None:
        """Begin with a page."""
        self.listing.viewers[self] = None
        self.resume()

    def stall(self) -> None:
        """Write nothing more; the connection is not written to while it does not read."""

    def resume(self) -> None:
        """Begin anew with a page."""
        self.connection.notify(self.listing.page())

    def detach(self) -> None:
        """Leave. Idempotent."""
        self.listing.viewers.pop(self, None)

    def ping(self) -> Block:
        """Return a ping; a list has no head."""
        return _PING

    def about(self) -> str:
        """Return what is watched."""
        return "runs"

    def group(self) -> str | None:
        """Return the group whose runs are listed, if it is those of one."""
        return self.listing.which.group

    def unsettled(self) -> int:
        """Return 0: every frame of a list is counted as it is written."""
        return 0


class Listing:
    """The newest runs of a filter.

    Args:
        which: The filter.
        limit: How many.
        shared: Store, projections, settings.

    Attributes:
        which: The filter.
        viewers: Who watches.
        holds: How many are about to.
    """

    def __init__(self, which: RunFilter, limit: int, shared: Shared) -> None:
        self.viewers: dict[ListSubscription, None] = {}
        self.holds = 0
        self.which = which
        self._limit = limit
        self._shared = shared
        self._shown: dict[RunId, dict[str, Any]] = {}
        self._page: Block | None = None
        self._changed = asyncio.Event()
        self._opening: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the list for the first time, and follow it from then on.

        Raises:
            StoreError: it cannot be read.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._refresh(), name="headway: open list")
        await asyncio.shield(self._opening)
        if self._work is None:
            self._work = asyncio.create_task(self._follow(), name="headway: list")

    @property
    def is_open(self) -> bool:
        """Whether the list was read."""
        return self._work is not None

    def subscription(self, connection: Connection) -> ListSubscription:
        """Make a viewer's attachment."""
        return ListSubscription(self, connection)

    def stop(self) -> list[asyncio.Task[None]]:
        """Stop following; return the tasks that are ending."""
        tasks = [task for task in (self._opening, self._work) if task is not None and not task.done()]
        for task in tasks:
            task.cancel()
        return tasks

    async def close(self) -> None:
        """Stop following, and return when nothing of it runs."""
        tasks = self.stop()
        if tasks:
            await asyncio.wait(tasks)

    def ring(self) -> None:
        """Look soon; called by the store's doorbell."""
        self._changed.set()

    def page(self) -> Block:
        """Return the frame with all summaries, newest first."""
        if self._page is None:
            self._page = Block(control("page", {"runs": list(self._shown.values())}))
        return self._page

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                await self._refresh()
            except StoreError as error:
                logger.warning("the list of runs cannot be read: %s", error)
            except Exception:
                logger.exception("the list of runs failed; it is read again")
            await asyncio.sleep(CHANGES_EVERY_S)

    async def _refresh(self) -> None:
        """Read the list and tell what changed."""
        rows = await self._shared.store.list_runs(self.which, limit=self._limit)
        shown = {row.id: await self._summary(row) for row in rows}
        changed = [entry for run_id, entry in shown.items() if self._shown.get(run_id) != entry]
        removed = [run_id for run_id in self._shown if run_id not in shown]
        self._shown = shown
        if changed or removed:
            self._page = None
            block = Block(control("runs", {"runs": changed, "removed": removed}))
            for viewer in tuple(self.viewers):
                viewer.connection.notify(block)

    async def _summary(self, row: RunRow) -> dict[str, Any]:
        """Return a run's summary, with the percent of this moment while it is active, or its end is in no snapshot."""
        entry = self._shown.get(row.id)
        if entry is not None and entry["seq"] == row.seq and entry["updated_at"] == row.updated_at:
            return entry
        if row.status not in ENDED or not is_folded(row):
            try:
                row = replace(row, summary=summary(await self._shared.projections.current(row.id)))
            except (RunNotFound, Trimmed) as error:
                logger.debug("run %s has no state: %s", row.id, error)
        return summary_of(row)
