"""Telling one listener of the events of many runs: at least once, each run's in order, and in nobody's way.

Everything comes from the logs. How far a run was told is kept in the store and moved on after each call, so a process
that dies in a call leaves that one event to be told again. Which runs may have news is asked from time to time by
indexes that appends do not touch; the doorbell only makes it prompt. One process at a time tells a listener. Should two
for a moment, a position moves only from where it was seen: the one that comes too late begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import START, Cursor
from headway.core.events import LINE_TYPES, TEXT_TYPES, StoredEvent
from headway.core.run import ACTIVE
from headway.engines.listener import Call, Listener
from headway.engines.outage import Outage
from headway.errors import HeadwayError, RunNotFound, StoreError
from headway.lines import Line
from headway.measures import LISTENED
from headway.publish.execution import backoff
from headway.stores.base import Ended, Page, RunFilter, RunRow, Standing, Store
from headway.types import RunId, Seq

log = logging.getLogger("headway.listeners")

AT_ONCE: Final = 10
"""Runs of which one listener is told at the same time."""

OVERLAP_MS: Final = 60_000
"""A run may be committed so long after another one that ended later."""

SKIPPED_MAX: Final = 1_000
"""Events nobody wants to hear of; after so many the position is kept all the same."""

OTHERS_MAX: Final = 10_000
"""Runs of other jobs that are known as such."""

AGAIN_S: Final = (1.0, 300.0)
"""How long to wait before an event is told again: at first, and at most."""

LAST_LOOK_S: Final = 1.0
"""Who stops lets the store tell it for so long what has ended, and keeps how far that was told."""

_PAGE: Final = 200


@dataclass(slots=True)
class Place:
    """Where the telling of one run stands.

    Attributes:
        at: Told, or passed over.
        kept: What the store keeps of it.
        head: The last event that is known of.
        ended_at: When the run ended; None while it has not.
        failures: Of the next event in a row.
        due: Not to be told before this time; 0: at once.
        missed: It was said that something had been trimmed before it was told.
    """

    at: Cursor
    kept: Cursor
    head: Cursor
    ended_at: str | None
    failures: int = 0
    due: float = 0.0
    missed: bool = False

    @property
    def is_done(self) -> bool:
        """Whether everything was told, and, at the end of the run, that is kept."""
        return self.at == self.head and (self.ended_at is None or self.kept == self.at)

    def see(self, row: RunRow) -> None:
        """Take note of the run as it is."""
        self.head, self.ended_at = row.cursor, row.finished_at


class Telling:
    """Tells one listener, on one event loop.

    Args:
        store: Where the runs are.
        listener: Who is told.
        call: Calls its function with an event and the run's row.
        now: Counts seconds.
    """

    def __init__(self, store: Store, listener: Listener, call: Call, now: Callable[[], float]) -> None:
        self._store = store
        self._listener = listener
        self._call = call
        self._now = now
        self._since: str | None = None
        about = f"listener {listener.name}"
        self._outage = Outage(log, f"{about} cannot be told", f"{about} is told again")
        self._places: dict[RunId, Place] = {}
        self._others: set[RunId] = set()
        self._tasks: dict[RunId, asyncio.Task[None]] = {}
        self._newest_end = ""
        self._told = False
        self._stopped = False
        self.on_idle: Callable[[], object] = lambda: None

    # -- finding what is to be told

    async def look(self) -> None:
        """Look at every run that may have news.

        Raises:
            StoreError: the store is away.
        """
        if self._since is None:
            await self._begin()
        active: set[RunId] = set()
        which = RunFilter(status=ACTIVE, job=self._listener.job)
        while rows := await self._store.list_runs(which, limit=_PAGE):
            active.update(await self._note(rows))
            which = replace(which, before=rows[-1].id)
        end = Ended(_earlier(self._newest_end, by_ms=OVERLAP_MS))
        while rows := await self._store.ended(end, limit=_PAGE):
            await self._note(rows)
            end = Ended(rows[-1].finished_at or "", rows[-1].id)
        gone = [run_id for run_id, place in self._places.items() if place.ended_at is None and run_id not in active]
        await self.look_at(gone)  # deleted; or ended, by a clock that was wrong
        self._newest_end = max(self._newest_end, end.finished_at)
        await self._keep_horizon()

    async def _begin(self) -> None:
        row = await self._store.add_listener(self._listener.name, from_beginning=self._listener.since == "beginning")
        self._since, self._newest_end = row.since, row.told_until

    async def look_at(self, run_ids: Collection[RunId]) -> None:
        """Look at these runs, of which the doorbell told. Not before the first `look`.

        Raises:
            StoreError: the store is away.
        """
        for run_id in run_ids:
            if run_id in self._others:
                continue
            row = await self._store.get(run_id)
            if row is not None:
                await self._note([row])
            elif run_id not in self._tasks:
                self._places.pop(run_id, None)

    async def _note(self, rows: Collection[RunRow]) -> list[RunId]:
        """Take note of runs as they are; return their ids."""
        if len(self._others) > OTHERS_MAX:
            self._others.clear()
        self._others.update(row.id for row in rows if self._listener.job not in (None, row.job))
        rows = [row for row in rows if row.id not in self._others]
        unknown = [row.id for row in rows if row.id not in self._places]
        kept = await self._store.positions(self._listener.name, unknown) if unknown else {}
        for row in rows:
            if row.id not in self._places:
                at = kept.get(row.id, START)
                self._places[row.id] = Place(at, at, row.cursor, row.finished_at)
            self._places[row.id].see(row)
        return [row.id for row in rows]

    async def _keep_horizon(self) -> None:
        """Keep up to which end everything was told, and let go of runs that ended well before that."""
        untold = [place.ended_at for place in self._places.values() if place.ended_at and not place.is_done]
        horizon = min([self._newest_end, *(_earlier(ended_at, by_ms=1) for ended_at in untold)])
        told, self._told = self._told, False
        await self._store.move_listener(self._listener.name, horizon, told=told)
        window = _earlier(self._newest_end, by_ms=OVERLAP_MS)
        self._places = {
            run_id: place
            for run_id, place in self._places.items()
            if not place.is_done or place.ended_at is None or place.ended_at > window
        }

    # -- telling

    def begin(self) -> None:
        """Begin to tell of as many runs as may be told of at once, those first that had no turn for the longest."""
        now = self._now()
        for run_id, place in list(self._places.items()):
            if len(self._tasks) >= AT_ONCE or self._stopped:
                return
            if not place.is_done and place.due <= now and run_id not in self._tasks:
                self._places[run_id] = self._places.pop(run_id)
                self._tasks[run_id] = asyncio.create_task(self._run(run_id, place), name=f"headway-tell-{run_id}")

    async def stop(self, drain_s: float) -> None:
        """Tell no further event; what is being told is given so long, then cancelled and told again by the next one."""
        self._stopped = True
        tasks = list(self._tasks.values())
        if tasks and drain_s > 0:
            await asyncio.wait(tasks, timeout=drain_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._since is not None:
            # else it would look behind, for as long as nobody tells it, by what it was told in the last seconds
            with contextlib.suppress(HeadwayError, TimeoutError):
                async with asyncio.timeout(LAST_LOOK_S):
                    await self.look()

    def statistics(self) -> Mapping[str, int]:
        """Return how many runs have something untold, and of how many the listener has failed."""
        untold = [place for place in self._places.values() if not place.is_done]
        return {"untold": len(untold), "failing": sum(place.failures > 0 for place in untold)}

    def wait_s(self) -> float | None:
        """Return how long until an event is to be told again; None: nothing waits for that, or there is no room."""
        if len(self._tasks) >= AT_ONCE:
            return None
        waiting = (place for run_id, place in self._places.items() if run_id not in self._tasks)
        dues = [place.due for place in waiting if not place.is_done]
        return max(0.0, min(dues) - self._now()) if dues else None

    async def _run(self, run_id: RunId, place: Place) -> None:
        place.due = 0.0
        try:
            await self._tell(run_id, place)
            self._outage.end()
        except RunNotFound:
            self._places.pop(run_id, None)  # deleted, and its position with it
        except StoreError as error:
            self._outage.note(error)
            place.due = self._now() + AGAIN_S[0]
        except Exception as error:
            known, name = isinstance(error, HeadwayError), self._listener.name
            log.warning("listener %s cannot be told of run %s: %s", name, run_id, error, exc_info=not known)
            place.due = self._now() + AGAIN_S[not known]
        finally:
            self._tasks.pop(run_id, None)
            self.on_idle()

    async def _tell(self, run_id: RunId, place: Place) -> None:
        """Tell a page of a run; then it is other runs' turn."""
        page = await self._store.read(run_id, after=place.at, limit=_PAGE, partial=True)
        place.see(page.run)
        if page.standing is not Standing.GOOD:
            self._go_on_elsewhere(place, page)
            return
        if self._lacks(place.at.seq, page.run):
            self._missed(place, page.run)
        for event in page.events:
            if not await self._tell_one(place, page.run, event):
                return
        if not page.more and place.ended_at is not None and place.kept != place.at:
            await self._keep(run_id, place)

    async def _tell_one(self, place: Place, run: RunRow, event: StoredEvent) -> bool:
        """Tell of one event, if it is wanted; False: the next one is not to be told now."""
        at = Cursor(event.seq, event.tag)
        if self._listener.wants(event.type) and (envelope := event.envelope())["time"] >= (self._since or ""):
            if self._stopped or not await self._call_with(envelope, run, place):
                return False
            place.at = at
            return await self._keep(run.id, place)
        place.at = at
        return place.at.seq - place.kept.seq < SKIPPED_MAX or await self._keep(run.id, place)

    async def _call_with(self, event: dict[str, Any], run: RunRow, place: Place) -> bool:
        name = self._listener.name
        try:
            await self._call(event, run)
        except Exception as error:
            place.failures += 1
            wait_s = backoff(place.failures, *AGAIN_S)
            place.due = self._now() + wait_s
            self._store.measures.count(LISTENED, name, "failed")
            about = {"listener": name, "run_id": run.id, "seq": event["seq"], "type": event["type"]}
            line = Line("listener failed", **about, failures=place.failures, again_in_s=round(wait_s, 1))
            log.warning(line, exc_info=error)
            return False
        place.failures, place.due = 0, 0.0
        self._told = True
        self._store.measures.count(LISTENED, name, "told")
        return True

    async def _keep(self, run_id: RunId, place: Place) -> bool:
        """Keep the position; False when somebody else moved it: then it is taken from there."""
        if await self._store.move_position(self._listener.name, run_id, place.kept, place.at):
            place.kept = place.at
            return True
        stored = await self._store.positions(self._listener.name, [run_id])
        place.at = place.kept = stored.get(run_id, START)
        return False

    def _go_on_elsewhere(self, place: Place, page: Page) -> None:
        """Go on where the log does: behind what was trimmed, or from its beginning if it lost its tail."""
        if page.standing is Standing.TRIMMED:
            self._missed(place, page.run)
        else:
            name = self._listener.name
            log.warning(Line("listener begins a run anew: its log lost its tail", listener=name, run_id=page.run.id))
        place.at = Cursor(page.run.floor, "0") if page.run.floor else START

    def _lacks(self, seq: Seq, run: RunRow) -> bool:
        """Tell whether events behind a seq that the listener wants were trimmed."""
        parts = ((run.text_floor, TEXT_TYPES), (run.lines_floor, LINE_TYPES))
        return any(seq < floor and any(map(self._listener.wants, types)) for floor, types in parts)

    def _missed(self, place: Place, run: RunRow) -> None:
        """Say, once for a run, that something was trimmed before the listener was told of it."""
        if not place.missed:
            place.missed = True
            floors = {"floor": run.floor, "text_floor": run.text_floor, "lines_floor": run.lines_floor}
            log.warning(Line("listener missed trimmed events", listener=self._listener.name, run_id=run.id, **floors))
            self._store.measures.count(LISTENED, self._listener.name, "missed")


def _earlier(time: str, *, by_ms: int) -> str:
    ms = parse_ms(time)
    return format_ms(ms - by_ms) if ms is not None else ""
