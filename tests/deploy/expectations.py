"""What has to hold behind every proxy, and what a viewer of one that holds streams back can still do."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.deploy.proxies import viewing

EVENTS = 5


async def open_run(client: httpx.AsyncClient) -> str:
    """Open a run; return its id."""
    answer = await client.post("/v1/runs", json={"title": "behind a proxy"})
    assert answer.status_code == 201, answer.text
    run_id: str = answer.json()["id"]
    return run_id


async def report(client: httpx.AsyncClient, run_id: str, type: str = "note", **data: Any) -> int:
    """Report an event; return its seq."""
    data = data or {"body": "hello"}
    answer = await client.post(f"/v1/runs/{run_id}/events", json={"events": [{"type": type, "data": data}]})
    assert answer.status_code == 202, answer.text
    seq: int = answer.json()["seq"]
    return seq


async def frames_come_one_by_one(client: httpx.AsyncClient, *, encoding: str = "identity") -> httpx.Response:
    """Insist that each event is there before the next one happens, and that the end comes."""
    run_id = await open_run(client)
    async with viewing(client, run_id, **{"Accept-Encoding": encoding}) as viewer:
        assert [(await viewer.next()).event, (await viewer.next()).event] == ["open", "snapshot"]
        for _ in range(EVENTS):
            seq = await report(client, run_id)
            assert (await viewer.next()).id.startswith(f"{seq}.")
        await report(client, run_id, "run.succeeded", result=1)
        assert [(await viewer.next()).event, (await viewer.next()).event] == ["run.succeeded", "end"]
        return viewer.response


async def a_cut_stream_goes_on(client: httpx.AsyncClient) -> None:
    """Insist that `Last-Event-ID` gets through, and nothing is lost."""
    run_id = await open_run(client)
    await report(client, run_id)
    async with viewing(client, run_id) as viewer:
        await viewer.next()
        cursor = (await viewer.next()).id
    missed = [await report(client, run_id) for _ in range(3)]
    async with viewing(client, run_id, **{"Last-Event-ID": cursor}) as viewer:
        assert (await viewer.next()).event == "open"
        assert [int((await viewer.next()).id.partition(".")[0]) for _ in missed] == missed


async def told_by_polling_and_at_the_end(client: httpx.AsyncClient) -> list[str]:
    """Insist that polling shows everything at once, and the stream at its end; return what it had told before that."""
    run_id = await open_run(client)
    frames: list[str] = []

    async def watch() -> None:
        async with viewing(client, run_id) as viewer:
            while not frames or frames[-1] != "end":
                frames.append((await viewer.next()).event)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        for _ in range(EVENTS):
            seq = await report(client, run_id)
            assert (await client.get(f"/v1/runs/{run_id}")).json()["seq"] == seq
        before = list(frames)
        await report(client, run_id, "run.succeeded", result=1)
    assert frames[-2:] == ["run.succeeded", "end"]
    return before
