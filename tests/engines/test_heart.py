"""The thread that says that a process is alive."""

import asyncio
import threading
import time

import pytest

from headway.engines.heart import Heart
from tests.engines.world import World


async def beat_of(here: World, worker: str) -> int:
    """How often it has beaten."""
    return (await here.store.workers())[worker].beat


async def test_it_beats_while_the_loop_is_blocked(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy process is not a dead one."""
    worker = await here.store.join()
    before = await beat_of(here, worker)
    beaten, beat_soon = threading.Event(), here.store.beat_soon

    def beat(who: str) -> None:
        beat_soon(who)
        beaten.set()

    monkeypatch.setattr(here.store, "beat_soon", beat)
    heart = Heart(here.store, worker, 0.01)
    heart.start()
    while not beaten.is_set():
        time.sleep(0.01)  # noqa: ASYNC251 - the loop is blocked on purpose
    await heart.stop()
    async with asyncio.timeout(20):
        while await beat_of(here, worker) <= before:
            await asyncio.sleep(0.01)


async def test_a_beat_that_fails_is_not_the_last(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the process would pass for dead while it works."""
    worker = await here.store.join()
    beats: list[str] = []
    again = threading.Event()

    def beat(who: str) -> None:
        beats.append(who)
        if len(beats) == 1:
            raise OSError("no descriptors left")
        again.set()

    monkeypatch.setattr(here.store, "beat_soon", beat)
    heart = Heart(here.store, worker, 0.01)
    heart.start()
    assert await asyncio.to_thread(again.wait, 20)
    await heart.stop()
