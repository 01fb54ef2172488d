"""Requests that wait: every way a wait may end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from headway.errors import Overloaded, StoreUnavailable
from headway.gateways import waiting
from headway.gateways.waiting import ClientLeft, Waits, Who
from headway.stores.base import RunRow, Write
from headway.stores.memory import MemoryStore
from tests.gateways.serving import eventually
from tests.stores.builders import note, running


class Deaf(MemoryStore):
    """A store whose doorbell never rings."""

    def watch(self, ring: Any) -> Callable[[], None]:
        """Take no notice."""
        return lambda: None


class Client:
    """The other end of a request."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        """Say that the client left, when it did."""
        await self.left.wait()
        return {"type": "http.disconnect"}


@asynccontextmanager
async def opened(store: MemoryStore) -> AsyncIterator[tuple[MemoryStore, RunRow]]:
    """A store with a run."""
    await store.open()
    yield store, await running(store)
    await store.close()


def news_of(store: MemoryStore, run: RunRow) -> Callable[[], Awaitable[RunRow | None]]:
    """Look whether a run has gone on."""

    async def look() -> RunRow | None:
        row = await store.get(run.id)
        return row if row is not None and row.seq > run.seq else None

    return look


async def append(store: MemoryStore, run: RunRow) -> None:
    """One more event."""
    await store.append(run.id, Write(events=[note()], execution_id=run.execution_id))


async def test_a_wait_ends_with_the_news() -> None:
    """And leaves nothing behind: no task, no watcher."""
    async with opened(MemoryStore()) as (store, run):
        waits = Waits(store)
        task = asyncio.create_task(waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive))
        await eventually(lambda: waits.statistics()["waiting"] == 1)
        await append(store, run)
        found = await task
        assert found is not None
        assert found.seq == run.seq + 1
        assert waits.statistics() == {"waiting": 0, "runs": 0}
        assert [task for task in asyncio.all_tasks() if task.get_name().startswith("headway: long")] == []


async def test_what_happens_while_it_looks_is_not_missed() -> None:
    """It subscribes first: an append between the look and the wait ends the wait."""
    async with opened(MemoryStore()) as (store, run):
        look, looks = news_of(store, run), 0

        async def look_and_append() -> RunRow | None:
            nonlocal looks
            looks += 1
            found = await look()
            if looks == 1:
                await append(store, run)
            return found

        async with asyncio.timeout(25):
            assert await Waits(store).until(Who(run), look_and_append, wait_s=30, receive=Client().receive)
        assert looks == 2


async def test_a_lost_ring_costs_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody rings at all: the look once in a while finds it."""
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.05)
    async with opened(Deaf()) as (store, run):
        waits = Waits(store)
        tasks = [
            asyncio.create_task(waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive))
            for _ in range(10)
        ]
        await eventually(lambda: waits.statistics() == {"waiting": 10, "runs": 1})
        await append(store, run)
        async with asyncio.timeout(25):
            assert all(await asyncio.gather(*tasks))


async def test_looks_without_news_wake_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits sleeps on."""
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.01)
    async with opened(Deaf()) as (store, run):
        looks, rows = 0, 0
        get = store.get

        async def counted(run_id: str) -> RunRow | None:
            nonlocal rows
            rows += 1
            return await get(run_id)

        async def look() -> None:
            nonlocal looks
            looks += 1

        monkeypatch.setattr(store, "get", counted)
        waits = Waits(store)
        task = asyncio.create_task(waits.until(Who(run), look, wait_s=30, receive=Client().receive))
        await eventually(lambda: rows >= 5)
        assert looks <= 2
        task.cancel()
        await asyncio.wait([task])


async def test_the_time_is_up() -> None:
    """Nothing is returned, after one more look."""
    async with opened(MemoryStore()) as (store, run):
        assert await Waits(store).until(Who(run), news_of(store, run), wait_s=0.02, receive=Client().receive) is None


async def test_without_a_wait_it_looks_once() -> None:
    """And counts nobody."""
    async with opened(MemoryStore()) as (store, run):
        waits = Waits(store, limit=1)
        assert await waits.until(Who(run), news_of(store, run), wait_s=0, receive=Client().receive) is None
        await append(store, run)
        assert await waits.until(Who(run), news_of(store, run), wait_s=0, receive=Client().receive) is not None


async def test_it_looks_by_itself_when_asked_to() -> None:
    """For what no doorbell tells."""
    async with opened(MemoryStore()) as (store, run):
        looks = 0

        async def third() -> bool | None:
            nonlocal looks
            looks += 1
            return True if looks == 3 else None

        async with asyncio.timeout(25):
            assert await Waits(store).until(Who(run), third, wait_s=30, receive=Client().receive, again_s=0.01)


async def test_a_client_that_left_is_let_go() -> None:
    """At once; nobody waits for it any more."""
    async with opened(MemoryStore()) as (store, run):
        waits, client = Waits(store), Client()
        task = asyncio.create_task(waits.until(Who(run), news_of(store, run), wait_s=30, receive=client.receive))
        await eventually(lambda: waits.statistics()["waiting"] == 1)
        client.left.set()
        with pytest.raises(ClientLeft):
            await task
        assert waits.statistics()["waiting"] == 0


async def test_a_broken_connection_is_a_client_that_left() -> None:
    """Whatever the server raises."""

    async def receive() -> Any:
        raise ConnectionResetError

    async with opened(MemoryStore()) as (store, run):
        with pytest.raises(ClientLeft):
            await Waits(store).until(Who(run), news_of(store, run), wait_s=30, receive=receive)


async def test_a_cancelled_request_leaves_nothing() -> None:
    """Also when others go on waiting."""
    async with opened(MemoryStore()) as (store, run):
        waits = Waits(store)
        first, second = [
            asyncio.create_task(waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive))
            for _ in range(2)
        ]
        await eventually(lambda: waits.statistics()["waiting"] == 2)
        first.cancel()
        await asyncio.wait([first])
        assert waits.statistics() == {"waiting": 1, "runs": 1}
        await append(store, run)
        assert await second


async def test_only_so_many_may_wait() -> None:
    """More are asked to come back later."""
    async with opened(MemoryStore()) as (store, run):
        waits = Waits(store, limit=1)
        task = asyncio.create_task(waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive))
        await eventually(lambda: waits.statistics()["waiting"] == 1)
        with pytest.raises(Overloaded):
            await waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive)
        await append(store, run)
        assert await task


async def test_nobody_waits_for_a_server_that_exits() -> None:
    """Those who wait are answered within a moment, others do not begin to."""
    over = asyncio.Event()
    async with opened(MemoryStore()) as (store, run):
        waits = Waits(store, is_over=over.is_set)
        task = asyncio.create_task(waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive))
        await eventually(lambda: waits.statistics()["waiting"] == 1)
        over.set()
        async with asyncio.timeout(25):
            assert await task is None
            assert await waits.until(Who(run), news_of(store, run), wait_s=30, receive=Client().receive) is None


async def test_a_store_that_is_away_ends_no_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and looked at again."""
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.02)
    async with opened(Deaf()) as (store, run):
        waits, get, away = Waits(store), store.get, True

        async def flaky(run_id: str) -> RunRow | None:
            if away:
                raise StoreUnavailable("away")
            return await get(run_id)

        async def look() -> RunRow | None:
            row = await get(run.id)
            return row if row is not None and row.seq > run.seq else None

        monkeypatch.setattr(store, "get", flaky)
        task = asyncio.create_task(waits.until(Who(run), look, wait_s=30, receive=Client().receive))
        await eventually(lambda: "cannot look for news of runs" in caplog.text)
        await append(store, run)
        away = False
        async with asyncio.timeout(25):
            assert await task


async def test_an_error_of_the_look_is_the_answer() -> None:
    """And nothing is left behind."""
    async with opened(MemoryStore()) as (store, run):
        waits = Waits(store)

        async def look() -> None:
            raise StoreUnavailable("away")

        with pytest.raises(StoreUnavailable):
            await waits.until(Who(run), look, wait_s=30, receive=Client().receive)
        assert waits.statistics()["waiting"] == 0
