"""The contract of every store: the board, on which processes tell one another something for a while."""

from collections.abc import Collection

from headway.stores.base import Store, bell_of
from tests.gateways.serving import eventually
from tests.stores.builders import FakeClock, note, report, running


async def test_what_is_posted_stands_under_its_topic(store: Store) -> None:
    """By key, in their order; any JSON; the same key again takes its place."""
    assert await store.posted("notices") == {}
    await store.post("notices", "b", {"text": "noon", "of": [1, None]})
    await store.post("notices", "a", "first")
    await store.post("notices", "b", {"text": "ten"})
    await store.post("answers", "a", 1)
    assert list((await store.posted("notices")).items()) == [("a", "first"), ("b", {"text": "ten"})]
    assert await store.posted("answers") == {"a": 1}
    assert await store.posted("questions") == {}


async def test_what_is_posted_goes_when_its_time_is_over(store: Store, clock: FakeClock) -> None:
    """By the store's clock, to the millisecond; what has no time stays."""
    await store.post("questions", "short", 1, ttl_s=2)
    await store.post("questions", "long", 2, ttl_s=60)
    await store.post("questions", "for ever", 3)
    clock.ms += 1_999
    assert await store.posted("questions") == {"for ever": 3, "long": 2, "short": 1}
    clock.ms += 1
    assert await store.posted("questions") == {"for ever": 3, "long": 2}
    await store.post("questions", "short", 4, ttl_s=1)
    clock.ms += 60_000
    assert await store.posted("questions") == {"for ever": 3}
    await store.post("questions", "long", 5)
    clock.ms += 60_000
    assert await store.posted("questions") == {"for ever": 3, "long": 5}


async def test_keys_are_found_by_how_they_begin(store: Store) -> None:
    """Letters that mean something to a database do not here."""
    for key in ("one/a", "one/b", "one%/c", "o_e/d", "ONE/e", "two/one/f"):
        await store.post("answers", key, key)
    assert list(await store.posted("answers", prefix="one/")) == ["one/a", "one/b"]
    assert list(await store.posted("answers", prefix="one%")) == ["one%/c"]
    assert list(await store.posted("answers", prefix="o_e")) == ["o_e/d"]
    assert await store.posted("answers", prefix="three") == {}


async def test_the_board_rings_with_its_topic(store: Store) -> None:
    """And with no run, so that nobody looks at runs because of it."""
    run = await running(store)
    rung: list[Collection[str]] = []

    def times(what: str) -> int:
        return sum(not runs or what in runs for runs in rung)  # none named: anything

    unwatch = store.watch(rung.append)
    await report(store, run, note())
    await eventually(lambda: times(run.id) > 0)
    rung.clear()
    await store.post("notices", "a", 1)
    await eventually(lambda: times(bell_of("notices")) > 0)
    rung.clear()
    await store.post("notices", "a", 2, ttl_s=1)
    await eventually(lambda: times(bell_of("notices")) > 0)
    assert not any(run.id in runs for runs in rung)
    unwatch()
