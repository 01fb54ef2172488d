"""Appending to a log in Postgres: one statement where nothing came between, else under the run's row lock.

What a write does is decided in Python (`ledger`), on the run's row. This process remembers the row its last write left.
As long as nobody else changes it - ``revision`` tells - the next write is decided on it and done by one statement:
compare-and-set of the row, the events, the checkpoint. Where that finds another revision, where a key is in the log
already, and wherever a write is refused, it is done again with the row locked and read: nothing is refused because of
what this process remembers.

A write whose answer was lost is *in doubt*: it may have been done. It is looked for by its tag, which is random; before
that the row's revision is moved on, so that what is still on its way can do nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from headway.core.events import StoredEvent
from headway.errors import HeadwayError, StoreError
from headway.stores.base import Appended, RunRow, Write
from headway.stores.doubts import Doubts
from headway.stores.ledger import Decision, decide, lapses_ms
from headway.stores.postgres_database import Database, Transaction
from headway.stores.postgres_errors import FAILURES, LOST, map_error
from headway.stores.rows import ROW, not_found, run_row
from headway.stores.turns import Turns
from headway.types import RunId

DOUBT_NAPS_S: Final = (0.0, 0.05, 0.2, 0.5, 1.0)
"""Before each look for a write in doubt: a cut connection is back at once, a restarted server in a second."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A run as this process left it."""

    number: int
    revision: int
    run: RunRow


class Appender:
    """Does the appends of one store.

    Args:
        database: Where.
        now_ms: The store's clock.
        told: Called with a run that has news, once they are committed.
    """

    def __init__(self, database: Database, now_ms: Callable[[], int], told: Callable[[RunId], None]) -> None:
        self._database = database
        self._now_ms = now_ms
        self._told = told
        self._doubts: Doubts[Decision] = Doubts()
        self._turns: Turns[_Known] = Turns()
        self.at_once = 0
        self.locked = 0

    async def append(self, run_id: RunId, write: Write) -> Appended:
        """Do one write; see `headway.stores.base.Store.append`."""
        async with self._turns.turn(run_id) as turn:
            # kept again only by what goes well: after a failure or a cancellation it may not be so any more
            known, turn.run = turn.run, None
            try:
                appended, turn.run = await self._append(run_id, write, known)
            except FAILURES as error:
                raise map_error(error, str(self._database.address)) from error
            return appended

    async def finish(self) -> None:
        """Wait for all writes handed in."""
        await self._turns.finish()

    async def _append(self, run_id: RunId, write: Write, known: _Known | None) -> tuple[Appended, _Known | None]:
        """Do one write; return its answer, and what is to be remembered."""
        doubt = self._doubts.of(run_id, write)
        if doubt is not None:
            done = await self._clear_up(run_id, write, doubt)
            if done is not None:
                return done, None
            known = None
        error: BaseException | None = None
        for nap_s in DOUBT_NAPS_S:
            if error is not None:
                await asyncio.sleep(nap_s)
            decision = None if known is None else self._guess(known.run, write)
            try:
                return await self._write(run_id, write, known, decision)
            except _InDoubt as lost:
                known = None
                self._doubts.keep(run_id, write, lost.decision)
                done = await self._clear_up(run_id, write, lost.decision, lost.__cause__)
                if done is not None:
                    return done, None
            except LOST as lost:  # before anything was sent
                known, error = None, lost
        raise map_error(error or TimeoutError(), str(self._database.address)) from error

    def _guess(self, run: RunRow, write: Write) -> Decision | None:
        """Decide on a remembered row; None where the row has to be seen."""
        if write.claim is not None:
            return None  # others' claims count
        try:
            decision = decide(run, write, now_ms=self._now_ms())
        except HeadwayError:
            return None
        return None if decision.run is run else decision

    async def _write(
        self, run_id: RunId, write: Write, known: _Known | None, decision: Decision | None
    ) -> tuple[Appended, _Known]:
        if known is not None and decision is not None:
            done = await self._at_once(known, decision)
            if done is not None:
                self.at_once += 1
                return done
        self.locked += 1
        return await self._under_lock(run_id, write)

    async def _at_once(self, known: _Known, decision: Decision) -> tuple[Appended, _Known] | None:
        """Write by one statement; None: the row is not what it was, or a key is in the log already."""
        arguments = self._arguments(known.number, known.revision, decision)
        try:
            number = await self._database.fetchval_once("write", *arguments)
        except asyncpg.UniqueViolationError:
            return None
        except LOST as error:
            raise _InDoubt(decision) from error
        return None if number is None else self._done(known.number, known.revision + 1, decision)

    async def _under_lock(self, run_id: RunId, write: Write) -> tuple[Appended, _Known]:
        """Write in a transaction that holds the run's row."""
        decision = None
        try:
            async with self._database.transaction() as transaction:
                number, revision, run, decision = await self._decide(transaction, run_id, write)
                if decision.run is not run:
                    await transaction.execute("write", *self._arguments(number, revision, decision))
                    revision += 1
                elif decision.checkpoint is not None:
                    step = decision.checkpoint
                    await transaction.execute("put_step", number, step.key, step.result, step.at_end)
                    revision += 1
        except LOST as error:
            if decision is None:
                raise
            raise _InDoubt(decision) from error
        return self._done(number, revision, decision)

    async def _decide(self, transaction: Transaction, run_id: RunId, write: Write) -> tuple[int, int, RunRow, Decision]:
        rate = None if write.claim is None else write.claim.rate
        if rate is not None or (write.claim is not None and write.claim.concurrency is not None):
            await transaction.fetch("lock_job", run_id)
        number = await transaction.fetchval("row_locked", run_id)
        if number is None:
            raise not_found(run_id)
        keys = [event.key for event in write.events if event.key]
        row = await transaction.fetchrow("row_for_write", number, keys, write.claim is not None)
        assert row is not None  # noqa: S101 - it is locked
        revision, known, claimed = row[ROW], row[ROW + 1], row[ROW + 2]
        run = run_row(tuple(row))
        begun = [] if rate is None else await transaction.fetchval("begun", run.job) or []
        now_ms = self._now_ms()
        decision = decide(run, write, now_ms=now_ms, known=known or (), claimed=claimed or 0, begun=begun)
        if rate is not None and decision.events:
            await transaction.execute("put_begun", run.job, rate.kept(begun, now_ms))
        return number, revision, run, decision

    def _arguments(self, number: int, revision: int, decision: Decision) -> tuple[Any, ...]:
        run, step = decision.run, decision.checkpoint
        return (
            number, revision, run.seq, run.tag, run.total, run.updated_at, lapses_ms(run, self._now_ms()),
            run.status.value, run.attempt, run.execution_id, run.worker, run.takeovers, run.cancel_requested,
            run.started_at, run.finished_at, run.due_ms,
            *((None, None, None) if step is None else (step.key, step.result, step.at_end)), decision.ends,
            *event_columns(decision.events, decision.keys), run.lease_s,
        )  # fmt: skip

    def _done(self, number: int, revision: int, decision: Decision) -> tuple[Appended, _Known]:
        run = decision.run
        if decision.events:
            self._told(run.id)
        return Appended(run, decision.events), _Known(number, revision, run)

    async def _clear_up(
        self, run_id: RunId, write: Write, decision: Decision, cause: BaseException | None = None
    ) -> Appended | None:
        """Find out whether a write in doubt was done; return its answer, or None: it was not, and never will be.

        Raises:
            StoreError: the database does not answer; the doubt stays.
        """
        error: BaseException | None = cause
        for nap_s in DOUBT_NAPS_S:
            await asyncio.sleep(nap_s)
            try:
                found = await self._look_for(run_id, decision)
            except LOST as lost:
                error = lost
                continue
            self._doubts.settle(run_id, write)
            if found:
                self._told(run_id)
                return Appended(decision.run, decision.events)
            return None
        assert error is not None  # noqa: S101 - else it would have been found out
        told = map_error(error, str(self._database.address))
        assert isinstance(told, StoreError)  # noqa: S101 - all of `LOST` are
        raise told from error

    async def _look_for(self, run_id: RunId, decision: Decision) -> bool:
        async with self._database.transaction() as transaction:
            number = await transaction.fetchval("fence", run_id)
            if number is None or not decision.events:
                return False
            tag = await transaction.fetchval("tag_at", number, decision.run.seq)
        return bool(tag == decision.run.tag)


class _InDoubt(Exception):
    """The answer to a write was lost."""

    def __init__(self, decision: Decision) -> None:
        super().__init__()
        self.decision = decision


def event_columns(events: Sequence[StoredEvent], keys: Sequence[str | None]) -> tuple[list[Any], ...]:
    """Return the columns of new events that differ from event to event: seq, type, key, step, total, body."""
    return (
        [event.seq for event in events],
        [event.type for event in events],
        [key or None for key in keys],
        [event.step for event in events],
        [event.total for event in events],
        [event.body for event in events],
    )
