"""Where a store's file lies: on which file system, with how much room, and who may touch it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from headway.cli.doctor.findings import Finding, fail, ok, warn
from headway.cli.words import size
from headway.stores.sqlite_files import MOUNTS, NETWORK_FILE_SYSTEMS, file_system

ROOM_FAIL: Final = 50_000_000
ROOM_WARN: Final = 1_000_000_000
WAL_WARN: Final = 256_000_000

_LOCAL: Final = "put the file on a local disk, or wait for a store for many machines"


def place(path: Path, mounts: str | None = None) -> Iterator[Finding]:
    """Look at the place of a file, whether the file is there or not.

    Args:
        path: Of the file.
        mounts: Text of ``/proc/self/mountinfo``; None: that of this machine.
    """
    folder = path.parent
    if not folder.is_dir():
        yield fail("folder", f"{folder} does not exist", "make it, or name another path: HEADWAY_STORE")
        return
    if mounts is None:
        mounts = MOUNTS.read_text(encoding="utf-8") if MOUNTS.exists() else ""
    yield _file_system(folder, file_system(folder, mounts))
    yield _room(folder, path)
    yield _rights(path)
    if path.exists():
        yield _readers(path)


def _file_system(folder: Path, kind: str | None) -> Finding:
    about = "file system"
    if kind is None:
        return ok(about, f"of {folder}: cannot be told on this platform; it must not be a network file system")
    if kind in NETWORK_FILE_SYSTEMS:
        return fail(about, f"{folder} is on {kind}, where SQLite's locks and shared memory do not work", _LOCAL)
    if kind.startswith("fuse") or kind in ("9p", "virtiofs"):
        return warn(about, f"{folder} is on {kind}, which may not have the locks SQLite needs", _LOCAL)
    if kind in ("tmpfs", "ramfs"):
        return warn(about, f"{folder} is on {kind}: what is kept there is gone when the machine restarts", "use a disk")
    if kind in ("overlay", "aufs"):
        return warn(
            about,
            f"{folder} is in the layer of a container ({kind}) and goes with it",
            "mount a volume, and put the file there",
        )
    return ok(about, f"{kind}, local")


def _room(folder: Path, path: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    taken = sum(each.stat().st_size for each in _files(path) if each.is_file())
    text = f"{size(free)} free, {size(taken)} taken by the store"
    mend = "make room, or keep less: headway prune --dry-run tells what could go"
    if free < ROOM_FAIL:
        return fail("disk", f"{text}: writes will soon be refused", mend)
    return warn("disk", text, mend) if free < max(ROOM_WARN, taken // 5) else ok("disk", text)


def _files(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]


def _rights(path: Path) -> Finding:
    for each in (path.parent, *_files(path), path.with_name(f"{path.name}-owners")):
        if each.exists() and not os.access(each, os.W_OK | os.R_OK):
            return fail(
                "rights",
                f"this user may not read and write {each}",
                f"chown it to whoever runs the server; this is user {os.geteuid() if hasattr(os, 'geteuid') else '?'}",
            )
    return ok("rights", "this user may write the file, its folder, and what lies beside it")


def _readers(path: Path) -> Finding:
    mode = path.stat().st_mode
    said = f"mode {stat.S_IMODE(mode):03o}"
    if mode & stat.S_IWOTH:
        return warn("privacy", f"{said}: every user of this machine may change the runs", f"chmod 600 {path}")
    if mode & stat.S_IROTH:
        return ok("privacy", f"{said}: other users of this machine may read the runs; chmod 600 keeps them out")
    return ok("privacy", f"{said}: closed to other users of this machine")


def long_wal(path: Path) -> Finding:
    """Look at the write-ahead log: it grows while somebody holds on to an old state of the file."""
    wal = path.with_name(path.name + "-wal")
    taken = wal.stat().st_size if wal.exists() else 0
    if taken > WAL_WARN:
        return warn(
            "write-ahead log",
            f"{size(taken)}: somebody reads an old state of the file, and holds it back",
            "end the long transaction of whoever has the file open (a backup, a database browser)",
        )
    return ok("write-ahead log", f"on, {size(taken)}")
