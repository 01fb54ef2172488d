"""A doorbell may ring late or not at all: half of the rings are lost here, and no viewer misses an event."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from headway.stores.base import Store
from headway.stores.doorbell import Doorbell
from headway.stores.location import store_at
from headway.stores.tail import tail
from tests.serving import serving
from tests.stores.builders import delta, end, log, note, report, running
from tests.stores.conftest import fresh_prefix, fresh_url
from tests.wire import Viewer

EVENTS = 200


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store nobody has used."""
    if request.param == "postgres":
        return fresh_url(request.getfixturevalue("postgres_server"))
    if request.param == "redis":
        return fresh_prefix(request.getfixturevalue("redis_server"))
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture
async def writing(url: str) -> AsyncIterator[Store]:
    """The store of whoever writes, with news of its own."""
    store = store_at(url)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rings were lost, and how many came through, from now on."""
    counts, news = [0, 0], Doorbell.news

    def unsure(bell: Doorbell, run_ids: Collection[str]) -> None:
        rings = random.random() < 0.5
        counts[rings] += 1
        if rings:
            news(bell, run_ids)

    monkeypatch.setattr(Doorbell, "news", unsure)
    return counts


async def test_half_of_the_doorbells_are_lost_and_no_event(url: str, writing: Store, lost: list[int]) -> None:
    """Neither to a viewer's stream from another process's gateway nor to a reader of the log."""
    run = await running(writing)
    reading = store_at(url)
    await reading.open()
    with serving(store=store_at(url)) as server:
        viewer = Viewer(server.port, f"/v1/runs/{run.id}/stream")
        watching = asyncio.create_task(viewer.follow())
        following = asyncio.create_task(seqs(reading, run.id))
        for number in range(EVENTS):
            await report(writing, run, note(str(number)) if number % 3 else delta("text "))
            await asyncio.sleep(random.uniform(0, 0.01))
        await end(writing, run)
        async with asyncio.timeout(60):
            await watching
            seen = await following
    await reading.close()
    events = await log(writing, run.id)
    assert seen == list(range(1, len(events) + 1))
    assert sorted(viewer.skipped + viewer.seqs) == seen
    assert viewer.done
    assert min(lost) > 0


async def seqs(store: Store, run_id: str) -> list[int]:
    """Read a log to its end."""
    return [event.seq async for page in tail(store, run_id) for event in page.events]
