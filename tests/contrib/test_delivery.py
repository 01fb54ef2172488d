"""Whose turn it is when a message comes: that of the next try waits for the one before to hand back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from headway.app import Headway
from headway.client import Client
from headway.client.loop import LoopThread
from headway.contrib.delivery import Delivery, begin
from headway.errors import Owned
from tests.client.running import Running, running

LEASE_S = 30.0


@pytest.fixture
def server() -> Iterator[Running]:
    """Headway's own routes."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """Where reports are sent from."""
    thread = LoopThread("reporting")
    yield thread
    thread.stop()


async def owned(client: Client) -> tuple[str, dict[str, Any]]:
    """A run with an execution under way."""
    run_id = (await client.open("task", queued=True, lease_s=LEASE_S))["id"]
    return run_id, await client.take_over(run_id, key="first")


def message(run_id: str, retries: int) -> Delivery:
    """Of a run that is there."""

    async def never(client: Client) -> dict[str, Any]:
        raise AssertionError("it is there")

    return Delivery(run_id, never, retries)


async def beating(client: Client, run_id: str, execution_id: str) -> None:
    """Sign after sign of life."""
    while True:
        await client.append(run_id, execution_id, [])
        await asyncio.sleep(0.05)


async def test_the_message_of_the_next_try_waits_for_the_one_before(server: Running, loop: LoopThread) -> None:
    """That is still alive, and says so: what it asked for must not be given up because of it."""
    async with Client(server.url) as client:
        run_id, first = await owned(client)
        signs = asyncio.create_task(beating(client, run_id, first["execution_id"]))
        beginning = asyncio.create_task(begin(client, message(run_id, 1), LEASE_S, loop))
        await asyncio.sleep(1.5)  # three looks
        assert not beginning.done()
        signs.cancel()
        await asyncio.gather(signs, return_exceptions=True)
        await client.hand_back(run_id, first["execution_id"])
        async with asyncio.timeout(30):
            await beginning
        assert (await client.get(run_id))["attempt"] == 2


async def test_the_same_message_again_is_given_up_while_its_owner_lives(server: Running, loop: LoopThread) -> None:
    """As soon as there is a sign of that."""
    async with Client(server.url) as client:
        run_id, first = await owned(client)
        signs = asyncio.create_task(beating(client, run_id, first["execution_id"]))
        with pytest.raises(Owned):
            async with asyncio.timeout(30):
                await begin(client, message(run_id, 0), LEASE_S, loop)
        signs.cancel()
        await asyncio.gather(signs, return_exceptions=True)
