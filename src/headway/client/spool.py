"""Reports that could not be sent, kept in files until they can.

One directory for all reporters of a user, one file for each execution of each reporter, one line for each batch, in the
order they were reported. A batch is on the disk (`fsync`) before it counts as reported. The writer holds the file's
lock for as long as it lives, so what it left behind can be told from what it still works on. A line that was being
written when its process or the machine died is not whole and does not count: nobody was told that it was reported.

Sending a file twice doubles nothing, because each event has a key; so no position is kept, and a file is there until
all of it was answered. What the server refuses for good - the run has ended, or is somebody else's - goes into a file
beside it, for a person to look at.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import orjson

from headway.core.clock import format_ms
from headway.core.events import NewEvent
from headway.errors import HeadwayError

if sys.platform != "win32":
    import fcntl

VARIABLE: Final = "HEADWAY_SPOOL"
BYTES_VARIABLE: Final = "HEADWAY_SPOOL_MAX_BYTES"
MAX_BYTES: Final = 67_108_864
"""Bytes of all files of a directory, if nothing else is set."""

LOCK_S: Final = 2.0
"""A new file that cannot be locked for so long is not used."""

WAITING: Final = ".events"
REFUSED: Final = ".refused"


class SpoolFull(HeadwayError):
    """No more can be kept: the spool has its size, or the disk is full."""

    code, status = "spool_full", 507


@dataclass(frozen=True, slots=True)
class Header:
    """Whose reports a file holds. No credentials: whoever sends them brings their own."""

    url: str
    run_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One batch of a file.

    Attributes:
        end: Where the next line begins.
        events: Of the batch; None: the line is damaged.
        error: Why the server refused it, in a file of refused ones.
    """

    end: int
    events: list[NewEvent] | None
    error: Mapping[str, Any] | None = None


class Spool:
    """A directory of files.

    Args:
        folder: Where; made when it is first needed, for this user only.
        max_bytes: Of all its files together.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> Spool | None:
        """Return the spool that ``HEADWAY_SPOOL`` names, or the user's own; None if it is ``off``."""
        if sys.platform == "win32":  # has no locks that end with their process
            return None
        named = environ.get(VARIABLE, "")
        if named.lower() in ("off", "0", "no", "false"):
            return None
        if not named:
            state = environ.get("XDG_STATE_HOME") or "~/.local/state"
            named = f"{state}/headway/spool"
        size = environ.get(BYTES_VARIABLE, "")
        with contextlib.suppress(RuntimeError):  # there is no home
            return cls(Path(named).expanduser(), int(size) if size.isdecimal() else MAX_BYTES)
        return None

    def files(self, suffix: str = WAITING) -> list[Path]:
        """Return the files there are, oldest first."""
        with contextlib.suppress(OSError):
            return sorted(self.folder.glob(f"*{suffix}"), key=lambda path: (_changed(path), path.name))
        return []

    def is_held(self, run_id: str) -> bool:
        """Tell whether somebody is at a file of a run: its writer, or who sends what that one has left."""
        for path in self.files():
            if path.name.startswith(f"{run_id}-"):
                file = self.take(path)
                if file is not None:
                    file.close()
                elif path.exists():
                    return True
        return False

    def used(self) -> int:
        """Return the bytes of all files."""
        total = 0
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                with contextlib.suppress(OSError):
                    total += entry.stat().st_size
        return total

    def begin(self, header: Header, name: str) -> SpoolFile:
        """Return a new file, locked, with its first line written.

        Raises:
            SpoolFull: it cannot be made.
        """
        path = self.folder / f"{header.run_id}-{name}{WAITING}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = SpoolFile(self, path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _full(self.folder, error) from error
        _wait_for_lock(file)
        try:
            file.append({"headway_spool": 1, "url": header.url, "run_id": header.run_id, **_execution(header)})
            _sync_folder(self.folder)
        except BaseException:
            file.remove()
            raise
        return file

    def take(self, path: Path) -> SpoolFile | None:
        """Return a file whose writer is dead, locked; None: it lives, or the file is gone."""
        try:
            file = SpoolFile(self, path, os.open(path, os.O_RDWR | os.O_CLOEXEC))
        except OSError:
            return None
        if file.lock():
            return file
        file.close()
        return None


class SpoolFile:
    """One file. Used by one thread at a time."""

    def __init__(self, spool: Spool, path: Path, descriptor: int) -> None:
        self.path = path
        self._spool = spool
        self._file: int | None = descriptor
        _open.add(self)
        self._size = os.fstat(descriptor).st_size
        self._torn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes that are written."""
        return self._size

    def lock(self) -> bool:
        """Take the lock; False if somebody holds it, or has removed the file meanwhile."""
        if sys.platform == "win32" or self._file is None:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here = os.fstat(self._file)
            if not os.path.samestat(here, self.path.stat()):  # its writer has begun another one under this name
                return False
        except OSError:
            return False
        self._size = here.st_size  # its last writer may have gone on since it was opened
        return True

    # -- writing

    def write(self, events: Sequence[NewEvent]) -> None:
        """Keep a batch; it is on the disk when this returns.

        Raises:
            SpoolFull: it is not.
        """
        now = format_ms(time.time_ns() // 1_000_000)
        self.append({"events": [_kept(event, now) for event in events]})

    def append(self, content: Mapping[str, Any], *, bounded: bool = True) -> None:
        """Write a line.

        Args:
            content: What it says.
            bounded: Only if all files together stay below what is allowed.

        Raises:
            SpoolFull: it is not written.
        """
        line = (b"\n" if self._torn else b"") + orjson.dumps(content) + b"\n"
        if bounded and self._spool.used() + len(line) > self._spool.max_bytes:
            raise SpoolFull(
                f"{self._spool.folder} holds {self._spool.max_bytes} bytes of reports that wait",
                hint=f"headway flush sends them; {BYTES_VARIABLE} allows more",
            )
        assert self._file is not None  # noqa: S101 - who writes holds it
        try:
            _write_all(self._file, line, self._size)
            os.fsync(self._file)
        except OSError as error:
            self._torn = True  # unless it can be taken back
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
                self._torn = False
            raise _full(self._spool.folder, error) from error
        self._size += len(line)
        self._torn = False

    def refuse(self, events: Sequence[NewEvent], error: HeadwayError) -> None:
        """Put a batch that the server does not take aside.

        Raises:
            SpoolFull: there is no room for it.
        """
        path = self.path.with_suffix(REFUSED)
        try:
            with SpoolFile(self._spool, path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)) as aside:
                if not aside.size:
                    aside.append(orjson.loads(self._first_line()), bounded=False)
                told = {"code": error.code, "detail": error.detail}
                # it only changes its place: the file it was in goes
                aside.append({"events": [_kept(event, None) for event in events], "error": told}, bounded=False)
        except OSError as failed:
            raise _full(self._spool.folder, failed) from failed

    # -- reading

    def header(self) -> Header | None:
        """Return whose it is; None when that cannot be read."""
        with contextlib.suppress(orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            told = orjson.loads(self._first_line())
            return Header(told["url"], told["run_id"], told["execution_id"])
        return None

    def lines(self, start: int = 0) -> Iterator[Line]:
        """Yield whole lines from a place on, without the first. Not the last one if it is torn."""
        assert self._file is not None  # noqa: S101 - who reads holds it
        with open(os.dup(self._file), "rb") as file:  # noqa: PTH123 - of a file that is open
            file.seek(start)
            end = start
            for line in file:
                if not line.endswith(b"\n"):
                    return
                end += len(line)
                if end > len(line):  # the first is the header
                    yield _line(line, end)

    def _first_line(self) -> bytes:
        assert self._file is not None  # noqa: S101 - who reads holds it
        return os.pread(self._file, 65_536, 0).partition(b"\n")[0]

    # -- the end

    def remove(self) -> None:
        """All of it was sent: take it away."""
        try:
            self.path.unlink(missing_ok=True)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of it; who comes next may send it. Idempotent."""
        file, self._file = self._file, None
        _open.discard(self)
        if file is not None:
            os.close(file)


_open: Final[set[SpoolFile]] = set()


def _let_go_in_children() -> None:
    """A forked child would hold the lock when its parent is dead."""
    for file in list(_open):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_children)


def _wait_for_lock(file: SpoolFile) -> None:
    """Take the lock of a file that was just made, which somebody who looks for what was left behind may hold.

    They hold it for a moment, and leave a file alone that does not say yet whose it is.

    Raises:
        SpoolFull: it cannot be locked; the file is closed.
    """
    until = time.monotonic() + LOCK_S
    while not file.lock():
        if time.monotonic() > until:
            file.close()
            raise SpoolFull(f"{file.path} cannot be locked", hint=f"set {VARIABLE} to a directory with file locks")
        time.sleep(0.01)


def _execution(header: Header) -> dict[str, str]:
    return {"execution_id": header.execution_id}


def _line(line: bytes, end: int) -> Line:
    try:
        told = orjson.loads(line)
        return Line(end, [_read(event) for event in told["events"]], told.get("error"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return Line(end, None)


def _kept(event: NewEvent, now: str | None) -> dict[str, Any]:
    return {"type": event.type, "data": orjson.Fragment(event.data), "key": event.key, "at": event.at or now}


def _read(event: Mapping[str, Any]) -> NewEvent:
    return NewEvent(event["type"], orjson.dumps(event["data"]), event["key"], at=event["at"])


def _write_all(file: int, line: bytes, place: int) -> None:
    while line:
        written = os.pwrite(file, line, place)
        line, place = line[written:], place + written


def _full(folder: Path, error: OSError) -> SpoolFull:
    return SpoolFull(f"{folder}: {error.strerror}", hint=f"free space there, or set {VARIABLE} to another directory")


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file is found after a power loss, too."""
    with contextlib.suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _changed(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0
