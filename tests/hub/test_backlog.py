from typing import Any

import pytest

from headway.errors import StoreUnavailable
from headway.hub import HubSettings
from headway.stores.base import RunRow
from tests.hub.world import Client, World, world
from tests.serving import note

COLD = HubSettings(recent_bytes=0, tail_min=1_000_000)
"""Nothing is kept in memory: whoever is behind needs a read."""


async def _behind(here: World) -> tuple[RunRow, str]:
    """A run with a viewer, and a cursor far back in it."""
    run = await here.run()
    await here.join(run)
    start = str(run.cursor)
    for number in range(10):
        run = await here.append(run, note(str(number)))
    return run, start


async def _has_everything(here: World, client: Client, run: RunRow) -> None:
    await here.drain(client)
    assert client.viewer.seqs == list(range(3, run.seq + 1))
    assert client.viewer.resets == []
    assert client.subscription.live


async def test_a_store_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The viewer waits, and is served when the store answers."""
    async with world(COLD) as here:
        run, start = await _behind(here)
        read = here.store.read

        async def fail(*args: Any, **options: Any) -> Any:
            raise StoreUnavailable("the disk is away")

        monkeypatch.setattr(here.store, "read", fail)
        client = await here.join(run, cursor=start, settle=False, fold=False)
        await here.settle()
        assert client.read() == []
        monkeypatch.setattr(here.store, "read", read)
        await here.fold(client.viewer, run, start)
        await here.pass_time(1)
        assert "note" in client.read()
        await _has_everything(here, client, run)


async def test_a_read_that_breaks_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited behind it is not forgotten."""
    async with world(COLD) as here:
        run, start = await _behind(here)
        page = here.hub._feeds[run.id]._backlog._page

        async def fail(after: Any) -> Any:
            raise ZeroDivisionError

        monkeypatch.setattr(here.hub._feeds[run.id]._backlog, "_page", fail)
        clients = [await here.join(run, cursor=start) for _ in range(3)]
        assert [client.read() for client in clients] == [[], [], []]
        monkeypatch.setattr(here.hub._feeds[run.id]._backlog, "_page", page)
        await here.pass_time(1)
        for client in clients:
            await _has_everything(here, client, run)


async def test_a_run_deleted_while_somebody_catches_up() -> None:
    """They are told."""
    async with world(COLD) as here:
        run, start = await _behind(here)
        client = await here.join(run, cursor=start, settle=False)
        here.store._runs.clear()
        await here.settle()
        await here.pass_time(1)
        assert client.read() == ["reset"]
        assert client.viewer.resets == ["gone"]


async def test_a_viewer_that_leaves_while_it_catches_up() -> None:
    """Nothing more is written, and nothing is kept of it."""
    async with world(COLD) as here:
        run, start = await _behind(here)
        client = await here.join(run, cursor=start, settle=False)
        client.sink.abort()
        await here.settle()
        backlog = here.hub._feeds[run.id]._backlog
        assert (backlog.work, backlog._waiting, backlog._parked, backlog._pages) == (None, {}, {}, {})


async def test_many_with_one_cursor_cost_one_read() -> None:
    """The page is shared while they wait; afterwards it is not kept."""
    async with world(COLD) as here:
        run, start = await _behind(here)
        clients = [await here.join(run, cursor=start, settle=False) for _ in range(20)]
        await here.settle()
        for client in clients:
            await _has_everything(here, client, run)
        assert here.hub.counters.reads == 1
        assert here.hub._feeds[run.id]._backlog.statistics() == {"waiting": 0, "parked": 0, "pages": 0}


async def test_more_cursors_than_pages_are_kept() -> None:
    """Each gets its own tail."""
    async with world(COLD) as here:
        run, _ = await _behind(here)
        for _ in range(20):
            run = await here.append(run, note())
        events = (await here.store.read(run.id)).events
        clients = [(event.seq, await here.join(run, cursor=event.cursor, settle=False)) for event in events[:-1]]
        for seq, client in clients:
            await here.drain(client)
            assert client.viewer.seqs == list(range(seq + 1, run.seq + 1))


async def test_a_client_ahead_of_a_store_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows more than the feed, which cannot read just now: it waits and is live as soon as that works."""
    async with world() as here:
        run = await here.run()
        await here.join(run)
        here.store._doorbell._watchers.clear()
        run = await here.append(run, note())
        feed = here.hub._feeds[run.id]
        advance = feed._read_log

        async def fail() -> None:
            raise StoreUnavailable("the disk is away")

        monkeypatch.setattr(feed, "_read_log", fail)
        client = await here.join(run, cursor=run.cursor)
        assert here.hub.statistics()["behind"] == 1
        monkeypatch.setattr(feed, "_read_log", advance)
        await here.pass_time(1)
        assert here.hub.statistics()["behind"] == 0
        assert "note" not in client.read()
