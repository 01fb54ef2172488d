"""A time-out that stands still while somebody is asked."""

import asyncio

import pytest

from headway.publish.allowance import Allowance


async def pass_through(allowance: Allowance, *, pauses: int, wait_s: float) -> None:
    """Be inside: paused for longer than is allowed, then for `wait_s` not."""
    async with allowance:
        for _ in range(pauses):
            allowance.pause()
        for _ in range(pauses):
            await asyncio.sleep(0.25)
            allowance.resume()
        await asyncio.sleep(wait_s)


async def test_it_counts_only_what_is_not_paused() -> None:
    """Nested pauses end with the last of them."""
    await pass_through(Allowance(0.2), pauses=2, wait_s=0)


async def test_it_counts_on_after_a_pause() -> None:
    """From where it stood."""
    with pytest.raises(TimeoutError):
        await pass_through(Allowance(0.2), pauses=2, wait_s=60)


async def test_without_a_limit_there_is_nothing_to_pause() -> None:
    """It never ends what runs inside."""
    async with Allowance(None) as allowance:
        allowance.pause()
        allowance.resume()
        await asyncio.sleep(0)


async def test_it_may_be_resumed_after_its_end() -> None:
    """By a task that was left behind: nothing happens."""
    async with Allowance(5) as allowance:
        allowance.pause()
    allowance.resume()


async def test_what_has_run_out_is_not_paused_any_more() -> None:
    """Its cancellation is on its way."""
    allowance = Allowance(0)
    asyncio.get_running_loop().call_later(0, allowance.pause)
    with pytest.raises(TimeoutError):
        await pass_through(allowance, pauses=0, wait_s=60)
