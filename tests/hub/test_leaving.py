import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from headway.hub.leaving import Leaving, is_steppable, leaving_of


async def _with_queue() -> tuple[Callable[[], Any], Callable[[], None]]:
    """`receive()` as hypercorn has it."""
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await queue.put({"type": "http.request", "body": b""})
    return queue.get, lambda: queue.put_nowait({"type": "http.disconnect"})


async def _with_function() -> tuple[Callable[[], Any], Callable[[], None]]:
    """`receive()` behind a middleware."""
    receive, leave = await _with_queue()

    async def wrapped() -> Any:
        return await receive()

    return wrapped, leave


KINDS = [_with_queue, _with_function]


async def _until(leaving: Leaving, woken: asyncio.Event) -> None:
    leaving.look()
    while not leaving.gone:
        await woken.wait()
        woken.clear()
        leaving.look()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_client_leaves(kind: Any) -> None:
    """Whoever waits is woken and sees it."""
    receive, leave = await kind()
    woken = asyncio.Event()
    leaving = leaving_of(receive, woken.set)
    leaving.look()
    assert not leaving.gone
    await asyncio.sleep(0.01)
    leaving.look()
    assert not leaving.gone
    leave()
    async with asyncio.timeout(25):
        await _until(leaving, woken)
    await leaving.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_client_has_left(kind: Any) -> None:
    """Before anybody looked."""
    receive, leave = await kind()
    leave()
    woken = asyncio.Event()
    leaving = leaving_of(receive, woken.set)
    async with asyncio.timeout(25):
        await _until(leaving, woken)
    await leaving.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_not_watched_any_more(kind: Any) -> None:
    """Closed before the client left: no task and no waiting future stays behind."""
    receive, leave = await kind()
    before = asyncio.all_tasks()
    leaving = leaving_of(receive, lambda: None)
    leaving.look()
    await asyncio.sleep(0)
    await leaving.close()
    assert asyncio.all_tasks() == before
    leave()
    assert (await receive())["type"] == "http.disconnect"


async def test_no_second_task_for_servers_we_know() -> None:
    """Uvicorn's and hypercorn's `receive()` are stepped by the request's own task."""
    receive, _ = await _with_queue()
    before = asyncio.all_tasks()
    leaving = leaving_of(receive, lambda: None)
    leaving.look()
    assert asyncio.all_tasks() == before
    await leaving.close()
    cycle = object.__new__(RequestResponseCycle)
    assert is_steppable(cycle.receive)  # type: ignore[arg-type]
    assert not is_steppable((await _with_function())[0])


async def test_a_receive_that_fails_is_a_client_that_left() -> None:
    """Nobody is left waiting for a connection that cannot say anything any more."""

    async def receive() -> Any:
        raise OSError("the socket is broken")

    woken = asyncio.Event()
    leaving = leaving_of(receive, woken.set)
    async with asyncio.timeout(25):
        await _until(leaving, woken)
    await leaving.close()
