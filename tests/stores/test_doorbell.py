"""The doorbell inside one process."""

import asyncio
from collections.abc import Collection

from headway.stores.doorbell import Doorbell


async def test_news_of_one_turn_is_told_once() -> None:
    """Together, after the turn."""
    bell, heard = Doorbell(), list[Collection[str]]()
    bell.watch(heard.append)
    bell.news({"a"})
    bell.news({"b", "a"})
    assert heard == []
    await asyncio.sleep(0)
    assert heard == [{"a", "b"}]
    bell.news({"c"})
    await asyncio.sleep(0)
    assert heard == [{"a", "b"}, {"c"}]


async def test_news_of_anything_covers_the_rest() -> None:
    """An empty collection; it does not stick."""
    bell, heard = Doorbell(), list[Collection[str]]()
    bell.watch(heard.append)
    bell.news({"a"})
    bell.news(())
    await asyncio.sleep(0)
    bell.news({"a"})
    await asyncio.sleep(0)
    assert [set(told) for told in heard] == [set(), {"a"}]


async def test_a_watcher_may_leave_while_it_is_told() -> None:
    """And come, too: it hears the next news."""
    bell, heard = Doorbell(), list[str]()

    def once(_: Collection[str]) -> None:
        heard.append("once")
        end()
        bell.watch(lambda _: heard.append("later"))

    end = bell.watch(once)
    bell.watch(lambda _: heard.append("always"))
    for _ in range(2):
        bell.news({"a"})
        await asyncio.sleep(0)
    assert heard == ["once", "always", "always", "later"]
    assert len(bell) == 2


async def test_nobody_is_told_nothing() -> None:
    """News from before somebody came is not kept for them."""
    bell, heard = Doorbell(), list[Collection[str]]()
    bell.news({"a"})
    bell.watch(heard.append)
    await asyncio.sleep(0)
    assert heard == []
