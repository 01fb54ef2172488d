"""What is written of runs in Postgres beside their appends: creation, snapshots, trimming, deletion."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import orjson

from headway.core.events import DELTA_TYPES
from headway.core.run import ENDED
from headway.errors import RunActive
from headway.stores.base import NewRun, Prunable, Retention, RunRow, StoredSnapshot
from headway.stores.ledger import Expiry, birth, check_same, expiries, lapses_ms, tally, trim_limit
from headway.stores.postgres_database import Database, Transaction
from headway.stores.postgres_writing import event_columns
from headway.stores.rows import not_found, run_row
from headway.types import RunId, Seq

_DELTAS: Final = sorted(DELTA_TYPES)
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


async def trim(database: Database, run_id: RunId, floor: Seq, *, deltas_only: bool) -> int:
    """Trim one run's log by at most `TRIM_ROWS` events; return by how many."""

    async def drop(transaction: Transaction) -> int:
        found = await transaction.fetchrow("run_to_trim", run_id)
        return 0 if found is None else await _trim(transaction, found, floor, TRIM_ROWS, deltas_only=deltas_only)

    return await database.transact(drop)


async def _trim(transaction: Transaction, found: Any, wanted: Seq, max_rows: int, *, deltas_only: bool) -> int:
    number, floor, delta_floor, snapshot_seq = found
    start = delta_floor if deltas_only else floor
    end = min(trim_limit(snapshot_seq, wanted), start + max_rows)
    if end <= start:
        return 0
    if deltas_only:
        await transaction.execute("drop_deltas", number, start, end, _DELTAS)
        await transaction.execute("set_floors", number, floor, end)
    else:
        await transaction.execute("drop_events", number, end)
        await transaction.execute("set_floors", number, end, max(end, delta_floor))
    return int(end - start)


# -- retention


async def prune(database: Database, retention: Retention, now_ms: int, max_rows: int) -> int:
    """Go over at most `max_rows` events that have outlived their retention; return how many."""
    done = await drop_buried(database, max_rows)
    for expiry in expiries(retention, now_ms):
        for number, *_ in await _expired(database, expiry, (expiry.after, _LAST_RUN)):
            if done < max_rows:
                done += await _trim_expired(database, number, max_rows - done, deltas_only=expiry.deltas_only)
    return done


async def _trim_expired(database: Database, number: int, max_rows: int, *, deltas_only: bool) -> int:
    async def drop(transaction: Transaction) -> int:
        found = await transaction.fetchrow("still_to_trim", number)
        if found is None:
            return 0  # it was reopened meanwhile, or deleted
        return await _trim(transaction, found, found["snapshot_seq"], max_rows, deltas_only=deltas_only)

    return await database.transact(drop)


async def prunable(database: Database, retention: Retention, now_ms: int) -> list[Prunable]:
    """Return what `prune`, called until all is done, would drop now."""
    dropped = [(job, False, events, size) for job, events, size in await database.fetch("count_buried")]
    for expiry in expiries(retention, now_ms):
        place = (expiry.after, _LAST_RUN)
        while runs := await _expired(database, expiry, place):
            for number, floor, delta_floor, snapshot_seq, job, ended in runs:
                span = (number, delta_floor if expiry.deltas_only else floor, trim_limit(snapshot_seq, snapshot_seq))
                query, more = ("count_deltas", (_DELTAS,)) if expiry.deltas_only else ("count_events", ())
                counted = await database.fetch(query, *span, *more)
                dropped.append((job, expiry.deltas_only, *counted[0]))
                place = (ended, number)
    return tally(dropped)


async def _expired(database: Database, expiry: Expiry, place: tuple[str, int]) -> list[asyncpg.Record]:
    """Return the first runs behind a place that a retention is over for."""
    return await database.fetch("expired_deltas" if expiry.deltas_only else "expired_logs", expiry.until, *place)


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
