"""What the address of a store means."""

from pathlib import Path

import pytest

from headway.stores.location import anywhere, lock_beside, shown, store_at
from headway.stores.memory import MemoryStore
from headway.stores.postgres import PostgresStore
from headway.stores.redis import RedisStore
from headway.stores.sqlite import SqliteStore


@pytest.mark.parametrize(
    ("url", "as_shown"),
    [
        ("sqlite:///runs.db", "sqlite:///runs.db"),
        ("memory://", "memory://"),
        ("postgresql://me:secret@h:1/db?schema=runs", "postgresql://me@h:1/db?schema=runs"),
        ("postgresql://h/db?pgbouncer=1&listen=postgresql://me:secret@h/db", "postgresql://h/db?pgbouncer=1"),
        ("postgresql://h/db?password=secret", "postgresql://h/db"),
        ("redis://:secret@h:6379/0", "redis://@h:6379/0"),
    ],
)
def test_passwords_are_not_shown(url: str, as_shown: str) -> None:
    """Everything else is."""
    assert shown(url) == as_shown


def test_each_stands_for_its_store() -> None:
    """Made, and not opened."""
    kinds = {
        "sqlite:///runs.db": SqliteStore,
        "memory://": MemoryStore,
        "postgres://h/db": PostgresStore,
        "postgresql://h/db": PostgresStore,
        "redis://h": RedisStore,
        "rediss://h": RedisStore,
    }
    assert {url: type(store_at(url)) for url in kinds} == kinds


def test_what_a_worker_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is named whole; the lock of the machine's one worker lies beside it, or in a place all share."""
    monkeypatch.chdir(tmp_path)
    assert anywhere("sqlite:///runs.db") == f"sqlite:///{tmp_path / 'runs.db'}"
    assert anywhere("redis://h") == "redis://h"
    assert lock_beside("sqlite:///runs.db") == tmp_path / "runs.db-worker.lock"
    assert lock_beside("redis://h") == lock_beside("redis://h") != lock_beside("redis://other")
