"""The writes of the SQLite store, one function each, run by the writer inside a transaction.

A function raises `HeadwayError` only before its first change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final, cast

import orjson

from headway.core.run import ENDED
from headway.errors import RunActive
from headway.stores.base import Appended, Leader, NewRun, RunRow, StoredSnapshot, Topic, Write
from headway.stores.ledger import Decision, birth, check_same, decide, lapses_ms
from headway.stores.queries import queries
from headway.stores.retention import Expiry, Floors, Part, Retention, expiries, trim_limit
from headway.stores.rows import ROW, not_found, run_row
from headway.stores.sqlite_rows import advance_values, event_values, move_values
from headway.stores.sqlite_writer import Transaction
from headway.types import RunId, Seq

_SQL: Final = queries("sqlite")
_TYPES: Final = {part: orjson.dumps(sorted(part.types)).decode() for part in Part}
_EXPIRED: Final = {Part.LOG: "expired_log", Part.TEXT: "expired_text", Part.LINES: "expired_lines"}
_LAST_RUN: Final = 2**63 - 1

Place = tuple[str, int]
"""Of a run among those that have ended: when it ended, and its number."""


def append(transaction: Transaction, run_id: RunId, write: Write) -> Appended:
    """Do one write with at most three statements (a checkpoint, or an end, is one more, a claim at a rate two)."""
    keys = [event.key for event in write.events if event.key]
    row = transaction.connection.execute(
        _SQL["row_for_write"], (run_id, orjson.dumps(keys).decode() if keys else None, write.claim is not None)
    ).fetchone()
    if row is None:
        raise not_found(run_id)
    change, known, claimed = row[ROW:]
    run = run_row(row)
    rate = None if write.claim is None else write.claim.rate
    times = [] if rate is None else begun(transaction.connection, run.job)
    decision = decide(
        run,
        write,
        now_ms=transaction.now_ms,
        known=orjson.loads(known) if known else (),
        claimed=claimed or 0,
        begun=times,
    )
    if decision.run is not run:
        _keep(transaction, row[0], decision, change)
    if rate is not None and decision.events:
        kept = orjson.dumps(rate.kept(times, transaction.now_ms))
        transaction.connection.execute(_SQL["put_begun"], (run.job, kept))
    if decision.ends:
        transaction.connection.execute(_SQL["end_steps"], (row[0],))
    if decision.checkpoint is not None:
        step = decision.checkpoint
        transaction.connection.execute(_SQL["put_step"], (row[0], step.key, step.result, step.at_end))
    return Appended(decision.run, decision.events)


def begun(connection: sqlite3.Connection, job: str) -> list[int]:
    """Return when the last claims of a job were made at a rate, the last one first."""
    found = connection.execute(_SQL["begun"], (job,)).fetchone()
    times: list[int] = [] if found is None else orjson.loads(found[0])
    return times


def _keep(transaction: Transaction, number: int, decision: Decision, change: int) -> None:
    run, execute = decision.run, transaction.connection.execute
    lapse = lapses_ms(run, transaction.now_ms)
    if not decision.events:
        execute(_SQL["touch"], (number, run.updated_at, lapse))
        return
    transaction.connection.executemany(_SQL["add_event"], event_values(number, decision.events, decision.keys))
    if decision.moved:
        execute(_SQL["move"], move_values(number, run, lapse, change))
    else:
        execute(_SQL["advance"], advance_values(number, run, lapse, change))
    transaction.note(run.id, change)


def create(transaction: Transaction, new: NewRun, metadata: bytes) -> tuple[RunRow, bool]:
    """Create a run, unless its creation key or id stands for one already."""
    execute = transaction.connection.execute
    row = execute(_SQL["run_by_id"], (new.id,)).fetchone()
    if row is None and new.key is not None:
        row = execute(_SQL["run_by_key"], (new.owner, new.key)).fetchone()
    if row is not None:
        run = run_row(row)
        check_same(run, new, row[ROW])
        return run, False
    decision = birth(new, now_ms=transaction.now_ms)
    run = decision.run
    (change,) = execute(_SQL["next_change"]).fetchone()
    cursor = execute(
        _SQL["add_run"],
        (
            run.id, run.job, run.owner, run.group, new.key, run.status.value, run.attempt, run.execution_id,
            run.external, run.lease_s, run.worker, run.takeovers, run.cancel_requested, run.created_at, run.started_at,
            run.finished_at, run.updated_at, run.seq, run.tag, run.total, run.due_ms,
            lapses_ms(run, transaction.now_ms), change, run.finished_at is not None,
        ),
    )  # fmt: skip
    number = cast("int", cursor.lastrowid)
    execute(_SQL["add_about"], (number, run.title, run.correlation_id, new.fingerprint, metadata, new.input))
    transaction.connection.executemany(_SQL["add_event"], event_values(number, decision.events, decision.keys))
    transaction.note(run.id, change)
    return run, True


def put_snapshot(transaction: Transaction, run_id: RunId, snapshot: StoredSnapshot, summary: bytes) -> None:
    """Keep a snapshot of the log as it is, unless a later one is kept."""
    execute, at = transaction.connection.execute, snapshot.cursor
    found = execute(_SQL["run_for_snapshot"], (run_id, at.seq, at.tag)).fetchone()
    if found is None:
        return
    (number,) = found
    (change,) = execute(_SQL["next_change"]).fetchone()
    execute(_SQL["put_snapshot"], (number, at.seq, at.tag, snapshot.total, snapshot.version, snapshot.body))
    execute(_SQL["mark_snapshot"], (number, at.seq, change))
    execute(_SQL["put_summary"], (number, summary))
    transaction.note(run_id, change)


def trim(transaction: Transaction, run_id: RunId, floor: Seq, max_rows: int, part: Part) -> int:
    """Trim one run's log by at most `max_rows` events; return by how many."""
    found = transaction.connection.execute(_SQL["run_to_trim"], (run_id,)).fetchone()
    return 0 if found is None else _trim(transaction, found, floor, max_rows, part)


def _trim(transaction: Transaction, found: Any, wanted: Seq, max_rows: int, part: Part) -> int:
    execute = transaction.connection.execute
    number, *floors, snapshot_seq = found[:5]
    floors = Floors(*floors)
    start = floors.of(part)
    end = min(trim_limit(snapshot_seq, wanted), start + max_rows)
    if end <= start:
        return 0
    if part.types:
        execute(_SQL["drop_types"], (number, start, end, _TYPES[part]))
    else:
        execute(_SQL["drop_events"], (number, end))
    execute(_SQL["set_floors"], (number, *floors.raised(part, end)))
    return int(end - start)


def prune(transaction: Transaction, retention: Mapping[str, Retention], max_rows: int) -> int:
    """Go over at most `max_rows` events that have outlived their retention; return how many."""
    done = drop_buried(transaction, max_rows)
    for expiry in expiries(retention, transaction.now_ms):
        for found in _expired(transaction.connection, expiry, (expiry.after, _LAST_RUN)):
            if done < max_rows:
                done += _trim(transaction, found, found[4], max_rows - done, expiry.part)
    return done


def prunable(
    connection: sqlite3.Connection, expiry: Expiry, place: Place | None = None
) -> tuple[list[tuple[str, Part, int, int]], Place | None]:
    """Return what `prune` would drop of some runs, as `tally` takes it, and the place to go on from, if any."""
    dropped, part = [], expiry.part
    runs = _expired(connection, expiry, place or (expiry.after, _LAST_RUN))
    for number, *floors, snapshot_seq, _ in runs:
        span = (number, Floors(*floors).of(part), trim_limit(snapshot_seq, snapshot_seq))
        query, more = ("count_types", (_TYPES[part],)) if part.types else ("count_events", ())
        events, size = connection.execute(_SQL[query], (*span, *more)).fetchone()
        dropped.append((expiry.job, part, events, size))
    return dropped, (runs[-1][-1], runs[-1][0]) if runs else None


def _expired(connection: sqlite3.Connection, expiry: Expiry, place: Place) -> list[Any]:
    """Return the first runs behind a place that a retention is over for."""
    query, conditions = _SQL[_EXPIRED[expiry.part]], (expiry.job, expiry.until, *place)
    return connection.execute(query, conditions).fetchall()


def bury(transaction: Transaction, run_id: RunId) -> None:
    """Make an ended run impossible to find; what belongs to it is dropped by `drop_buried`."""
    execute = transaction.connection.execute
    row = execute(_SQL["row"], (run_id,)).fetchone()
    if row is None:
        raise not_found(run_id)
    run = run_row(row)
    if run.status not in ENDED:
        raise RunActive(f"run {run_id} is {run.status}", hint="cancel it first", current=run.status)
    execute(_SQL["bury"], (row[0],))
    transaction.note_other()


def drop_buried(transaction: Transaction, max_rows: int) -> int:
    """Drop at most `max_rows` events of a buried run, and the rest of it once they are gone; 0: there is none."""
    execute = transaction.connection.execute
    found = execute(_SQL["buried"]).fetchone()
    if found is None:
        return 0
    number, _ = found
    (first,) = execute(_SQL["first_seq"], (number,)).fetchone()
    if first is not None:
        dropped = execute(_SQL["drop_events"], (number, first + max_rows - 1)).rowcount
        return int(dropped)
    for query in ("drop_steps", "drop_positions", "drop_snapshot", "drop_about", "drop_run"):
        execute(_SQL[query], (number,))
    return 1


def leader(connection: sqlite3.Connection, role: str) -> Leader | None:
    """Return who leads in a role; None where nobody does, or who did is not listed any more."""
    found = connection.execute(_SQL["leader"], (role,)).fetchone()
    return None if found is None else Leader(*found)


def put_leader(transaction: Transaction, role: str, worker: str) -> Leader:
    """Make a worker the leader, or let the leader beat."""
    (beat,) = transaction.connection.execute(_SQL["put_leader"], (role, worker)).fetchone()
    return Leader(worker, beat)


def drop_worker(transaction: Transaction, worker: str) -> None:
    """Take a worker off the list."""
    transaction.connection.execute(_SQL["drop_worker"], (worker,))


def post(transaction: Transaction, topic: Topic, key: str, value: bytes, ttl_s: float | None) -> None:
    """Put something on the board, and throw away what nobody sees any more."""
    until_ms = None if ttl_s is None else transaction.now_ms + round(ttl_s * 1000)
    transaction.connection.execute(_SQL["sweep_board"], (transaction.now_ms,))
    transaction.connection.execute(_SQL["post"], (topic, key, value, until_ms))
    transaction.note_topic(topic)
