import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from headway.core.events import new_event
from headway.errors import StoreUnavailable
from headway.hub import HubSettings, listing
from headway.stores.base import RunFilter
from tests.hub.memory_sink import MemorySink
from tests.hub.world import World, world
from tests.serving import SUCCEEDED, note
from tests.wire import Viewer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "CHANGES_EVERY_S", 0)
    monkeypatch.setattr(listing, "LOOK_EVERY_S", 0.05)


PLANNED = new_event("run.planned", {"phases": [{"id": "main", "title": "Main", "weight": 1}]})
HALF_WAY = new_event("phase.progressed", {"id": "main", "done": 1, "total": 2})


class _Watcher:
    """Somebody who watches a list."""

    def __init__(self, sink: MemorySink) -> None:
        self.sink = sink
        self._viewer = Viewer(0, "")
        self._viewer.take = lambda frame: None  # type: ignore[method-assign]

    def read(self) -> list[tuple[str, Any]]:
        frames = self.sink.read(self._viewer, 10_000_000)
        return [(frame.event, orjson.loads(frame.data)) for frame in frames if frame.event != "ping"]

    async def next(self) -> tuple[str, Any]:
        """Wait for exactly one frame."""
        async with asyncio.timeout(25):
            while not (found := self.read()):
                await asyncio.sleep(0.01)
        (frame,) = found
        return frame


async def _watch(here: World, *, limit: int = 10, **which: Any) -> _Watcher:
    async with here.hub.listing(RunFilter(**which), limit) as made:
        connection = here.hub.connect()
        sink = MemorySink(connection, here.hub.settings.budget)
        connection.attach(sink, [made.subscription(connection)])
    return _Watcher(sink)


def _ids(data: Any) -> list[str]:
    return [entry["id"] for entry in data["runs"]]


async def test_a_page_then_changes() -> None:
    """Only what changed is told."""
    async with world() as here:
        first, second = await here.run(), await here.run()
        watcher = await _watch(here)
        ((event, page),) = watcher.read()
        assert (event, _ids(page)) == ("page", [second.id, first.id])
        await here.append(first, note())
        event, changed = await watcher.next()
        assert (event, _ids(changed), changed["removed"]) == ("runs", [first.id], [])
        await here.append(first, SUCCEEDED)
        _, changed = await watcher.next()
        assert changed["runs"][0]["status"] == "succeeded"


async def test_an_end_no_snapshot_holds_yet_is_shown_as_it_is() -> None:
    """A list that is read just between the two would else show an end at half way, for ever."""
    async with world() as here:
        run = await here.run(PLANNED, HALF_WAY)
        assert await here.projections.save(run.id, force=True)
        watcher = await _watch(here)
        ((_, page),) = watcher.read()
        assert page["runs"][0]["percent"] == 50
        await here.append(run, SUCCEEDED)
        _, changed = await watcher.next()
        assert (changed["runs"][0]["status"], changed["runs"][0]["percent"]) == ("succeeded", 100)


async def test_runs_that_come_and_go() -> None:
    """A new run pushes the oldest off the page; one that does not fit the filter any more makes room for another."""
    async with world() as here:
        first, second = await here.run(), await here.run()
        watcher = await _watch(here, limit=2, status=frozenset({"running"}))
        watcher.read()
        third = await here.run()
        _, changed = await watcher.next()
        assert (_ids(changed), changed["removed"]) == ([third.id], [first.id])
        await here.append(second, SUCCEEDED)
        _, changed = await watcher.next()
        assert (_ids(changed), changed["removed"]) == ([first.id], [second.id])


async def test_who_does_not_read_gets_a_new_page() -> None:
    """Nothing is kept for it meanwhile."""
    async with world(HubSettings(budget=300)) as here:
        run = await here.run()
        watcher = await _watch(here)
        assert watcher.sink.buffered() > 300, "the page alone is more than the budget"
        for _ in range(5):
            run = await here.append(run, note())
            await asyncio.sleep(0.02)
        first, second = watcher.read(), watcher.read()
        assert [event for event, _ in first + second] == ["page", "page"]
        assert second[0][1]["runs"][0]["seq"] == run.seq


async def test_one_list_for_all_who_watch_the_same() -> None:
    """It is read once, and dropped with the last of them."""
    async with world(HubSettings(ping_s=1)) as here:
        await here.run()
        watchers = [await _watch(here) for _ in range(3)]
        other = await _watch(here, owner="ada")
        assert here.hub.statistics()["lists"] == 2
        assert other.read() == [("page", {"runs": []})]
        for watcher in [*watchers, other]:
            watcher.sink.abort()
        async with asyncio.timeout(25):
            while here.hub.statistics()["lists"]:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is away"), ZeroDivisionError()])
async def test_a_store_that_fails_is_asked_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list goes on when it answers, whatever went wrong."""
    async with world() as here:
        run = await here.run()
        watcher = await _watch(here)
        watcher.read()
        list_runs = here.store.list_runs

        async def fail(*args: Any, **options: Any) -> Any:
            raise error

        monkeypatch.setattr(here.store, "list_runs", fail)
        await here.append(run, note())
        await asyncio.sleep(0.1)
        assert watcher.read() == []
        monkeypatch.setattr(here.store, "list_runs", list_runs)
        assert (await watcher.next())[0] == "runs"


async def test_a_run_without_a_state_is_listed() -> None:
    """Its row is all that is known of it."""
    async with world() as here:
        run = await here.run()
        kept = here.store._runs[run.id]
        kept.events.clear()
        kept.row = replace(kept.row, floor=kept.row.seq, text_floor=kept.row.seq)
        watcher = await _watch(here)
        ((_, page),) = watcher.read()
        assert (_ids(page), page["runs"][0]["percent"]) == ([run.id], None)


async def test_a_first_read_that_fails_is_the_callers_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one who asks tries again."""
    async with world() as here:
        list_runs = here.store.list_runs

        async def fail(*args: Any, **options: Any) -> Any:
            raise StoreUnavailable("the disk is away")

        monkeypatch.setattr(here.store, "list_runs", fail)
        with pytest.raises(StoreUnavailable):
            await _watch(here)
        monkeypatch.setattr(here.store, "list_runs", list_runs)
        assert (await _watch(here)).read() == [("page", {"runs": []})]
