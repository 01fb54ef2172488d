"""How far behind listeners are, seen from outside; and forgetting one."""

import asyncio

import pytest

from headway.core.cursor import START
from headway.engines.behind import behind, forget
from headway.engines.listener import role_of
from headway.engines.telling import Telling
from headway.errors import UsageError
from headway.stores.base import Store
from tests.engines.test_telling import Ear, all_told
from tests.stores.builders import FakeClock, end, running
from tests.stores.conftest import clock, postgres_server, redis_server, store

__all__ = ["clock", "postgres_server", "redis_server", "store"]

SILENT_S = 0.5


async def told(store: Store, *, failing: str | None = None) -> Telling:
    """Let a listener be told of everything there is, but for one run it fails for."""
    ear = Ear()
    if failing is not None:
        ear.failing.add(failing)
    telling = ear.telling(store, since="beginning")
    await all_told(telling)
    return telling


async def test_a_listener_is_behind_since_the_first_end_it_was_not_told_of(store: Store, clock: FakeClock) -> None:
    """One that was told everything is not; when it was told of something last is known in either case."""
    assert await behind(store) == []
    await store.add_listener("gone", from_beginning=True)
    first = await end(store, await running(store))
    clock.ms += 60_000
    second = await end(store, await running(store))
    telling = await told(store, failing=second.id)
    await telling.stop(0)
    gone, mail = await behind(store)
    assert (gone.listener.name, gone.listener.told_at, gone.oldest and gone.oldest.id) == ("gone", "", first.id)
    assert (mail.listener.name, mail.oldest and mail.oldest.id) == ("mail", second.id)
    assert [gone.lag_s(lambda: clock.ms / 1000 + 5), mail.lag_s(lambda: clock.ms / 1000 + 5)] == [65, 5]
    assert mail.lag_s(lambda: 0.0) == 0.0, "by a clock that was set back"
    assert mail.listener.told_at
    telling = await told(store)
    _, mail = await behind(store)
    assert (mail.oldest, mail.lag_s()) == (None, 0.0)


async def test_one_that_stops_is_behind_by_what_it_was_not_told(store: Store, clock: FakeClock) -> None:
    """What was told since it looked last is kept, too, as far as everything before was told."""
    ear = Ear()
    telling = ear.telling(store, since="beginning")
    await telling.look()
    told_of = await end(store, await running(store))
    await telling.look_at([told_of.id])
    telling.begin()
    while telling._tasks:
        await asyncio.wait(list(telling._tasks.values()))
    await telling.stop(0)
    (mail,) = await behind(store)
    assert (mail.oldest, bool(mail.listener.told_at)) == (None, True)
    clock.ms += 1_000
    telling = ear.telling(store)
    await telling.look()
    missed = await end(store, await running(store))
    await telling.stop(0)
    (mail,) = await behind(store)
    assert mail.oldest is not None
    assert mail.oldest.id == missed.id


async def test_being_told_nothing_is_no_success(store: Store, clock: FakeClock) -> None:
    """The time stays that of the last call that returned."""
    await end(store, await running(store))
    await told(store)
    (before,) = await store.listeners()
    clock.ms += 60_000
    run = await end(store, await running(store))
    await told(store, failing=run.id)
    (after,) = await store.listeners()
    assert after.told_at == before.told_at


async def test_one_that_nobody_tells_is_forgotten(store: Store) -> None:
    """Whoever told it has left or is silent; an unknown one is named."""
    with pytest.raises(UsageError, match="no listener 'mail'"):
        await forget(store, "mail", lease_s=SILENT_S)
    await store.add_listener("mail")
    await forget(store, "mail", lease_s=SILENT_S)
    assert await store.listeners() == []
    await store.add_listener("mail")
    silent = await store.join()
    await store.lead(role_of("mail"), silent)
    await forget(store, "mail", lease_s=SILENT_S)
    assert await store.listeners() == []
    assert list(await store.workers()) == [silent], "who forgot it has left"


async def test_one_that_a_process_tells_is_kept(store: Store) -> None:
    """As long as that process is heard of."""
    await store.add_listener("mail")
    alive = await store.join()

    async def ask() -> None:
        while True:
            await store.lead(role_of("mail"), alive)
            await asyncio.sleep(0.05)

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    try:
        while (await store.lead(role_of("mail"), alive)).worker != alive:
            await asyncio.sleep(0.01)
        with pytest.raises(UsageError, match="a process that runs"):
            await forget(store, "mail", lease_s=30)
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert [row.name for row in await store.listeners()] == ["mail"]
    assert list(await store.workers()) == [alive]


async def test_one_that_comes_back_is_told_nothing_twice(store: Store) -> None:
    """How far it was told of a run is kept with the run."""
    run = await end(store, await running(store))
    await told(store)
    await forget(store, "mail", lease_s=SILENT_S)
    assert (await store.positions("mail", [run.id]))[run.id] != START
    ear = Ear()
    await all_told(ear.telling(store, since="beginning"))
    assert ear.calls == {}
