"""Every store that promises what `headway.stores.base` says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from headway.stores.base import Store
from headway.stores.memory import MemoryStore
from headway.stores.sqlite import SqliteStore
from tests.stores.builders import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """The clock of `store`."""
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite normal", "sqlite full"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    """A fresh store, open."""
    path = tmp_path / "headway.db"
    kinds: dict[str, Callable[[], Store]] = {
        "memory": lambda: MemoryStore(now_ms=clock),
        "sqlite normal": lambda: SqliteStore(path, now_ms=clock),
        "sqlite full": lambda: SqliteStore(path, now_ms=clock, durability="full"),
    }
    made = kinds[request.param]()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A fresh SQLite store, open."""
    made = SqliteStore(tmp_path / "headway.db")
    await made.open()
    yield made
    await made.close()
