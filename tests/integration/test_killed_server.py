"""The server is killed under ingest and viewers; the log stays gapless and everybody ends in its state.

Each of its lives sees an append and a viewer before it ends at a random moment; some end before they have begun.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from headway.client import Client
from headway.core.events import NewEvent, new_event
from headway.core.fold import Fold
from headway.errors import HeadwayError
from headway.stores.projection import read_log
from headway.stores.sqlite import SqliteStore
from tests.integration.servers import ServerProcess
from tests.seeds import SEEDS
from tests.wire import Viewer

pytestmark = pytest.mark.slow

KILLS = 10
"""For each seed: fifty in all."""
TEXTS = ("plain ", "düne ", "日本 ", "🗻 ", "👩‍🚀 ")


def batch(number: int, rng: random.Random) -> list[NewEvent]:
    """Some events whose keys make sending them again harmless."""
    events: list[NewEvent] = []
    for place in range(rng.randint(1, 5)):
        key = f"{number}/{place}"
        match rng.randrange(4):
            case 0:
                item = f"item:{rng.randrange(5)}"
                kind = rng.choice(("item.started", "item.progressed", "item.finished"))
                events.append(new_event(kind, {"key": item, "done": place, "data": {"n": number}}, key=key))
            case 1:
                events.append(new_event("phase.progressed", {"id": "main", "done": number, "total": 10_000}, key=key))
            case 2:
                events.append(new_event("custom", {"name": "counter", "data": number}, key=key))
            case _:
                delta = f"{rng.choice(TEXTS)}{number} "
                events.append(new_event("output.appended", {"key": "text", "delta": delta}, key=key))
    return events


async def insist(client: Client, run_id: str, execution_id: str, events: list[NewEvent]) -> None:
    """Append, again and again, until the server has said that it is committed."""
    while True:
        try:
            await client.append(run_id, execution_id, events)
        except HeadwayError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(0.02)
        else:
            return


async def follow(viewer: Viewer) -> None:
    """Watch to the end, also while there is nobody to connect to."""
    while viewer.end is None:
        try:
            await viewer.follow()
        except (ConnectionError, asyncio.IncompleteReadError):  # killed before the head of an answer
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", SEEDS)
async def test_kills_under_ingest_and_viewers(tmp_path: Path, seed: int) -> None:
    """No acknowledged event is lost, none is doubled, and viewers see each exactly once."""
    rng = random.Random(seed)
    sent: list[tuple[str, Any]] = []
    done = asyncio.Event()
    async with ServerProcess(tmp_path) as server, Client(server.url, timeout=3) as client:
        run = await client.open("under fire")
        run_id, execution_id = run["id"], run["execution_id"]

        async def ingest() -> None:
            number = 0
            while not done.is_set():
                number += 1
                events = batch(number, rng)
                await insist(client, run_id, execution_id, events)
                sent.extend((event.type, orjson.loads(event.data)) for event in events)
            await insist(client, run_id, execution_id, [new_event("run.succeeded", {"result": number}, key="end")])

        viewers = [Viewer(server.port, f"/v1/runs/{run_id}/stream") for _ in range(3)]
        work = [asyncio.create_task(ingest()), *(asyncio.create_task(follow(viewer)) for viewer in viewers)]
        told = watched = 0
        for _ in range(KILLS):
            async with asyncio.timeout(60):
                while len(sent) == told or sum(len(viewer.opened) for viewer in viewers) == watched:
                    await asyncio.sleep(0.005)
            await asyncio.sleep(rng.uniform(0, 0.25))
            server.kill()
            if rng.random() < 0.2:  # and once more on its way up
                server.spawn()
                await asyncio.sleep(rng.uniform(0, 1))
                server.kill()
            told, watched = len(sent), sum(len(viewer.opened) for viewer in viewers)
            await server.start()
        done.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*work)
        server.terminate()
    store = SqliteStore(server.store)
    await store.open()
    events = [event async for event in read_log(store, run_id)]
    await store.close()
    fold = Fold()
    for event in events:
        fold.apply(event.envelope(), event.cursor)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [(event.type, event.envelope()["data"]) for event in events if not event.type.startswith("run.")] == sent
    for viewer in viewers:
        assert viewer.fold.snapshot() == fold.snapshot()
        assert viewer.skipped + viewer.seqs == list(range(1, len(events) + 1))
        assert viewer.resets == []
