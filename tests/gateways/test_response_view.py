"""Streams in a shape of the application's own: messages without a name, made of the snapshot."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from headway.publish.run import Run
from tests.gateways.serving import World, client_at, data, eventually, frames, listening, make_world


@dataclass(frozen=True)
class Counted:
    """Says how far a run is, unless it is told to keep still; counts how often it is asked."""

    project: str
    asked: list[str] | None = None
    still: bool = False

    def __hash__(self) -> int:
        return hash((self.project, self.still))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counted) and (self.project, self.still) == (other.project, other.still)

    def __call__(self, snapshot: Mapping[str, Any], time: str | None) -> dict[str, Any] | None:
        """Make the message."""
        if self.asked is not None:
            self.asked.append(self.project)
        if self.project == "broken":
            raise ValueError("a mistake of the application")
        if self.still and snapshot["status"] == "running":
            return None
        return {"projectId": self.project, "progress": snapshot["progress"]["percent"], "timestamp": time}


def application(world: World, asked: list[str]) -> FastAPI:
    """An application that streams in its own shape."""
    app = FastAPI(lifespan=world.hw.lifespan)

    @app.get("/{project}/{run_id}")
    async def events(project: str, run_id: str, request: Request, still: bool = False) -> Response:
        return await world.hw.stream(request, run_id, view=Counted(project, asked, still))

    return app


async def opened(world: World) -> Run:
    """A run that is half done."""
    run = await world.hw.open("report", phases={"read": 1})
    async with run.phase("read", total=4) as phase:
        await phase.advance(2)
        await run.flush()
    return run


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "send"])
async def test_messages_have_the_shape_of_the_application(direct: bool) -> None:
    """What joins sees is one message without a name; the frames around it keep theirs."""
    world = make_world()
    async with listening(application(world, []), direct=direct) as address, client_at(address) as client:
        run = await opened(world)
        await run.finish()
        async with client.stream("GET", f"/p1/{run.id}?named=1&types=run&view=events") as stream:
            seen = await frames(stream)
    assert [frame.event for frame in seen] == ["open", "message", "end"]
    message = data(seen[1])
    assert (message["projectId"], message["progress"]) == ("p1", 100)
    assert message["timestamp"].endswith("Z")
    assert data(seen[0])["partial"] is True


async def test_equal_views_are_made_once_for_all_viewers() -> None:
    """Fifty viewers of a change cost one call."""
    world, asked = make_world(), list[str]()
    async with listening(application(world, asked)) as address, client_at(address) as client:
        run = await opened(world)
        ready = asyncio.Barrier(6)

        async def watch(http: httpx.AsyncClient) -> list[Any]:
            async with http.stream("GET", f"/p1/{run.id}") as stream:
                seen = stream.aiter_lines()
                async for line in seen:
                    if line.startswith('data: {"projectId'):
                        break
                await ready.wait()
                return [line async for line in seen if line.startswith('data: {"projectId')]

        watching = [asyncio.create_task(watch(client)) for _ in range(5)]
        await ready.wait()
        asked.clear()
        await run.finish()
        messages = await asyncio.gather(*watching)
    assert len(asked) <= 2  # the end may come in two pieces
    assert all(lines == messages[0] and lines for lines in messages)


async def test_a_view_that_has_nothing_to_say_is_silent_until_it_has() -> None:
    """None sends nothing, and the viewer still gets the end."""
    world = make_world()
    async with listening(application(world, [])) as address, client_at(address) as client:
        run = await opened(world)
        async with client.stream("GET", f"/p1/{run.id}?still=1") as stream:
            reading = asyncio.create_task(frames(stream))
            await eventually(lambda: world.hw.hub.statistics()["connections"] == 1)
            await run.finish()
            seen = await reading
    assert [frame.event for frame in seen] == ["open", "message", "end"]
    assert data(seen[1])["progress"] == 100


async def test_a_view_that_fails_hurts_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; other viewers of the run, and its own stream's end, are as they were."""
    world = make_world()
    async with listening(application(world, [])) as address, client_at(address) as client:
        run = await opened(world)
        await run.finish()
        async with client.stream("GET", f"/broken/{run.id}") as stream:
            assert [frame.event for frame in await frames(stream)] == ["open", "end"]
        async with client.stream("GET", f"/p2/{run.id}") as stream:
            assert [frame.event for frame in await frames(stream)] == ["open", "message", "end"]
    assert any("a mistake of the application" in (line.exc_text or "") or line.exc_info for line in caplog.records)


async def test_the_handle_tells_the_place_in_the_queue() -> None:
    """What stands in no log is asked for, too."""
    world = make_world(worker="none")
    async with world.hw:
        first = await world.hw.start("trip", {"days": 1})
        second = await world.hw.start("trip", {"days": 1})
        assert [(await handle.live())["queue_position"] for handle in (first, second)] == [1, 2]
        await first.cancel()
        assert await first.live() == {"queue_position": None, "estimated_start": None, "degraded": False}
