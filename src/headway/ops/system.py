"""How the system is, on one page: every process that works on the store, its viewers, rates and times, and the store.

Counts are since a process began; whoever wants rates takes the difference of two answers, process by process. Every
process counts for itself, so a sum over them counts nothing twice.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from headway.core.run import RunStatus
from headway.engines.behind import behind
from headway.errors import HeadwayError
from headway.hub import Hub
from headway.measures import (
    APPEND_SECONDS,
    APPEND_TO_WRITE_SECONDS,
    CONNECTS,
    EVENTS,
    LAGGED,
    RESETS,
    SENT_BYTES,
    Measure,
    Measures,
)
from headway.ops.connections import Connections, at
from headway.ops.health import Readiness
from headway.ops.processes import Answers, Processes
from headway.ops.transports import Transports
from headway.stores.base import RunFilter, RunRow, Store, WorkerState
from headway.version import VERSION

FRESH_S: Final = 1.0
"""So long an answer is given again: many may look at the page."""

QUEUED_MAX: Final = 500
"""Queued runs that are counted."""

LATE_PROBE_S: Final = 0.01

COUNTS: Final[Mapping[str, Measure]] = {
    "events": EVENTS,
    "connects": CONNECTS,
    "sent_bytes": SENT_BYTES,
    "lagged": LAGGED,
    "resets": RESETS,
}
HUB_COUNTS: Final = ("deliveries", "writes", "refused", "dropped", "failed")
HUB_SIZES: Final = ("open", "unread", "buffered_bytes", "feeds", "lists", "behind")
TIMES: Final[Mapping[str, Measure]] = {
    "append_seconds": APPEND_SECONDS,
    "append_to_write_seconds": APPEND_TO_WRITE_SECONDS,
}

Ready: TypeAlias = Callable[[], Awaitable[Readiness]]


@dataclass(frozen=True, slots=True)
class Self:
    """What a process knows of itself.

    Attributes:
        role: ``server``, ``worker``, or ``script``.
    """

    store: Store
    hub: Hub
    connections: Connections
    transports: Transports
    role: Callable[[], str]


class System:
    """See the module.

    Args:
        me: This process.
        processes: All of them.
        ready: Looks at what an answer depends on.
    """

    def __init__(self, me: Self, processes: Processes, ready: Ready) -> None:
        self._me = me
        self._processes = processes
        self._ready = ready
        self._began = time.time()
        self._looking: asyncio.Task[dict[str, Any]] | None = None
        self._looked_at = float("-inf")
        processes.give("figures", self._figures_here)

    async def look(self) -> dict[str, Any]:
        """Return how the system is, at most a second old. While the store is away it tells of this process alone."""
        now = asyncio.get_running_loop().time
        task = self._looking
        if task is None or (task.done() and (now() - self._looked_at > FRESH_S or task.exception() is not None)):
            task = self._looking = asyncio.create_task(self._look(), name="headway: system")
            self._looked_at = now()
        return await asyncio.shield(task)

    async def _look(self) -> dict[str, Any]:
        ready = await self._ready()
        try:
            answers, reach = await self._asked()
            of_store = await self._of_store()
        except HeadwayError:
            # the store has gone away since it was looked at, or was already: this process is all there is
            answers = Answers({self._processes.me or "": await self._figures_here({})})
            reach = {**answers.reach.content(), "complete": False}
            of_store = {"workers": [], "jobs": [], "jobs_complete": False, "listeners": []}
        processes = [{"id": id, **given} for id, given in sorted(answers.given.items())]
        return {
            "at": at(time.time()),
            **reach,
            "store": {**ready.report["store"], "durable": self._me.store.caps.durable},
            "engine": ready.report["engine"],
            "direct": ready.report["direct"],
            "transports": self._me.transports.shown(),
            **_sums(processes),
            "processes": processes,
            **of_store,
        }

    async def _asked(self) -> tuple[Answers, dict[str, Any]]:
        answers = await self._processes.ask("figures", {})
        return answers, answers.reach.content()

    async def stop(self) -> None:
        """Look no more. Idempotent."""
        task, self._looking = self._looking, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    # -- what the store knows

    async def _of_store(self) -> dict[str, Any]:
        store = self._me.store
        queued = await store.list_runs(RunFilter(status=[RunStatus.QUEUED]), limit=QUEUED_MAX + 1)
        claimed = [row for row in await store.claimed() if not row.external]
        return {
            "workers": _workers(await store.workers(), claimed),
            "jobs": _jobs(queued[:QUEUED_MAX], claimed),
            "jobs_complete": len(queued) <= QUEUED_MAX,
            "listeners": [
                {
                    "name": each.listener.name,
                    "lag_s": round(each.lag_s(), 3),
                    "told_at": each.listener.told_at or None,
                    "oldest_run": None if each.oldest is None else each.oldest.id,
                }
                for each in await behind(store)
            ],
        }

    # -- what this process knows

    async def _figures_here(self, _about: Mapping[str, Any]) -> dict[str, Any]:
        me, measures, hub = self._me, self._me.store.measures, self._me.hub.statistics()
        counts = {name: measures.total(measure) for name, measure in COUNTS.items()}
        return {
            "host": platform.node(),
            "pid": os.getpid(),
            "version": VERSION,
            "role": me.role(),
            "started_at": at(self._began),
            "seconds": round(time.time() - self._began, 3),
            "late_s": await _late_s(),
            "draining": self._me.hub.draining,
            "viewers": _viewers(me.connections.viewers()),
            "counts": {**counts, **{name: hub[name] for name in HUB_COUNTS}},
            "sizes": {name: hub[name] for name in HUB_SIZES},
            "times": {name: _times(measures, measure) for name, measure in TIMES.items()},
            "store": dict(me.store.statistics()),
        }


async def _late_s() -> float:
    """Measure by how much the event loop is late for what is due."""
    began = time.perf_counter()
    await asyncio.sleep(LATE_PROBE_S)
    return round(max(0.0, time.perf_counter() - began - LATE_PROBE_S), 6)


def _times(measures: Measures, measure: Measure) -> dict[str, Any]:
    timed = measures.timed(measure)
    return {"bounds": list(measure.bounds), "counts": timed.counts, "sum": timed.sum}


def _viewers(counted: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [
        {"transport": transport, "client": client, "count": count}
        for (transport, client), count in sorted(counted.items())
    ]


def _sums(processes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up what the processes told."""
    viewers: Counter[tuple[str, str]] = Counter()
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    times: dict[str, dict[str, Any]] = {}
    for process in processes:
        for one in process["viewers"]:
            viewers[one["transport"], one["client"]] += one["count"]
        counts.update(process["counts"])
        sizes.update(process["sizes"])
        for name, timed in process["times"].items():
            mine = times.setdefault(name, {**timed, "counts": [0] * len(timed["counts"]), "sum": 0.0})
            if mine["bounds"] == timed["bounds"]:  # another version may have others
                mine["counts"] = [one + other for one, other in zip(mine["counts"], timed["counts"], strict=True)]
                mine["sum"] += timed["sum"]
    return {"viewers": _viewers(viewers), "counts": dict(counts), "sizes": dict(sizes), "times": times}


def _workers(listed: Mapping[str, WorkerState], claimed: Sequence[RunRow]) -> list[dict[str, Any]]:
    """Return the processes the store lists, with the runs each of them holds."""
    return [
        {
            "id": worker,
            "gone": state.gone,
            "silent_s": None if state.silent_s is None else round(state.silent_s, 3),
            "running": [
                {"run_id": row.id, "job": row.job, "title": row.title, "attempt": row.attempt, "since": row.started_at}
                for row in claimed
                if row.worker == worker
            ],
        }
        for worker, state in sorted(listed.items())
    ]


def _jobs(queued: Sequence[RunRow], claimed: Sequence[RunRow]) -> list[dict[str, Any]]:
    """Return the jobs of which runs are queued or held."""
    oldest = {row.job: row.updated_at for row in queued}  # the newest come first
    waiting, running = Counter(row.job for row in queued), Counter(row.job for row in claimed)
    return [
        {"job": job, "queued": waiting[job], "running": running[job], "queued_since": oldest.get(job)}
        for job in sorted(waiting.keys() | running.keys())
    ]
