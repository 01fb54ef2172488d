"""Stores a command opens by itself."""

import pytest

from headway.cli.opening import existing_store, opened
from headway.errors import UsageError
from tests.stores.builders import note, report, running


async def test_to_look_or_to_write(sqlite, tmp_path):
    """As it was asked for; closed in the end."""
    run = await running(sqlite)
    async with opened(str(tmp_path / "headway.db")) as store:
        assert await store.get(run.id) == run
        with pytest.raises(UsageError, match="opened to be looked at"):
            await report(store, run, note())
    async with opened(str(tmp_path / "headway.db"), read_only=False) as store:
        await report(store, run, note())
    with pytest.raises(UsageError, match="not open"):
        await store.get(run.id)


def test_the_one_the_settings_name(folder, monkeypatch):
    """When none is named; it is never made."""
    with pytest.raises(UsageError, match=r"there is no file headway\.db"):
        existing_store(None)
    monkeypatch.setenv("HEADWAY_STORE", "memory://")
    with pytest.raises(UsageError, match="no other process can see memory://"):
        existing_store(None)
    assert list(folder.iterdir()) == []
