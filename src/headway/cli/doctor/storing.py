"""The store: whether it can be reached, what it survives, and what of it nobody looks after."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from headway.cli.doctor.findings import Finding, fail, ok, warn
from headway.cli.doctor.place import long_wal, place
from headway.cli.words import age, clock, counted, one_line, seconds_of, size
from headway.config import TRANSPORTS, Settings
from headway.core.run import ACTIVE, RunStatus
from headway.engines.behind import Behind, behind
from headway.errors import HeadwayError
from headway.ops.transports import SETTING
from headway.stores.base import RunFilter, RunRow, Store
from headway.stores.location import kind_of, path_of, shown, store_at
from headway.stores.queries import migrations
from headway.stores.sqlite_files import SqliteFile

BEHIND_S: Final = 60.0
"""So far behind a listener may be: it is told within seconds, and tried again after some more."""

SILENT_S: Final = 86_400.0
"""A run nobody wrote to for so long is forgotten, rather than long."""

AHEAD_S: Final = 2.0
PAGE: Final = 1_000
UNFINISHED_MAX: Final = 50_000
_SURVIVES: Final = {
    "normal": "normal: survives the death of the process; a power cut may take the last moments",
    "full": "full: survives a power cut, too; each group of writes waits for the disk",
}


async def storing(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the store the settings name. Nothing is made or written."""
    kind = kind_of(settings.store)
    if kind == "memory":
        yield warn(
            "store", "in the memory of its process: every run is gone with it", "name a file: --store headway.db"
        )
        return
    path: Path | None = None
    if kind == "sqlite":
        path, placed = await asyncio.to_thread(_place, path_of(settings.store))
        for finding in placed:
            yield finding
        yield ok("durability", _SURVIVES[settings.durability])
        if path is None:
            return
    async for finding in _looked_into(settings.store, path):
        yield finding


async def _looked_into(url: str, path: Path | None) -> AsyncIterator[Finding]:
    """Open a store to look at it; with the file of one that is a file."""
    store = store_at(url, read_only=True)
    try:
        if path is not None:
            for finding in await asyncio.to_thread(_file, path):
                yield finding
        await store.open()
        if path is None:
            yield ok("store", f"{shown(url)} answers, and its schema is up to date")
        async for finding in _content(store):
            yield finding
    except HeadwayError as error:
        yield fail("store", error.detail, error.hint or "see Troubleshooting in the documentation")
    finally:
        await store.close()


def _place(where: Path) -> tuple[Path | None, list[Finding]]:
    """Return the file, or None when there is none to look into; and what is to be said of its place."""
    path = where.resolve()
    found = list(place(path))
    if path.is_file():
        return path, found
    if path.parent.is_dir():
        found.append(ok("store", f"{path} is not there yet; the first start makes it"))
    return None, found


def _file(path: Path) -> list[Finding]:
    """Look at the file itself.

    Raises:
        StoreError: it cannot be read, or is not ours.
    """
    file, newest = SqliteFile(path, read_only=True), migrations("sqlite")[-1].number
    with closing(file.connect()) as connection:
        version = file.version(connection)
        if version < newest:
            return [
                warn(
                    "schema",
                    f"{path} has schema {version or 'none'}, this Headway {newest}",
                    "start its server or a worker once; that brings it up to date",
                )
            ]
        return [_reached(path, connection, version), _journal(path, connection)]


def _reached(path: Path, connection: sqlite3.Connection, version: int) -> Finding:
    pages, free, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    reused = f", of which {size(free * page)} are free for new runs" if free else ""
    return ok("store", f"{path}, schema {version}, {size(pages * page)}{reused}")


def _journal(path: Path, connection: sqlite3.Connection) -> Finding:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        return warn(
            "write-ahead log",
            f"off (journal mode {mode}): readers and writers wait for each other",
            "start its server or a worker once; that switches it on",
        )
    return long_wal(path)


async def _content(store: Store) -> AsyncIterator[Finding]:
    unfinished = await _unfinished(store)
    states = await store.workers()
    alive = {worker for worker, state in states.items() if not state.gone}
    orphans = [row for row in await store.claimed() if row.worker not in alive]
    yield _workers(len(alive), len(states) - len(alive), orphans)
    yield _oldest(unfinished, attended=bool(alive))
    for each in await behind(store):
        yield _listener(each)
    yield await _store_clock(store)
    stored = await store.setting(SETTING)
    off = sorted(TRANSPORTS - set(TRANSPORTS if stored is None else stored))
    if off:
        yield warn("transports", f"switched off at run time: {', '.join(off)}", "switch them on again when all is well")


async def _unfinished(store: Store) -> list[RunRow]:
    """Return the runs that have not ended, newest first."""
    found: list[RunRow] = []
    before: str | None = None
    while len(found) < UNFINISHED_MAX:
        rows = await store.list_runs(RunFilter(status=ACTIVE, before=before), limit=PAGE)
        found += rows
        if len(rows) < PAGE:
            break
        before = rows[-1].id
    return found


def _workers(alive: int, dead: int, orphans: Sequence[RunRow]) -> Finding:
    text = f"{counted(alive, 'process works', 'processes work')} on the store"
    if dead:
        text += f", {counted(dead, 'has', 'have')} died"
    if not orphans:
        return ok("workers", text)
    held = f"{counted(len(orphans), 'run is', 'runs are')} held by workers that have died: {orphans[0].id}"
    mend = "look again: it is taken over within seconds" if alive else "start a server or a worker: it takes them over"
    return warn("workers", f"{text}; {held}", mend)


def _oldest(unfinished: Sequence[RunRow], *, attended: bool) -> Finding:
    about, count = "unfinished runs", len(unfinished)
    if not unfinished:
        return ok(about, "none")
    oldest = unfinished[-1]
    kind = f"{one_line(oldest.job)}, {oldest.status}, {_since(oldest.created_at)} old"
    text = f"{count:,}{'+' if count >= UNFINISHED_MAX else ''}, the oldest is {oldest.id} ({kind})"
    queued = sum(row.status is RunStatus.QUEUED for row in unfinished)
    if queued and not attended:
        waits = f"{counted(queued, 'waits', 'wait')} in the queue, and nobody is there to take them"
        return warn(about, f"{text}; {waits}", "start a server or a worker")
    silent = _silent_s(oldest)
    if silent > SILENT_S and oldest.status is not RunStatus.QUEUED:
        return warn(
            about,
            f"{text}; nothing was written to it for {age(silent)}",
            "whoever reports it is probably gone: cancel it, and give runs like it a `lease_s`",
        )
    return ok(about, text)


def _listener(each: Behind) -> Finding:
    """Say how far behind a listener is: which of the ended runs it was not told to its end is the oldest."""
    about, name = "listeners", one_line(each.listener.name)
    if each.oldest is None or each.lag_s() < BEHIND_S:
        return ok(about, f"{name} was told of all that ended")
    run = f"{each.oldest.id} ({one_line(each.oldest.job)}), which ended {age(each.lag_s())} ago"
    return warn(
        about,
        f"{name} was not told to the end of {run}",
        "look for `listener failed` in the log of the workers, and whether one with this listener runs; "
        f"if its function is gone from the code: headway listeners forget {shlex.quote(name)}",
    )


def _since(moment: str) -> str:
    return age(time.time() - (seconds_of(moment) or time.time()))


def _silent_s(row: RunRow) -> float:
    return time.time() - (seconds_of(row.updated_at) or 0.0)


async def _store_clock(store: Store) -> Finding:
    rows = await store.list_runs(RunFilter(), limit=100)
    ahead = max((-_silent_s(row) for row in rows), default=0.0)
    if ahead > AHEAD_S:
        return warn(
            "store's clock",
            f"the last events were written {clock(ahead)} from now: this machine's clock was set back",
            "set the clock by NTP; until then times in logs stand still",
        )
    return ok("store's clock", "no event is younger than this machine's clock says")
