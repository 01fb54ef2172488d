"""What SQLite says, in the words of `headway.errors`, and the patience with which a lock is waited for."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from headway.errors import StoreError, StoreFull, StoreInvalid, StoreLocked, StoreUnavailable

T = TypeVar("T")

_RETRY_S: Final = (0.000_3, 0.002)
"""SQLite's own busy handler sleeps for up to 100 ms and is unfair: with it one of four processes that wrote without a
pause made no append in 4 s. Short random naps cost the same and let everybody through."""


def patiently(action: Callable[[], T], patience_s: float) -> T:
    """Call `action` until no other connection holds the lock it needs, for at most `patience_s` seconds.

    Raises:
        sqlite3.OperationalError: what it raised last.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
        time.sleep(random.uniform(*_RETRY_S))  # noqa: S311 - jitter, not a secret


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another connection holds a lock; the same call may succeed in a moment."""
    return _primary(error) in _BUSY


# PROTOCOL: many were at the lock of the WAL at the same moment
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)

_MEANINGS: Final[dict[int, tuple[type[StoreError], str, str]]] = {
    sqlite3.SQLITE_FULL: (
        StoreFull,
        "there is no room left for {path}; nothing of this write was kept",
        "free some disk space; Headway goes on by itself",
    ),
    sqlite3.SQLITE_NOTADB: (
        StoreInvalid,
        "{path} is not an SQLite database",
        "choose another path, or move that file away",
    ),
    sqlite3.SQLITE_CORRUPT: (
        StoreInvalid,
        "{path} is damaged ({error})",
        "restore a backup, or rescue what can be read: sqlite3 FILE .recover",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreUnavailable,
        "{path} cannot be written ({error})",
        "give this user the right to write the file and its directory: SQLite keeps a -wal file beside it",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailable,
        "{path} cannot be opened",
        "check that its directory exists and that this user may write it",
    ),
} | dict.fromkeys(
    _BUSY,
    (
        StoreLocked,
        "another program holds the lock of {path}",
        "end the long transaction of whoever has it open (a backup, a database browser)",
    ),
)


def map_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the error of ours that says what `error` means and how to mend it."""
    code = _primary(error)
    if _extended(error) == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room for the index of the WAL
        code = sqlite3.SQLITE_FULL
    if code not in _MEANINGS:
        return StoreUnavailable(f"{path}: {error}")
    kind, text, hint = _MEANINGS[code]
    return kind(text.format(path=path, error=error), hint=hint)


def _extended(error: sqlite3.Error) -> int:
    # errors that Python's own sqlite3 module raises (a closed connection) carry no code
    return getattr(error, "sqlite_errorcode", 0)


def _primary(error: sqlite3.Error) -> int:
    return _extended(error) & 0xFF
