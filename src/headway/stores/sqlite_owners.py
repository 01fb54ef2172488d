"""Who is alive, told by the operating system: each worker holds the lock of a file of its own for life.

The lock is free the moment the process dies, however it dies, and no clock has a part in it. A forked child inherits
the open file and with it the lock: it would keep a dead parent alive, so children close it first thing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from headway.core.ids import new_worker_id
from headway.errors import StoreUnavailable, UsageError

if sys.platform != "win32":
    import fcntl

_SUFFIX: Final = ".lock"
_MAKING_S: Final = 60.0
_held: set[OwnerLock] = set()


class OwnerLock:
    """The lock of one worker of this process.

    Args:
        folder: ``<database>-owners``; made if need be.
    """

    def __init__(self, folder: Path) -> None:
        self.worker = new_worker_id()
        self._path = folder / f"{self.worker}{_SUFFIX}"
        # locked before it gets its name: a file with that name and a free lock is a dead worker's
        unnamed = folder / f"{self.worker}.new"
        try:
            folder.mkdir(exist_ok=True)
            self._file = os.open(unnamed, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
            _held.add(self)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(self._path)
        except OSError as error:
            self._close()
            raise StoreUnavailable(
                f"{folder} cannot be used for the locks of workers: {error.strerror}",
                hint="give this user the right to write the directory of the database",
            ) from error

    def release(self) -> None:
        """Give the lock up; the worker counts as dead. In a forked child, whose lock it is not, nothing happens."""
        if self in _held:
            self._path.unlink(missing_ok=True)
            self._close()

    def _close(self) -> None:
        if self in _held:
            _held.discard(self)
            os.close(self._file)


def _close_in_child() -> None:
    for lock in list(_held):
        lock._close()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_in_child)


class Owners:
    """The lock files beside one database."""

    def __init__(self, database: Path) -> None:
        self._folder = database.with_name(f"{database.name}-owners")

    def join(self) -> OwnerLock:
        """Take a new lock.

        Raises:
            UsageError: the platform has no such locks.
            StoreUnavailable: the directory cannot be written.
        """
        if sys.platform == "win32":
            raise UsageError(
                "workers on SQLite need file locks that end with their process (flock), which Windows does not have",
                hint="run workers on Linux or macOS, or use a store for many machines",
            )
        return OwnerLock(self._folder)

    def is_gone(self, worker: str) -> bool:
        """Tell whether a worker is certainly dead: its lock is free, or its file was taken away."""
        return _is_free(self._folder / f"{worker}{_SUFFIX}")

    def sweep(self, worker: str) -> None:
        """Remove the file of a dead worker."""
        (self._folder / f"{worker}{_SUFFIX}").unlink(missing_ok=True)

    def sweep_others(self, listed: Collection[str]) -> None:
        """Remove files of workers that died between making the file and being listed, or between the reverse."""
        with suppress(OSError):  # what cannot be tidied up now can later
            for path in self._folder.iterdir():
                if path.stem not in listed and _is_old(path) and _is_free(path):
                    path.unlink()


def _is_old(path: Path) -> bool:
    """Whether the file was made longer ago than anybody takes to lock it."""
    return time.time() - path.stat().st_mtime > _MAKING_S


def _is_free(path: Path) -> bool:
    """Whether nobody holds the lock of a file; a file that is not there is nobody's."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        # shared, so that two who ask at once do not take each other for the owner
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True
