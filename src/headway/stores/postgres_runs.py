"""What is written of runs in Postgres beside their appends: creation, snapshots, trimming, deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import orjson

from headway.core.run import ENDED
from headway.errors import RunActive
from headway.stores.base import NewRun, RunRow, StoredSnapshot
from headway.stores.ledger import birth, check_same, lapses_ms
from headway.stores.postgres_database import Database, Transaction
from headway.stores.postgres_writing import event_columns
from headway.stores.retention import Expiry, Floors, Part, Prunable, Retention, expiries, tally, trim_limit
from headway.stores.rows import not_found, run_row
from headway.types import RunId, Seq

_EXPIRED: Final = {Part.LOG: "expired_log", Part.TEXT: "expired_text", Part.LINES: "expired_lines"}
_LAST_RUN: Final = 2**63 - 1
_FINGERPRINT: Final = -1

TRIM_ROWS: Final = 2_000
"""Events dropped in one transaction: who writes to the same run waits for it."""


async def create(transaction: Transaction, new: NewRun, now_ms: int) -> tuple[RunRow, bool]:
    """Create a run, unless its creation key or id stands for one already.

    Raises:
        asyncpg.UniqueViolationError: another one was made under this id just now.
    """
    if new.key is not None:
        await transaction.fetch("lock_key", new.owner, new.key)
    row = await transaction.fetchrow("run_by_id", new.id)
    if row is None and new.key is not None:
        row = await transaction.fetchrow("run_by_key", new.owner, new.key)
    if row is not None:
        run = run_row(tuple(row))
        check_same(run, new, row[_FINGERPRINT])
        return run, False
    decision = birth(new, now_ms=now_ms)
    run = decision.run
    number = await transaction.fetchval(
        "add_run", run.id, run.job, run.owner, run.group, new.key, run.status.value, run.attempt, run.execution_id,
        run.external, run.lease_s, run.worker, run.takeovers, run.cancel_requested, run.created_at, run.started_at,
        run.finished_at, run.updated_at, run.seq, run.tag, run.total, run.due_ms, lapses_ms(run, now_ms),
    )  # fmt: skip
    metadata = orjson.dumps(dict(new.metadata))
    await transaction.execute("add_about", number, run.title, run.correlation_id, new.fingerprint, metadata, new.input)
    await transaction.execute("add_events", number, run.tag, *event_columns(decision.events, decision.keys))
    return run, True


async def put_snapshot(database: Database, run_id: RunId, snapshot: StoredSnapshot, summary: bytes) -> bool:
    """Keep a snapshot of the log as it is, unless a later one is kept; tell whether it was kept."""
    at = snapshot.cursor

    async def put(transaction: Transaction) -> bool:
        number = await transaction.fetchval("run_for_snapshot", run_id, at.seq, at.tag)
        if number is None:
            return False
        kept = (number, at.seq, at.tag, snapshot.total, snapshot.version, snapshot.body)
        await transaction.execute("put_snapshot", *kept)
        await transaction.execute("mark_snapshot", number, at.seq)
        await transaction.execute("put_summary", number, summary)
        return True

    return await database.transact(put)


async def trim(database: Database, run_id: RunId, floor: Seq, part: Part) -> int:
    """Trim one run's log by at most `TRIM_ROWS` events; return by how many."""

    async def drop(transaction: Transaction) -> int:
        found = await transaction.fetchrow("run_to_trim", run_id)
        return 0 if found is None else await _trim(transaction, found, floor, TRIM_ROWS, part)

    return await database.transact(drop)


async def _trim(transaction: Transaction, found: Any, wanted: Seq, max_rows: int, part: Part) -> int:
    number, *floors, snapshot_seq = found
    floors = Floors(*floors)
    start = floors.of(part)
    end = min(trim_limit(snapshot_seq, wanted), start + max_rows)
    if end <= start:
        return 0
    if part.types:
        await transaction.execute("drop_types", number, start, end, sorted(part.types))
    else:
        await transaction.execute("drop_events", number, end)
    await transaction.execute("set_floors", number, *floors.raised(part, end))
    return int(end - start)


# -- retention


async def prune(database: Database, retention: Mapping[str, Retention], now_ms: int, max_rows: int) -> int:
    """Go over at most `max_rows` events that have outlived their retention; return how many."""
    done = await drop_buried(database, max_rows)
    for expiry in expiries(retention, now_ms):
        for number, *_ in await _expired(database, expiry, (expiry.after, _LAST_RUN)):
            if done < max_rows:
                done += await _trim_expired(database, number, max_rows - done, expiry.part)
    return done


async def _trim_expired(database: Database, number: int, max_rows: int, part: Part) -> int:
    async def drop(transaction: Transaction) -> int:
        found = await transaction.fetchrow("still_to_trim", number)
        if found is None:
            return 0  # it was reopened meanwhile, or deleted
        return await _trim(transaction, found, found["snapshot_seq"], max_rows, part)

    return await database.transact(drop)


async def prunable(database: Database, retention: Mapping[str, Retention], now_ms: int) -> list[Prunable]:
    """Return what `prune`, called until all is done, would drop now."""
    dropped = [(job, Part.LOG, events, size) for job, events, size in await database.fetch("count_buried")]
    for expiry in expiries(retention, now_ms):
        place = (expiry.after, _LAST_RUN)
        while runs := await _expired(database, expiry, place):
            for number, *floors, snapshot_seq, ended in runs:
                span = (number, Floors(*floors).of(expiry.part), trim_limit(snapshot_seq, snapshot_seq))
                types = sorted(expiry.part.types)
                query, more = ("count_types", (types,)) if types else ("count_events", ())
                counted = await database.fetch(query, *span, *more)
                dropped.append((expiry.job, expiry.part, *counted[0]))
                place = (ended, number)
    return tally(dropped)


async def _expired(database: Database, expiry: Expiry, place: tuple[str, int]) -> list[asyncpg.Record]:
    """Return the first runs behind a place that a retention is over for."""
    return await database.fetch(_EXPIRED[expiry.part], expiry.job, expiry.until, *place)


# -- deleting


async def bury(database: Database, run_id: RunId) -> None:
    """Make an ended run impossible to find; what belongs to it is dropped by `drop_buried`."""
    with database.telling():
        async with database.transaction() as transaction:
            number = await transaction.fetchval("row_locked", run_id)
            row = await transaction.fetchrow("row", run_id)
            if row is None:
                raise not_found(run_id)
            run = run_row(tuple(row))
            if run.status not in ENDED:
                raise RunActive(f"run {run_id} is {run.status}", hint="cancel it first", current=run.status)
            await transaction.execute("bury", number)


async def drop_buried(database: Database, max_rows: int) -> int:
    """Drop at most `max_rows` events of a buried run, and the rest of it once they are gone; 0: there is none."""

    async def drop(transaction: Transaction) -> int:
        number = await transaction.fetchval("buried")
        if number is None:
            return 0
        dropped = await transaction.execute("drop_first_events", number, max_rows)
        if dropped:
            return dropped
        for query in ("drop_steps", "drop_positions", "drop_snapshot", "drop_about", "drop_run"):
            await transaction.execute(query, number)
        return 1

    return await database.transact(drop)
