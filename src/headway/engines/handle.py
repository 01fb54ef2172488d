"""The handle of a run: what starting one answers with, and what steers and awaits it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel, PrivateAttr

from headway.core.cursor import Cursor
from headway.core.fold import Fold
from headway.core.run import ENDED, RunStatus
from headway.engines.commands import Commands
from headway.engines.live import Live
from headway.errors import RunUnsuccessful
from headway.stores.base import RunRow, Store
from headway.stores.projection import Projections
from headway.stores.tail import doorbell, rings, tail

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Links(BaseModel):
    """Where a run is found over HTTP."""

    self: str
    stream: str
    events: str
    cancel: str
    retry: str

    @classmethod
    def of(cls, prefix: str, run_id: str) -> Links:
        """Return the links of a run below the prefix Headway is mounted at."""
        base = f"{prefix}/v1/runs/{run_id}"
        return cls(
            self=base, stream=f"{base}/stream", events=f"{base}/events", cancel=f"{base}/cancel", retry=f"{base}/retry"
        )


class State(Mapping[str, Any]):
    """A run's snapshot as it is being folded: read fields of it like a mapping; `snapshot()` keeps one.

    It moves on with the iteration that gave it.
    """

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._value: dict[str, Any] | None = None

    def __getitem__(self, field: str) -> Any:
        if self._value is None and field not in ("items", "outputs", "phases", "custom"):
            return self._fold.get(field)
        return self.snapshot()[field]

    def __iter__(self) -> Any:
        return iter(self.snapshot())

    def __len__(self) -> int:
        return len(self.snapshot())

    def snapshot(self) -> dict[str, Any]:
        """Return the snapshot as a value of its own."""
        if self._value is None:
            self._value = self._fold.snapshot()
        return self._value


class RunHandle(BaseModel):
    """A run that was started or opened. As JSON: its id and links (links only where Headway's routes are mounted).

    Attributes:
        id: Of the run.
        links: Its addresses; empty without mounted routes.
    """

    id: str
    links: Links | dict[str, str]

    _row: RunRow = PrivateAttr()
    _commands: Commands = PrivateAttr()
    _store: Store = PrivateAttr()
    _projections: Projections = PrivateAttr()
    _live: Live = PrivateAttr()
    _result: TypeAdapter[Any] | None = PrivateAttr(default=None)

    @classmethod
    def of(
        cls,
        row: RunRow,
        prefix: str | None,
        *,
        commands: Commands,
        store: Store,
        projections: Projections,
        live: Live,
        result: TypeAdapter[Any] | None = None,
    ) -> RunHandle:
        """Make the handle of a run."""
        handle = cls(id=row.id, links=Links.of(prefix, row.id) if prefix is not None else {})
        handle._row = row
        handle._commands, handle._store, handle._projections = commands, store, projections
        handle._live = live
        handle._result = result
        return handle

    @property
    def job(self) -> str:
        """Name of the job, or the kind of the run."""
        return self._row.job

    @property
    def owner(self) -> str:
        """Who may see it; "" for nobody in particular."""
        return self._row.owner

    @property
    def group(self) -> str | None:
        """Project, conversation or the like."""
        return self._row.group

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The application's own data about it."""
        return self._row.metadata

    async def snapshot(self) -> dict[str, Any]:
        """Return the run's state as it is now."""
        fold: Fold = await self._projections.current(self.id)
        return fold.snapshot()

    async def live(self) -> dict[str, Any]:
        """Return what is true of it now and stands in no log.

        ``queue_position`` (1 is next), ``estimated_start``, and ``degraded``: it waits, and nobody is there who would
        take it. All are null or false when it does not wait for a worker.

        Raises:
            RunNotFound: it was deleted.
        """
        return dict(await self._live.of(await self._commands.row(self.id)))

    async def result(self) -> Any:
        """Wait for the end and return the job's result, as the type the job declares; also of a ``partial`` run.

        Raises:
            RunUnsuccessful: it failed or was cancelled.
            RunNotFound: it was deleted.
        """
        with doorbell(self._store, self.id) as bell:
            row = await self._commands.row(self.id)
            while row.status not in ENDED:
                await rings(bell, 1.0)
                bell.clear()  # before the look, so that no ring is lost
                row = await self._commands.row(self.id)
        state = await self.snapshot()
        if row.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            error = state["error"] or {}
            raise RunUnsuccessful(
                f"run {self.id} {row.status}" + (f": {error['message']}" if error else ""),
                run_status=str(row.status),
                error=error or None,
            )
        return self._result.validate_python(state["result"]) if self._result is not None else state["result"]

    async def cancel(self, reason: str | None = None, *, by: str | None = None) -> RunRow:
        """Ask it to stop; see `Commands.cancel`."""
        return await self._commands.cancel(self.id, by=by, reason=reason)

    async def answer(self, ask_id: str, data: Any, *, by: str | None = None) -> RunRow:
        """Answer a question of the job; see `Commands.answer`. A pydantic model is sent as its JSON."""
        body = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
        return await self._commands.answer(self.id, ask_id, body, by=by)

    async def retry(self, items: Sequence[str] | None = None, *, by: str | None = None) -> RunRow:
        """Try its failed items (or those named) again; see `Commands.retry`."""
        return await self._commands.retry(self.id, items=items, by=by)

    async def watch(self) -> AsyncIterator[tuple[State, dict[str, Any] | None]]:
        """Yield the state, first as it is and then after every event with that event, until the run has ended."""
        async for pair in watch(self._store, self._projections, self.id):
            yield pair


async def watch(
    store: Store, projections: Projections, run_id: str
) -> AsyncIterator[tuple[State, dict[str, Any] | None]]:
    """See `RunHandle.watch`.

    Raises:
        RunNotFound: there is no such run, or it was deleted meanwhile.
    """
    fold = Fold(orjson.loads((await projections.current(run_id)).snapshot_json()))
    yield State(fold), None
    if fold.status in ENDED:
        return
    async for page in tail(store, run_id, Cursor.parse(fold.cursor)):
        for stored in page.events:
            event = stored.envelope()
            fold.apply(event, stored.cursor)
            yield State(fold), event
