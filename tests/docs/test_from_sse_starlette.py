"""The endpoint before and after: what the one loses on reconnecting, the other does not."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import orjson
import pytest

from headway.core.fold import Fold
from headway.core.sse import Frame
from tests.docs.programs import frames_until, running, served
from tests.integration.servers import ServerProcess
from tests.wire import Stream

pytestmark = pytest.mark.slow

PAGES = 30
"""They take three seconds: on a busy machine the first ones are told before anybody watches."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The endpoint on sse-starlette."""
    yield from running(served(tmp_path_factory.mktemp("before"), "sse", "before:app"))


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The endpoint on Headway."""
    yield from running(served(tmp_path_factory.mktemp("after"), "sse", "after:app"))


@pytest.fixture(autouse=True)
async def _closed_streams() -> AsyncIterator[None]:
    """Leave no socket open behind a test."""
    yield
    await Stream.close_all()


async def begin(server: ServerProcess) -> str:
    """Start a report; return the path of its stream."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        answer = await http.post("/reports", params={"pages": PAGES})
    assert answer.status_code == 202
    path: str = answer.json()["events"]
    return path


def pages(frames: list[Frame]) -> list[int]:
    """Numbers of the pages that were told."""
    data = [orjson.loads(frame.data) for frame in frames if frame.event in ("page", "custom")]
    return [(one["data"]["data"] if "data" in one else one)["page"] for one in data]


async def cut_in_the_middle(server: ServerProcess, event: str) -> tuple[str, list[Frame], Stream]:
    """Read three events, lose the connection, and come back when the work has gone on; give what was seen before."""
    path = await begin(server)
    stream = await Stream.open(server.port, path)
    seen = await frames_until(stream, event, 3)
    stream.reset()
    other = await Stream.open(server.port, path)  # somebody whose connection held tells when time has passed
    await frames_until(other, event, 2)
    return path, seen, await Stream.open(server.port, path, {"Last-Event-ID": seen[-1].id})


async def hears_nothing(server: ServerProcess, late: Stream) -> None:
    """Insist that a viewer is told nothing while another report is written from its beginning to its end."""
    waiting = asyncio.create_task(late.next())
    await frames_until(await Stream.open(server.port, await begin(server)), "done")
    assert not waiting.done()
    waiting.cancel()


async def test_before_a_reconnect_loses_what_happened_meanwhile(before: ServerProcess) -> None:
    """`Last-Event-ID` is sent, and nobody reads it."""
    _, seen, again = await cut_in_the_middle(before, "page")
    told, rest = pages(seen), pages(await again.rest())
    assert told == list(range(told[0], told[0] + 3))
    assert rest == list(range(rest[0], PAGES + 1))
    assert rest[0] > told[-1] + 1, "pages are missing, and nothing said so"


async def test_after_a_reconnect_loses_nothing(after: ServerProcess) -> None:
    """The log has everything after the cursor."""
    path, seen, again = await cut_in_the_middle(after, "custom")
    rest = await again.rest()
    (state,) = [orjson.loads(frame.data) for frame in seen if frame.event == "snapshot"]
    assert pages(seen) + pages(rest) == list(range(len(state["custom"].get("page", ())) + 1, PAGES + 1))
    assert rest[-1].event == "end"
    assert (await Stream.open(after.port, path, {"Last-Event-ID": rest[-1].id})).status == 204


async def test_before_who_comes_late_sees_nothing_and_waits_for_ever(before: ServerProcess) -> None:
    """The work is done; the stream neither says so nor ends."""
    path = await begin(before)
    await frames_until(await Stream.open(before.port, path), "done")
    await hears_nothing(before, await Stream.open(before.port, path))


async def test_after_who_comes_late_sees_the_end(after: ServerProcess) -> None:
    """One frame with the state, then the end."""
    path = await begin(after)
    await frames_until(await Stream.open(after.port, path), "end")
    frames = await (await Stream.open(after.port, path)).rest()
    assert [frame.event for frame in frames] == ["open", "snapshot", "end"]
    assert len(Fold(orjson.loads(frames[1].data)).snapshot()["custom"]["page"]) == PAGES


async def test_before_a_killed_server_forgets(before: ServerProcess) -> None:
    """The same address is answered as if nothing had been, and never ends."""
    path = await begin(before)
    await frames_until(await Stream.open(before.port, path), "page")
    before.kill()
    await before.start()
    late = await Stream.open(before.port, path)
    assert late.status == 200
    await hears_nothing(before, late)


async def test_after_a_killed_server_tells_the_truth(after: ServerProcess) -> None:
    """What was done is there, and that the work died is said."""
    path = await begin(after)
    seen = await frames_until(await Stream.open(after.port, path), "custom", 2)
    after.kill()
    await after.start()
    again = await Stream.open(after.port, path, {"Last-Event-ID": seen[-1].id})
    end = (await again.rest())[-1]
    assert orjson.loads(end.data)["status"] == "failed"
