"""A polled status before and after: the same answers, which the one forgets with its process, and a stream."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest

from headway.ops.transports import switch
from headway.stores.sqlite import SqliteStore
from tests.docs.programs import running, served
from tests.integration.servers import ServerProcess
from tests.wire import Stream

pytestmark = pytest.mark.slow

PAGES = 20
MANY = 600
"""They take a minute: whoever does something to such work meets it, on a busy machine, too."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The endpoint by hand."""
    yield from running(served(tmp_path_factory.mktemp("before"), "polling", "before:app"))


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The endpoint on Headway."""
    yield from running(served(tmp_path_factory.mktemp("after"), "polling", "after:app"))


@pytest.fixture(params=["before", "after"])
def either(request: pytest.FixtureRequest) -> ServerProcess:
    """One of them."""
    server: ServerProcess = request.getfixturevalue(request.param)
    return server


@pytest.fixture(autouse=True)
async def _closed_streams() -> AsyncIterator[None]:
    """Leave no socket open behind a test."""
    yield
    await Stream.close_all()


async def begin(server: ServerProcess, pages: int = PAGES) -> str:
    """Start the work; return the path of its status."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        answer = await http.post("/strategies", params={"pages": pages})
    assert answer.status_code == 202
    path: str = answer.json()["status"]
    return path


async def ask(server: ServerProcess, path: str) -> httpx.Response:
    """Ask how it stands."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        return await http.get(path)


async def polled(server: ServerProcess, path: str) -> list[dict[str, Any]]:
    """Ask until it is over; return the answers."""
    answers: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while not answers or answers[-1]["event"] not in ("complete", "error"):
            answers.append((await ask(server, path)).json())
            await asyncio.sleep(0.02)
    return answers


async def test_both_answer_alike(either: ServerProcess) -> None:
    """A page that polls sees no difference: the same fields, progress that grows, the same end."""
    answers = await polled(either, await begin(either))
    assert {frozenset(answer["data"]) for answer in answers} == {
        frozenset({"step", "progress", "message", "timestamp"})
    }
    progress = [answer["data"]["progress"] for answer in answers]
    assert progress == sorted(progress)
    assert (answers[-1]["event"], answers[-1]["data"]["progress"], answers[-1]["data"]["message"]) == (
        "complete", 100, "Ready",
    )  # fmt: skip
    assert any(f"of {PAGES}" in answer["data"]["message"] for answer in answers)


async def test_what_is_not_there_is_404_in_both(either: ServerProcess) -> None:
    """As it was."""
    assert (await ask(either, "/strategies/nothing/status")).status_code == 404


async def killed(server: ServerProcess) -> str:
    """Kill a server at work and start it again; return the path of the status."""
    path = await begin(server, MANY)
    async with asyncio.timeout(60):
        while (await ask(server, path)).json()["data"]["progress"] == 0:
            await asyncio.sleep(0.02)
    server.kill()
    await server.start()
    return path


async def test_before_a_killed_server_forgets(before: ServerProcess) -> None:
    """Whoever polls is told that there never was anything."""
    assert (await ask(before, await killed(before))).status_code == 404


async def test_after_a_killed_server_tells_the_truth(after: ServerProcess) -> None:
    """The work died, and that is what the status says."""
    last = (await polled(after, await killed(after)))[-1]
    assert last["event"] == "error"
    assert last["data"]["error"]


async def messages(stream: Stream) -> list[dict[str, Any]]:
    """Messages without a name, up to the end."""
    return [orjson.loads(frame.data) for frame in await stream.rest() if frame.event == "message"]


async def test_after_the_stream_says_what_the_status_says(after: ServerProcess) -> None:
    """The same messages, as they change."""
    path = await begin(after)
    told = await messages(await Stream.open(after.port, path.replace("/status", "/stream")))
    assert told[-1]["event"] == "complete"
    assert set(told[-1]["data"]) == {"step", "progress", "message", "timestamp"}
    assert (await ask(after, path)).json()["data"]["message"] == told[-1]["data"]["message"]


async def test_after_streams_are_switched_off_and_polling_goes_on(after: ServerProcess) -> None:
    """The way back at run time: an open stream is told to poll, and the status answers as ever."""
    path = await begin(after, 3 * PAGES)
    stream = await Stream.open(after.port, path.replace("/status", "/stream"))
    await stream.until("message")
    store = SqliteStore(after.store)
    await store.open()
    try:
        await switch(store, ["poll"])
        end = (await stream.rest())[-1]
        assert end.event == "end"
        assert orjson.loads(end.data)["use"] == "poll"
        assert (await polled(after, path))[-1]["event"] == "complete"
    finally:
        await switch(store, None)
        await store.close()
