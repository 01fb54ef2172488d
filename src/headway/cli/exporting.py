"""``headway export``: a run's log as it is kept, one event a line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from headway.cli.archive import Archive, Line, archive_of_server, archive_of_store
from headway.cli.atomic import atomic
from headway.cli.opening import opened
from headway.cli.stopping import TERMINATED, stop_on_sigterm
from headway.cli.terminal import err
from headway.cli.words import size
from headway.core.run import ENDED

PARTIAL: Final = 3
"""Exit code: exported, but part of the log was trimmed."""

Write = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported, from where, and where to.

    Attributes:
        run: A run's id; on a server also its address.
        url: Of a server.
        token: Sent along.
        store: Of a store to be read instead of asking a server.
        output: Path of a file; None: standard output.
        snapshot: Add the state as a last line.
    """

    run: str
    url: str
    token: str | None = None
    store: str | None = None
    output: str | None = None
    snapshot: bool = False


@dataclass(slots=True)
class Counted:
    """What went out.

    Attributes:
        events: How many.
        written: Bytes of their lines.
        first: Seq of the first.
    """

    events: int = 0
    written: int = 0
    first: int = 0

    def add(self, lines: Iterable[Line]) -> bytes:
        """Count lines, and return them joined."""
        joined = bytearray()
        for seq, line in lines:
            self.first = self.first or seq
            self.events += 1
            joined += line + b"\n"
        self.written += len(joined)
        return bytes(joined)


def export(wanted: Export) -> int:
    """Write a run's log out; say on standard error what it was; return the exit code."""
    if wanted.output is None:
        archive, counted = _run(wanted, sys.stdout.buffer.write)
        sys.stdout.flush()
    else:
        with atomic(wanted.output) as file:
            archive, counted = _run(wanted, file.write)
    said = summary(archive, counted, snapshot=wanted.snapshot)
    err().print("\n".join(said), soft_wrap=True)
    return PARTIAL if counted.events < archive.head else 0


def _run(wanted: Export, write: Write) -> tuple[Archive, Counted]:
    done = asyncio.run(_unless_stopped(wanted, write))
    if done is None:
        raise SystemExit(TERMINATED)
    return done


async def _unless_stopped(wanted: Export, write: Write) -> tuple[Archive, Counted] | None:
    """Export; None when SIGTERM came between."""
    terminated = stop_on_sigterm()
    try:
        return await _export(wanted, write)
    except asyncio.CancelledError:
        if terminated.is_set():
            return None
        raise


async def _export(wanted: Export, write: Write) -> tuple[Archive, Counted]:
    if wanted.store is not None:
        async with opened(wanted.store) as store:
            return await _written(await archive_of_store(store, wanted.run, snapshot=wanted.snapshot), write)
    async with archive_of_server(wanted.run, wanted.url, wanted.token, snapshot=wanted.snapshot) as archive:
        return await _written(archive, write)


async def _written(archive: Archive, write: Write) -> tuple[Archive, Counted]:
    counted = Counted()
    async with aclosing(archive.lines) as pages:
        async for page in pages:
            write(counted.add(page))
    if archive.snapshot is not None:
        write(b'{"snapshot":' + archive.snapshot + b"}\n")
    return archive, counted


def summary(archive: Archive, counted: Counted, *, snapshot: bool) -> Sequence[str]:
    """Return what is worth knowing of an export, in lines."""
    missing = archive.head - counted.events
    events = "1 event" if counted.events == 1 else f"{counted.events:,} events"
    said = [f"exported {events} of {archive.run_id} ({size(counted.written)})"]
    if missing:
        begins = f"it begins at seq {counted.first}" if counted.first > 1 else ""
        text = "streamed text is missing in it" if missing > max(0, counted.first - 1) else ""
        why = " and ".join(filter(None, [begins, text]))
        said.append(f"the log is partial: {missing:,} of {archive.head:,} events were trimmed, {why}")
        if not snapshot:
            said.append("the state is whole: --snapshot adds it as a last line")
    else:
        said.append("the log is complete")
    if archive.status not in ENDED:
        said.append(f"the run goes on ({archive.status}); this is its log up to now")
    return said
