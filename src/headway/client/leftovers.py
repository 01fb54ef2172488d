"""What reporters that are dead have left in the spool: sent by whoever comes next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from headway.client.http import Client
from headway.client.sink import HttpSink
from headway.client.spool import Spool, SpoolFile
from headway.client.spooling import put_rest_aside, send_next
from headway.errors import HeadwayError
from headway.publish.publisher import STOPPING


@dataclass(frozen=True, slots=True)
class Flushed:
    """What became of a file.

    Attributes:
        path: The file.
        run_id: Whose reports it holds.
        url: The server they are for.
        error: Why they still wait, or were put aside; None: all of them were sent.
        is_waiting: The file is still there.
    """

    path: Path
    run_id: str
    url: str
    error: HeadwayError | None
    is_waiting: bool


def servers(spool: Spool) -> list[str]:
    """Return the addresses of servers for which something waits."""
    found: dict[str, None] = {}
    for path in spool.files():
        file = spool.take(path)
        if file is not None:
            with file:
                header = file.header()
            if header is not None:
                found[header.url] = None
    return list(found)


async def flush(spool: Spool, client: Client, *, run_id: str | None = None) -> AsyncIterator[Flushed]:
    """Send what waits for a server, oldest file first; yield what became of each.

    Files whose writers live are left to them. Dying in the middle is harmless: what was sent is known by its keys.

    Args:
        spool: Where it waits.
        client: Of the server; files for other addresses are left alone.
        run_id: Only those of this run.
    """
    for path in spool.files():
        if run_id is not None and not path.name.startswith(f"{run_id}-"):
            continue
        file = spool.take(path)
        if file is None:
            continue
        with file:
            flushed = await _flush(file, client)
        if flushed is not None:
            yield flushed


async def flush_all(spool: Spool, client: Client, *, run_id: str | None = None) -> None:
    """Send all that waits for a server and whose writers are dead.

    What is refused for good holds up nobody, also where there was no room to put it aside.

    Raises:
        HeadwayError: not now; the rest still waits.
    """
    async for flushed in flush(spool, client, run_id=run_id):
        if flushed.is_waiting and flushed.error is not None and not isinstance(flushed.error, STOPPING):
            raise flushed.error


async def _flush(file: SpoolFile, client: Client) -> Flushed | None:
    header = file.header()
    if header is None or header.url != client.url:
        return None
    sink = HttpSink(client, header.run_id, header.execution_id)
    place = 0
    try:
        while place < file.size:
            after = await send_next(file, place, sink.send)
            if after == place:
                break  # what follows is torn
            place = after
    except STOPPING as stopping:
        await put_rest_aside(file, place, stopping)
        return Flushed(file.path, header.run_id, header.url, stopping, is_waiting=file.path.exists())
    except HeadwayError as waiting:
        return Flushed(file.path, header.run_id, header.url, waiting, is_waiting=True)
    file.remove()
    return Flushed(file.path, header.run_id, header.url, None, is_waiting=False)
