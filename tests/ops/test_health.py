"""Whether this process should be sent requests."""

import asyncio
from typing import Any

import pytest

from headway.errors import StoreUnavailable
from headway.hub.direct import why_off
from headway.ops import health
from headway.ops.health import Delivering, Readiness, readiness
from headway.stores.memory import MemoryStore


async def look(store: MemoryStore, **more: Any) -> Readiness:
    """Look at a store, everything else as it should be unless said otherwise."""
    asked: dict[str, Any] = {
        "started": True,
        "draining": False,
        "engine": Delivering("embedded"),
        "direct": True,
    } | more
    return await readiness(store, **asked)


async def test_all_is_well() -> None:
    """And each part says so."""
    store = MemoryStore()
    await store.open()
    await store.join()
    found = await look(store)
    assert found.ready
    assert found.report == {
        "status": "ready",
        "started": True,
        "draining": False,
        "store": {"name": "memory", "ok": True, "trouble": None},
        "engine": {"name": "embedded", "ok": True, "trouble": None, "processes": 1},
        "direct": {"on": why_off() is None, "reason": why_off()},
    }


async def test_not_started() -> None:
    """The store is not even asked."""
    found = await look(MemoryStore(), started=False)
    assert not found.ready
    assert found.report["status"] == "not_ready"
    assert found.report["store"]["trouble"] == "not opened yet"


async def test_about_to_exit() -> None:
    """Nothing new should come here."""
    store = MemoryStore()
    await store.open()
    found = await look(store, draining=True)
    assert (found.ready, found.report["status"]) == (False, "draining")


async def test_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own words."""
    store = MemoryStore()

    async def away(_name: str) -> None:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(store, "setting", away)
    found = await look(store)
    assert (found.ready, found.report["store"]["trouble"]) == (False, "the disk is gone")


async def test_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it for long."""
    store = MemoryStore()

    async def never(_name: str) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(store, "setting", never)
    monkeypatch.setattr(health, "PATIENCE_S", 0.02)
    found = await look(store)
    assert (found.ready, found.report["store"]["trouble"]) == (False, "no answer within 0.02 s")


async def test_the_direct_path_may_be_switched_off() -> None:
    """That is no trouble, but worth knowing."""
    store = MemoryStore()
    await store.open()
    found = await look(store, direct=False)
    assert found.ready
    assert found.report["direct"] == {"on": False, "reason": "switched off by HEADWAY_DIRECT"}
