"""SIGTERM."""

import asyncio
import os
import signal

import pytest

from headway.cli.stopping import stop_on_sigterm


async def test_the_task_is_cancelled_and_learns_why():
    """So that it cleans up behind itself, on the loop's own ground."""

    async def wait() -> bool:
        asked = stop_on_sigterm()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            return asked.is_set()
        return False

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def test_another_cancellation_is_none_of_its_business():
    """The event is not set then."""
    asked: list[asyncio.Event] = []

    async def wait() -> None:
        asked.append(stop_on_sigterm())
        await asyncio.sleep(30)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not asked[0].is_set()
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def test_in_a_thread_it_does_nothing():
    """There are no signal handlers outside the main thread."""

    async def look() -> bool:
        return stop_on_sigterm().is_set()

    assert await asyncio.to_thread(asyncio.run, look()) is False
