"""Snapshots, trimming, pruning and deleting in the Redis store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from headway.core.clock import parse_ms
from headway.core.run import ENDED
from headway.errors import RunActive
from headway.stores.base import StoredSnapshot
from headway.stores.redis_indexes import index_commands
from headway.stores.redis_news import Herald
from headway.stores.redis_rows import creation_key, kept_run
from headway.stores.redis_writes import new_revision
from headway.stores.retention import Expiry, Part, Prunable, Retention, expiries, tally
from headway.stores.rows import not_found
from headway.types import RunId, Seq

Script = Callable[..., Awaitable[Any]]
"""Runs a script by its name."""

_TYPES: Final = {part: orjson.dumps(sorted(part.types)) if part.types else b"" for part in Part}
_TRIM_EVENTS: Final = 1_000
"""Looked at in one script; all other clients wait for it, some milliseconds."""
_RUNS: Final = 100


async def put_snapshot(
    script: Script, herald: Herald, run_id: RunId, snapshot: StoredSnapshot, summary: Mapping[str, Any]
) -> None:
    """Keep a snapshot of the log as it is, unless a later one is kept."""
    news = herald.message(run_id)
    kept = await script(
        "put_snapshot", run_id, new_revision(), news, orjson.dumps(dict(summary)), snapshot.cursor.seq,
        snapshot.cursor.tag, snapshot.total, snapshot.version, snapshot.body,
    )  # fmt: skip
    if kept:
        herald.changed(run_id, told=bool(news))


async def trim(script: Script, run_id: RunId, floor: Seq | None, max_events: int, part: Part) -> int:
    """Trim a log, by at most so many events, up to a floor or as far as may be; return by how many."""
    done = 0
    while done < max_events:
        step = min(_TRIM_EVENTS, max_events - done)
        wanted = "" if floor is None else floor
        trimmed = int(await script("trim", run_id, new_revision(), part, wanted, step, _TYPES[part]))
        done += trimmed
        if trimmed < step:
            break
    return done


async def prune(script: Script, retention: Mapping[str, Retention], now_ms: int, max_rows: int) -> int:
    """Go over at most `max_rows` events that have outlived their retention; return how many."""
    done = 0
    for expiry in expiries(retention, now_ms):
        while done < max_rows:
            before = done
            for run_id, *_ in await _expired(script, expiry, 0):
                if done < max_rows:
                    done += await trim(script, run_id, None, max_rows - done, expiry.part)
            if done == before:
                break
    return done


async def prunable(script: Script, retention: Mapping[str, Retention], now_ms: int) -> list[Prunable]:
    """Return what `prune`, called until all is done, would drop."""
    dropped = []
    for expiry in expiries(retention, now_ms):
        offset = 0
        while runs := await _expired(script, expiry, offset):
            for run_id, start, end in runs:
                events, size = await _count(script, run_id, start, end, expiry.part)
                dropped.append((expiry.job, expiry.part, events, size))
            offset += len(runs)
    return tally(dropped)


async def _expired(script: Script, expiry: Expiry, offset: int) -> list[tuple[RunId, Seq, Seq]]:
    """Return some runs a retention is over for: id, where their pruning stands and how far it goes."""
    after = f"({parse_ms(expiry.after)}" if expiry.after else "-inf"
    until = parse_ms(expiry.until) or 0
    found = await script("expired", "", expiry.part, expiry.job, after, until, offset, _RUNS)
    return [(run_id.decode(), int(start), int(end)) for run_id, start, end in found]


async def _count(script: Script, run_id: RunId, start: Seq, end: Seq, part: Part) -> tuple[int, int]:
    """Count events and their bytes, some at a time."""
    events, size = 0, 0
    place: bytes | int = start
    while place != b"":
        counted, bytes_, place = await script("count", run_id, place, end, _TRIM_EVENTS, _TYPES[part])
        events, size = events + int(counted), size + int(bytes_)
    return events, size


async def delete(script: Script, herald: Herald, run_id: RunId) -> None:
    """Remove an ended run."""
    deleted = False
    while True:
        fields, key = await script("about", run_id)
        kept = kept_run(fields)
        if kept is None and deleted:
            break  # the answer to the first try was lost
        if kept is None:
            raise not_found(run_id)
        run = kept.row
        if run.status not in ENDED:
            raise RunActive(f"run {run_id} is {run.status}", hint="cancel it first", current=run.status)
        named = "" if key is None else creation_key(run.owner, key.decode())
        deleted = True
        if await script("delete", run_id, kept.revision, named, index_commands(run, None, None)):
            break
    herald.anything()
