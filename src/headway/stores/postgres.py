# ruff: noqa: D102 - what the methods promise is said once, in `base`
"""The Postgres store: many machines on one database.

Appends are in `postgres_writing`, what else is written of runs in `postgres_runs`; what has news goes to other
processes by `postgres_news`. The words of it all are in ``sql/postgres``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import orjson

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import START, Cursor
from headway.core.events import StoredEvent
from headway.core.ids import new_worker_id
from headway.core.run import RunStatus
from headway.errors import StoreError, StoreUnavailable, UsageError
from headway.stores.base import (
    Appended,
    Ended,
    Leader,
    ListenerRow,
    NewRun,
    Page,
    RunFilter,
    RunRow,
    Store,
    StoreCaps,
    StoredSnapshot,
    Topic,
    WorkerState,
    Write,
    bell_of,
    wall_ms,
)
from headway.stores.doorbell import Doorbell, Ring
from headway.stores.ledger import page_from
from headway.stores.retention import Part, Prunable, Retention, cutoff
from headway.stores.rows import ROW, each_job, list_query, not_found, run_row
from headway.types import RunId, Seq

try:
    import asyncpg
except ModuleNotFoundError as error:
    raise UsageError("the store `postgres` needs asyncpg", hint="pip install 'headway[postgres]'") from error

from headway.stores import postgres_runs as runs
from headway.stores.postgres_address import Address
from headway.stores.postgres_database import Database
from headway.stores.postgres_errors import LOST
from headway.stores.postgres_news import News
from headway.stores.postgres_pulse import Pulse
from headway.stores.postgres_schema import check, upgrade
from headway.stores.postgres_writing import DOUBT_NAPS_S, Appender

_COLUMNS: Final = ROW + 1
"""Of the view ``run_rows``: those of all stores, and the revision."""

_LAST: Final = "~"
"""Sorts after every run id."""


class PostgresStore(Store):
    """Runs and their logs in a schema of one database.

    Args:
        url: ``postgresql://user:password@host:port/db``; in its query ``schema`` (`headway`), ``pool`` (connections at
            most: 10, or 2 where one attempt at a time is executed), ``pgbouncer=1`` (a pooler in transaction mode
            stands between), ``listen`` (an address past it).
        read_only: To be looked at, no more: its schema must be up to date, and every write is refused.
        now_ms: The store's clock, for tests; None: the server's.
    """

    caps = StoreCaps(name="postgres", durable=True, processes=True, machines=True)

    def __init__(self, url: str, *, read_only: bool = False, now_ms: Callable[[], int] | None = None) -> None:
        self.address = Address.parse(url)
        self._read_only = read_only
        self._database = Database(self.address)
        self._own_clock = now_ms
        self._ahead_ms = 0
        self._doorbell = Doorbell()
        self._news = News(self._database, self._doorbell.news, self._clocked)
        self._appender = Appender(self._database, self._now_ms, self._told)
        self._pulse: Pulse | None = None
        self._workers: set[str] = set()
        self._opening = asyncio.Lock()
        self._process = 0

    # -- opening and closing

    async def open(self) -> None:
        async with self._opening:
            if self._process:
                return
            await self._database.open()
            try:
                with self._database.telling():
                    async with self._database.pool.acquire() as connection:
                        await (check if self._read_only else upgrade)(connection, self.address)
                (now,) = (await self._database.fetch("now_ms"))[0]
            except BaseException:
                await self._database.close()
                raise
            self._clocked(now)
            self._database.was_reached = True
            self._process = os.getpid()
            self._news.start()

    def expect_attempts(self, at_once: int) -> None:
        self._database.expect_attempts(at_once)

    async def close(self) -> None:
        async with self._opening:
            if self._process != os.getpid():
                return  # to a forked child its parent's connections are not its own
            for worker in sorted(self._workers):
                with suppress(StoreError):  # it is dead all the same once it stops to beat
                    await self._database.execute("drop_worker", worker)
            self._workers.clear()
            self._process = 0
            await self._appender.finish()
            await self._news.stop()
            pulse, self._pulse = self._pulse, None
            if pulse is not None:
                await asyncio.to_thread(pulse.stop)
            await self._database.close()

    def _check_writable(self) -> None:
        self._check_open()
        if self._read_only:
            raise UsageError(f"the store {self.address} was opened to be looked at", hint="open it to write, too")

    def _check_open(self) -> None:
        if self._process == os.getpid():
            return
        if not self._process:
            raise UsageError(f"the store {self.address} is not open", hint="await store.open() first")
        raise UsageError(
            f"the store {self.address} was opened before this process was forked",
            hint="make and open a store of its own in the child",
        )

    def _now_ms(self) -> int:
        return wall_ms() + self._ahead_ms if self._own_clock is None else self._own_clock()

    def _clocked(self, now_ms: int) -> None:
        """Take note of the server's time: the clocks of the machines need not agree."""
        self._ahead_ms = now_ms - wall_ms()

    def _told(self, run_id: RunId | None) -> None:
        self._doorbell.news(() if run_id is None else (run_id,))
        self._news.tell(run_id)

    # -- writing

    async def _create(self, new: NewRun) -> tuple[RunRow, bool]:
        self._check_writable()
        in_doubt = False
        with self._database.telling():
            for nap_s in DOUBT_NAPS_S:
                await asyncio.sleep(nap_s)
                try:
                    async with self._database.transaction() as transaction:
                        run, created = await runs.create(transaction, new, self._now_ms())
                except asyncpg.UniqueViolationError:
                    continue  # another process made it just now: it will be found
                except LOST:
                    in_doubt = True
                    continue
                created = created or (in_doubt and run.execution_id == new.execution_id)
                if created:
                    self._told(run.id)
                return run, created
        raise StoreUnavailable(f"{self.address}: the connection was lost again and again")

    async def _append(self, run_id: RunId, write: Write) -> Appended:
        self._check_writable()
        return await self._appender.append(run_id, write)

    async def put_snapshot(self, run_id: RunId, snapshot: StoredSnapshot, summary: Mapping[str, Any]) -> None:
        self._check_writable()
        if await runs.put_snapshot(self._database, run_id, snapshot, orjson.dumps(dict(summary))):
            self._told(run_id)

    async def trim(self, run_id: RunId, *, floor: Seq, part: Part = Part.LOG) -> None:
        self._check_writable()
        while await runs.trim(self._database, run_id, floor, part):
            pass

    async def prune(self, retention: Mapping[str, Retention], *, max_rows: int = 2_000) -> int:
        self._check_writable()
        return await runs.prune(self._database, retention, self._now_ms(), max_rows)

    async def prunable(self, retention: Mapping[str, Retention]) -> list[Prunable]:
        self._check_open()
        return await runs.prunable(self._database, retention, self._now_ms())

    async def prunable_jobs(self) -> list[str]:
        return await each_job(partial(self._rows, "next_prunable_job"))

    async def unfolded(self, ended_s: float, after: Ended, *, limit: int = 200) -> list[RunRow]:
        until = cutoff(self._now_ms(), ended_s)
        return await self._runs("unfolded", *after, until, limit)

    async def delete(self, run_id: RunId) -> None:
        self._check_writable()
        await runs.bury(self._database, run_id)
        self._told(None)
        while await runs.drop_buried(self._database, runs.TRIM_ROWS):
            pass

    # -- reading

    async def _rows(self, query: str, *arguments: object) -> list[Any]:
        self._check_open()
        return await self._database.fetch(query, *arguments)

    async def _runs(self, query: str, *arguments: object) -> list[RunRow]:
        return [run_row(tuple(row)) for row in await self._rows(query, *arguments)]

    async def get(self, run_id: RunId) -> RunRow | None:
        found = await self._runs("row", run_id)
        return found[0] if found else None

    async def input(self, run_id: RunId) -> bytes | None:
        rows = await self._rows("input", run_id)
        return rows[0][0] if rows else None

    async def read(
        self,
        run_id: RunId,
        *,
        after: Cursor = START,
        limit: int = 500,
        max_bytes: int = 4_194_304,
        partial: bool = False,
    ) -> Page:
        rows = await self._rows("read", run_id, after.seq, max(limit, 1) + 1, max_bytes)
        if not rows:
            raise not_found(run_id)
        seqs, tags, types, bodies, totals, steps = (column or () for column in rows[0][_COLUMNS:])
        found = map(StoredEvent, seqs, tags, types, bodies, totals, steps)
        return page_from(run_row(tuple(rows[0])), after, found, limit=limit, max_bytes=max_bytes, partial=partial)

    async def snapshot(self, run_id: RunId) -> StoredSnapshot | None:
        rows = await self._rows("snapshot", run_id)
        if not rows:
            return None
        seq, tag, total, version, body = rows[0]
        return StoredSnapshot(Cursor(seq, tag), total, version, body)

    async def steps(self, run_id: RunId) -> dict[str, bytes]:
        return dict([tuple(row) for row in await self._rows("steps", run_id)])

    async def list_runs(self, which: RunFilter, *, limit: int = 50) -> list[RunRow]:
        statuses = [str(status) for status in (RunStatus if which.status is None else which.status)]
        query, conditions = list_query(which)
        return await self._runs(query, statuses, which.before or _LAST, limit, *conditions)

    async def queued(self, jobs: Collection[str], *, limit: int = 20) -> list[RunRow]:
        return await self._runs("queued", sorted(set(jobs)), self._now_ms(), limit)

    async def claimed(self) -> list[RunRow]:
        return await self._runs("claimed")

    async def lapsed(self) -> list[RunRow]:
        return await self._runs("lapsed", self._now_ms())

    async def asked_to_stop(self) -> list[RunRow]:
        return await self._runs("asked_to_stop")

    async def durations(self, job: str, *, limit: int = 20) -> list[float]:
        rows = await self._rows("durations", job, limit)
        return [((parse_ms(finished) or 0) - (parse_ms(started) or 0)) / 1000 for started, finished in rows]

    async def begun(self, job: str) -> list[int]:
        rows, now_ms = await self._rows("begun", job), self._now_ms()
        return [now_ms - at for at in rows[0][0]] if rows else []

    async def ended(self, after: Ended, *, limit: int = 200) -> list[RunRow]:
        return await self._runs("ended", *after, limit)

    # -- listeners

    async def add_listener(self, name: str, *, from_beginning: bool = False) -> ListenerRow:
        self._check_writable()
        since = "" if from_beginning else format_ms(self._now_ms())
        await self._database.execute("add_listener", name, since)
        return ListenerRow(*(await self._rows("listener", name))[0])

    async def listeners(self) -> list[ListenerRow]:
        return [ListenerRow(*row) for row in await self._rows("listeners")]

    async def move_listener(self, name: str, told_until: str, *, told: bool = False) -> None:
        self._check_writable()
        await self._database.execute("move_listener", name, told_until, format_ms(self._now_ms()) if told else "")

    async def remove_listener(self, name: str) -> None:
        self._check_writable()
        await self._database.execute("remove_listener", name)

    async def positions(self, listener: str, run_ids: Collection[RunId]) -> dict[RunId, Cursor]:
        rows = await self._rows("positions", sorted(run_ids), listener)
        return {run_id: Cursor(seq, tag) for run_id, seq, tag in rows}

    async def move_position(self, listener: str, run_id: RunId, seen: Cursor, to: Cursor) -> bool:
        self._check_writable()
        return bool(await self._rows("move_position", run_id, listener, to.seq, to.tag, seen.seq, seen.tag))

    # -- who is alive

    async def join(self) -> str:
        self._check_writable()
        worker = new_worker_id()
        await self._database.execute("forget_workers")
        await self._database.execute("add_worker", worker)
        self._workers.add(worker)
        if self._pulse is None:
            self._pulse = Pulse(self._database)
            self._pulse.start()
        return worker

    async def beat(self, worker: str) -> None:
        self._check_writable()
        await self._database.execute("beat", worker)

    def beat_soon(self, worker: str) -> None:
        pulse = self._pulse
        if pulse is not None and self._process == os.getpid():
            pulse.beat(worker)

    async def leave(self, worker: str) -> None:
        self._check_writable()
        await self._database.execute("drop_worker", worker)
        self._workers.discard(worker)

    async def workers(self) -> Mapping[str, WorkerState]:
        rows = await self._rows("workers")
        return {worker: WorkerState(beat, gone=False, silent_s=max(0.0, silent)) for worker, beat, silent in rows}

    async def lead(self, role: str, worker: str, *, instead_of: Leader | None = None) -> Leader:
        self._check_writable()
        while True:
            found = await self._rows("leader", role)
            leader = Leader(*found[0][:2]) if found else Leader("", 0)
            if found and found[0]["listed"] and leader.worker != worker and leader != instead_of:
                return leader
            if beat := await self._rows("lead", role, worker, leader.worker, leader.beat):
                return Leader(worker, beat[0][0])
            # somebody was faster, or the answer was lost: look again

    # -- settings and news

    async def setting(self, name: str) -> Any:
        rows = await self._rows("setting", name)
        return orjson.loads(rows[0][0]) if rows else None

    async def put_setting(self, name: str, value: Any) -> None:
        self._check_writable()
        await self._database.execute("put_setting", name, orjson.dumps(value))
        self._told(None)

    async def post(self, topic: Topic, key: str, value: Any, *, ttl_s: float | None = None) -> None:
        self._check_writable()
        now_ms = self._now_ms()
        until_ms = None if ttl_s is None else now_ms + round(ttl_s * 1000)
        await self._database.execute("post", topic, key, orjson.dumps(value), until_ms, now_ms)
        self._told(bell_of(topic))

    async def posted(self, topic: Topic, *, prefix: str = "") -> dict[str, Any]:
        rows = await self._rows("posted", topic, self._now_ms(), prefix)
        return {key: orjson.loads(value) for key, value in rows}

    def watch(self, ring: Ring) -> Callable[[], None]:
        return self._doorbell.watch(ring)

    def statistics(self) -> Mapping[str, Any]:
        return {
            "appends_at_once": self._appender.at_once,
            "appends_locked": self._appender.locked,
            "listening": self._news.listening,
            "watchers": len(self._doorbell),
        }
