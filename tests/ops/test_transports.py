"""The switch of the transports."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from headway.config import TRANSPORTS
from headway.errors import StoreUnavailable, TransportOff, UsageError
from headway.hub import Hub
from headway.ops import transports
from headway.ops.transports import Transports, switch
from headway.stores.memory import MemoryStore
from headway.stores.projection import Projections
from tests.gateways.serving import eventually


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    """An open store."""
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


def hub_of(store: MemoryStore) -> Hub:
    """A hub that was not started: only its switches are used."""
    return Hub(store, Projections(store))


def is_on(followed: Transports, name: Any) -> bool:
    """Whether a face is on."""
    try:
        followed.require(name)
    except TransportOff:
        return False
    return True


def state(followed: Transports) -> set[str]:
    """What is on."""
    return {name for name in TRANSPORTS if is_on(followed, name)}


async def test_at_first_it_is_as_the_server_was_started(store: MemoryStore) -> None:
    """Before the start everything is on."""
    followed = Transports(store, hub_of(store), ["poll"])
    assert state(followed) == TRANSPORTS
    await followed.start()
    assert state(followed) == {"poll"}
    await followed.stop()


async def test_what_is_stored_comes_first_and_is_followed(store: MemoryStore) -> None:
    """By the doorbell; taking it away brings the start's setting back."""
    await switch(store, ["sse"])
    followed = Transports(store, hub_of(store), TRANSPORTS)
    await followed.start()
    assert state(followed) == {"sse"}
    await switch(store, ["poll", "ingest"])
    await eventually(lambda: state(followed) == {"poll", "ingest"})
    await switch(store, None)
    await eventually(lambda: state(followed) == TRANSPORTS)
    await followed.stop()


async def test_streams_follow(store: MemoryStore) -> None:
    """The hub is told, and only when it changes."""
    hub = hub_of(store)
    followed = Transports(store, hub, TRANSPORTS)
    await followed.start()
    await switch(store, ["poll"])
    await eventually(lambda: hub.statistics()["off"] == ["sse"])
    await switch(store, None)
    await eventually(lambda: hub.statistics()["off"] == [])
    await followed.stop()


async def test_a_lost_ring_costs_a_moment(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks now and then anyway."""
    monkeypatch.setattr(transports, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(store, "watch", lambda ring: lambda: None)
    followed = Transports(store, hub_of(store), TRANSPORTS)
    await followed.start()
    await switch(store, ["sse"])
    await eventually(lambda: state(followed) == {"sse"})
    await followed.stop()


async def test_a_store_that_is_away_changes_nothing(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and looked at again."""
    monkeypatch.setattr(transports, "LOOK_EVERY_S", 0.02)
    await switch(store, ["sse"])
    followed = Transports(store, hub_of(store), TRANSPORTS)
    await followed.start()

    async def away(_name: str) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(store, "setting", away)
        await eventually(lambda: "cannot be read" in caplog.text)
        assert state(followed) == {"sse"}
    await switch(store, ["poll"])
    await eventually(lambda: state(followed) == {"poll"})
    await followed.stop()


async def test_starting_and_stopping_twice_is_once(store: MemoryStore) -> None:
    """And a switch after the end is not followed."""
    followed = Transports(store, hub_of(store), TRANSPORTS)
    await followed.start()
    await followed.start()
    await followed.stop()
    await followed.stop()
    await switch(store, [])
    assert state(followed) == TRANSPORTS


async def test_one_that_never_started_can_be_stopped(store: MemoryStore) -> None:
    """As when something before it failed."""
    await Transports(store, hub_of(store), TRANSPORTS).stop()


async def test_streams_that_are_off_stay_off(store: MemoryStore) -> None:
    """They are not ended twice."""
    hub = hub_of(store)
    followed = Transports(store, hub, ["poll"])
    await followed.start()
    await switch(store, ["ingest"])
    await eventually(lambda: state(followed) == {"ingest"})
    assert hub.statistics()["off"] == ["sse"]
    await followed.stop()


async def test_names_are_known(store: MemoryStore) -> None:
    """A face misspelt would switch nothing."""
    with pytest.raises(UsageError, match="telegraph"):
        await switch(store, ["telegraph"])
