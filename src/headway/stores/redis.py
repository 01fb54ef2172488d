# ruff: noqa: D102 - what the methods promise is said once, in `base`
"""The Redis store: a hash and a stream per run, for many machines; as durable as Redis is set up to be.

Every transaction is one script (``lua/``). Decisions are made here and committed there by compare-and-set, see
`redis_writes`. With ``appendfsync everysec``, or after a failover, Redis may have lost the last moments: the tags of
the log tell its readers, and the revisions of the rows its writers.

One Redis, not a cluster: the lists of all runs change together with each run. That is why a prefix needs no hash tag;
one in it (``{headway}:``) would put all keys into one slot, on one node again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

import orjson

from headway.core.clock import format_ms, parse_ms
from headway.core.cursor import START, Cursor
from headway.core.ids import new_worker_id
from headway.errors import UsageError
from headway.stores import redis_upkeep as upkeep
from headway.stores.address import split_prefix, without_password
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
)
from headway.stores.doorbell import Doorbell, Ring
from headway.stores.ledger import page_from
from headway.stores.redis_beats import beat_arguments
from headway.stores.redis_driver import make_pool
from headway.stores.redis_indexes import lists_of
from headway.stores.redis_link import TIMEOUT_S, Link
from headway.stores.redis_rows import kept_run, read_events, shown_rows
from headway.stores.retention import Part, Prunable, Retention, cutoff
from headway.stores.rows import not_found
from headway.types import RunId, Seq


class RedisStore(Store):
    """Runs and their logs in one Redis.

    Args:
        url: ``redis://[[user]:password@]host[:port][/db]``, ``rediss://`` or ``unix://``.
        prefix: Of all keys; stores with different ones do not know of each other. ``?prefix=`` in the URL is the same.
        read_only: To be looked at, no more: there must be runs, and every write is refused.
        now_ms: The store's clock, if that is not Redis's own; for tests.
        patience_s: How long a connection that broke is tried again, and a write whose answer was lost is looked for,
            before `StoreUnavailable`.
    """

    caps = StoreCaps(name="redis", durable=True, processes=True, machines=True)

    def __init__(
        self,
        url: str,
        *,
        prefix: str | None = None,
        read_only: bool = False,
        now_ms: Callable[[], int] | None = None,
        patience_s: float = 2.0,
    ) -> None:
        self._url, named = split_prefix(url)
        self._prefix = prefix or named
        self._read_only = read_only
        make_pool(self._url, TIMEOUT_S)  # a mistake in the URL is told at once
        self._now_ms = now_ms
        self._patience_s = patience_s
        self._doorbell = Doorbell()
        self._opening = asyncio.Lock()
        self._link: Link | None = None

    async def open(self) -> None:
        async with self._opening:
            if self._link is None:
                link = Link(
                    self._url,
                    self._prefix,
                    self._now_ms,
                    self._patience_s,
                    self._doorbell,
                    read_only=self._read_only,
                )
                await link.open()
                self._link = link

    async def close(self) -> None:
        async with self._opening:
            link = self._link
            if link is not None and link.process == os.getpid():
                self._link = None
                await link.close()

    @property
    def _at(self) -> Link:
        if self._link is None:
            raise UsageError(f"the store at {without_password(self._url)} is not open", hint="await store.open() first")
        if self._link.process != os.getpid():
            raise UsageError(
                f"the store at {without_password(self._url)} was opened before this process was forked",
                hint="make and open a store of its own in the child",
            )
        self._link.mind_clock()
        return self._link

    @property
    def _writing(self) -> Link:
        if self._read_only:
            where = without_password(self._url)
            raise UsageError(f"the store at {where} was opened to be looked at", hint="open it to write, too")
        return self._at

    # -- writing

    async def _create(self, new: NewRun) -> tuple[RunRow, bool]:
        return await self._writing.writes.create(new)

    async def _append(self, run_id: RunId, write: Write) -> Appended:
        return await self._writing.writes.append(run_id, write)

    async def put_snapshot(self, run_id: RunId, snapshot: StoredSnapshot, summary: Mapping[str, Any]) -> None:
        at = self._writing
        await upkeep.put_snapshot(at.script, at.herald, run_id, snapshot, summary)

    async def trim(self, run_id: RunId, *, floor: Seq, part: Part = Part.LOG) -> None:
        await upkeep.trim(self._writing.script, run_id, floor, max(floor, 0), part)

    async def prune(self, retention: Mapping[str, Retention], *, max_rows: int = 2_000) -> int:
        at = self._writing
        return await upkeep.prune(at.script, retention, at.now_ms(), max_rows)

    async def prunable(self, retention: Mapping[str, Retention]) -> list[Prunable]:
        at = self._at
        return await upkeep.prunable(at.ask, retention, at.now_ms())

    async def prunable_jobs(self) -> list[str]:
        found = await self._at.ask_command("SMEMBERS", f"{self._prefix}jobs_to_trim")
        return sorted(job.decode() for job in found)

    async def unfolded(self, ended_s: float, after: Ended, *, limit: int = 200) -> list[RunRow]:
        at = self._at
        until_ms = parse_ms(cutoff(at.now_ms(), ended_s)) or 0
        return shown_rows(
            await at.ask("unfolded", "", parse_ms(after.finished_at) or "", after.run_id, until_ms, limit)
        )

    async def delete(self, run_id: RunId) -> None:
        at = self._writing
        await upkeep.delete(at.script, at.herald, run_id)

    # -- reading

    async def get(self, run_id: RunId) -> RunRow | None:
        _, fields, *_ = await self._at.ask("load", run_id, 0)
        kept = kept_run(fields)
        return None if kept is None else kept.shown()

    async def input(self, run_id: RunId) -> bytes | None:
        found: bytes | None = await self._at.ask_command("HGET", f"{self._prefix}run:{run_id}", "input")
        return found

    async def read(
        self,
        run_id: RunId,
        *,
        after: Cursor = START,
        limit: int = 500,
        max_bytes: int = 4_194_304,
        partial: bool = False,
    ) -> Page:
        fields, *events = await self._at.ask("read", run_id, after.seq, limit, max_bytes)
        kept = kept_run(fields)
        if kept is None:
            raise not_found(run_id)
        return page_from(kept.shown(), after, read_events(events), limit=limit, max_bytes=max_bytes, partial=partial)

    async def snapshot(self, run_id: RunId) -> StoredSnapshot | None:
        fields = ("seq", "tag", "total", "version", "body")
        found = await self._at.ask_command("HMGET", f"{self._prefix}snapshot:{run_id}", *fields)
        if found[0] is None:
            return None
        seq, tag, total, version, body = found
        return StoredSnapshot(Cursor(int(seq), tag.decode()), int(total), int(version), body)

    async def steps(self, run_id: RunId) -> dict[str, bytes]:
        found = await self._at.ask_command("HGETALL", f"{self._prefix}steps:{run_id}")
        return {key.decode(): result for key, result in zip(found[::2], found[1::2], strict=True)}

    async def list_runs(self, which: RunFilter, *, limit: int = 50) -> list[RunRow]:
        conditions = (which.owner or "", which.job or "", _asked_of_each(which))
        return shown_rows(await self._at.ask("list", "", which.before or "", limit, *conditions, *lists_of(which)))

    async def queued(self, jobs: Collection[str], *, limit: int = 20) -> list[RunRow]:
        at = self._at
        return shown_rows(await at.ask("queued", "", at.now_ms(), limit, *sorted(set(jobs))))

    async def claimed(self) -> list[RunRow]:
        return shown_rows(await self._at.ask("claimed", ""))

    async def lapsed(self) -> list[RunRow]:
        at = self._at
        return shown_rows(await at.ask("lapsed", "", at.now_ms()))

    async def asked_to_stop(self) -> list[RunRow]:
        return shown_rows(await self._at.ask("asked_to_stop", ""))

    async def durations(self, job: str, *, limit: int = 20) -> list[float]:
        found = await self._at.ask("durations", "", job, limit)
        return [(_ms(finished) - _ms(started)) / 1000 for started, finished in found]

    async def begun(self, job: str) -> list[int]:
        times, now_ms = await self._at.ask_command("LRANGE", f"{self._prefix}begun:{job}", 0, -1), self._at.now_ms()
        return [now_ms - int(at) for at in times]

    async def ended(self, after: Ended, *, limit: int = 200) -> list[RunRow]:
        return shown_rows(await self._at.ask("ended", "", parse_ms(after.finished_at) or "", after.run_id, limit))

    # -- listeners

    async def add_listener(self, name: str, *, from_beginning: bool = False) -> ListenerRow:
        at = self._writing
        since = "" if from_beginning else format_ms(at.now_ms())
        await at.command("HSETNX", f"{self._prefix}listeners", name, orjson.dumps([since, since]))
        found = await at.command("HGET", f"{self._prefix}listeners", name)
        return ListenerRow(name, *orjson.loads(found))

    async def listeners(self) -> list[ListenerRow]:
        found = await self._at.ask_command("HGETALL", f"{self._prefix}listeners")
        rows = zip(found[::2], found[1::2], strict=True)
        return [ListenerRow(name.decode(), *orjson.loads(kept)) for name, kept in sorted(rows)]

    async def move_listener(self, name: str, told_until: str, *, told: bool = False) -> None:
        at = self._writing
        await at.script("move_listener", "", name, told_until, format_ms(at.now_ms()) if told else "")

    async def remove_listener(self, name: str) -> None:
        await self._writing.command("HDEL", f"{self._prefix}listeners", name)

    async def positions(self, listener: str, run_ids: Collection[RunId]) -> dict[RunId, Cursor]:
        asked = sorted(run_ids)
        found = await self._at.ask("positions", "", listener, *asked)
        return {run_id: Cursor.parse(at.decode()) for run_id, at in zip(asked, found, strict=True) if at}

    async def move_position(self, listener: str, run_id: RunId, seen: Cursor, to: Cursor) -> bool:
        return bool(await self._writing.script("move_position", run_id, listener, str(seen), str(to)))

    # -- who is alive

    async def join(self) -> str:
        worker = new_worker_id()
        await self._writing.join(worker)
        return worker

    async def beat(self, worker: str) -> None:
        at = self._writing
        await at.script("beat", *beat_arguments(worker, 1, at.now_ms()))

    def beat_soon(self, worker: str) -> None:
        link = self._link
        if link is not None and link.process == os.getpid():
            link.beat_soon(worker)

    async def leave(self, worker: str) -> None:
        await self._writing.leave(worker)

    async def workers(self) -> Mapping[str, WorkerState]:
        at = self._at
        found = await at.ask_command("HGETALL", f"{self._prefix}workers")
        times = await at.ask_command("ZRANGE", f"{self._prefix}workers:seen", 0, -1, "WITHSCORES")
        seen = {worker: float(ms) for worker, ms in zip(times[::2], times[1::2], strict=True)}
        now_ms = at.now_ms()
        return {
            worker.decode(): WorkerState(int(beat), gone=False, silent_s=max(0, now_ms - seen.get(worker, 0)) / 1000)
            for worker, beat in zip(found[::2], found[1::2], strict=True)
        }

    async def lead(self, role: str, worker: str, *, instead_of: Leader | None = None) -> Leader:
        replaced = "" if instead_of is None else f"{instead_of.worker} {instead_of.beat}"
        leader, beat = await self._writing.script("lead", "", role, worker, replaced)
        return Leader(leader.decode(), int(beat))

    # -- settings and news

    async def setting(self, name: str) -> Any:
        encoded = await self._at.ask_command("HGET", f"{self._prefix}settings", name)
        return None if encoded is None else orjson.loads(encoded)

    async def put_setting(self, name: str, value: Any) -> None:
        at = self._writing
        await at.command("HSET", f"{self._prefix}settings", name, orjson.dumps(value))
        at.herald.anything()

    async def post(self, topic: Topic, key: str, value: Any, *, ttl_s: float | None = None) -> None:
        at = self._writing
        now_ms = at.now_ms()
        until = "+inf" if ttl_s is None else now_ms + round(ttl_s * 1000)
        await at.script("post", "", topic, key, orjson.dumps(value), until, now_ms)
        at.herald.changed(bell_of(topic), told=False)

    async def posted(self, topic: Topic, *, prefix: str = "") -> dict[str, Any]:
        at = self._at
        found = await at.ask("posted", "", topic, at.now_ms(), prefix)
        return {key.decode(): orjson.loads(value) for key, value in sorted(zip(found[::2], found[1::2], strict=True))}

    def watch(self, ring: Ring) -> Callable[[], None]:
        return self._doorbell.watch(ring)

    def statistics(self) -> Mapping[str, Any]:
        link = self._link
        if link is None:
            return {}
        return {
            "writes_waiting": link.wire.waiting,
            "reads_waiting": sum(reader.waiting for reader in link.readers),
            "calls": link.wire.calls,
            "groups": link.wire.groups,
            "tried_again": link.writes.tried_again,
            "settled": link.writes.settled,
            "watchers": len(self._doorbell),
        }


def _asked_of_each(which: RunFilter) -> str:
    """Say whether the owner and the job have to be asked of each run in the lists of `lists_of`."""
    by_group, by_owner = which.group is not None, which.owner is not None
    return f"{int(by_group and by_owner)}{int((by_group or by_owner) and which.job is not None)}"


def _ms(text: bytes) -> int:
    return parse_ms(text.decode()) or 0
