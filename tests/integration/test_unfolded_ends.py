"""A process dies between the end of a run and its last snapshot: whoever reads it gets the end all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from headway.core.events import new_event
from headway.core.fold import Fold
from headway.stores.base import Store
from headway.stores.location import store_at
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from tests.gateways.serving import data, frames, make_world, serving
from tests.stores.builders import delta, new_run, note, report, started
from tests.stores.conftest import fresh_prefix, fresh_url

Frames = list[Any]


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the runs are."""
    if request.param == "postgres":
        return fresh_url(request.getfixturevalue("postgres_server"))
    if request.param == "redis":
        return fresh_prefix(request.getfixturevalue("redis_server"))
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'runs.db'}"


async def died(store: Store, snapshots: int) -> str:
    """Leave a run whose process wrote so many snapshots on the way, then its end, and died; return its id."""
    await store.open()
    phases = new_event("run.planned", {"phases": [{"id": "main", "title": "Main", "weight": 100}]})
    run, _ = await store.create(new_run(phases, started(), external=True))
    for done in range(1, 4):
        progressed = new_event("phase.progressed", {"id": "main", "done": done, "total": 4})
        item = new_event("item.finished", {"key": f"day:{done}", "data": {"n": done}})
        await report(store, run, progressed, item, note(f"day {done}"), delta(f"{done} "))
        if done <= snapshots:
            assert await Projections(store).save(run.id, force=True)
    await report(store, run, delta("the end"), new_event("run.succeeded", {"result": 42}))
    row = await store.get(run.id)
    assert row is not None
    kept = await store.snapshot(run.id)
    assert (kept is None) if snapshots == 0 else (kept is not None and kept.cursor.seq < row.seq)
    return run.id


async def followed(client: httpx.AsyncClient, run_id: str, query: str) -> tuple[Fold, Frames]:
    """Follow a stream to its end; return the state it leads to and its frames."""
    async with client.stream("GET", f"/v1/runs/{run_id}/stream{query}") as answer:
        found = await frames(answer)
    fold = Fold()
    for frame in found:
        if frame.event == "snapshot":
            fold = Fold(data(frame))
        elif frame.id:
            fold.apply(data(frame), frame.id)
    return fold, found


async def folded(client: httpx.AsyncClient, run_id: str) -> dict[str, Any]:
    """Return the fold of all events, page by page."""
    fold, after = Fold(), None
    while True:
        params = {"limit": 5} if after is None else {"limit": 5, "after": after}
        page = (await client.get(f"/v1/runs/{run_id}/events", params=params)).json()
        for event in page["events"]:
            fold.apply(event, None)
        if not page["more"]:
            return fold.snapshot()
        after = page["cursor"]


@pytest.mark.parametrize("snapshots", [0, 2])
async def test_an_end_no_snapshot_holds_is_read_from_the_log(url: str, snapshots: int) -> None:
    """The state, a stream of all events, one that joins, the list of runs and the fold of the log say the same."""
    store = MemoryStore() if url == "memory://" else store_at(url)
    run_id = await died(store, snapshots)
    if url != "memory://":
        await store.close()
        store = store_at(url)
    async with serving(make_world(store, worker="none")) as client:
        state = (await client.get(f"/v1/runs/{run_id}")).json()
        assert (state["status"], state["result"], state["outputs"]["text"]["text"]) == (
            "succeeded",
            42,
            "1 2 3 the end",
        )
        whole, sent = await followed(client, run_id, "?from=earliest")
        joined, shown = await followed(client, run_id, "")
        assert [frame.event for frame in sent[:2]] == ["open", "run.queued"]
        assert [frame.event for frame in shown] == ["open", "snapshot", "end"]
        assert data(sent[-1])["status"] == data(shown[-1])["status"] == "succeeded"
        expected = whole.snapshot()
        assert joined.snapshot() == expected
        assert state | expected == state
        assert {**await folded(client, run_id), "cursor": expected["cursor"]} == expected
        (listed,) = (await client.get("/v1/runs")).json()["runs"]
        assert (listed["status"], listed["percent"], listed["items_ended"]) == ("succeeded", 100, 3)
