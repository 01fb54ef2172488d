"""Whether this process should be sent requests, and why not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from headway.errors import HeadwayError
from headway.hub.direct import why_off
from headway.ops.transports import SETTING
from headway.stores.base import Store

PATIENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """What ``/readyz`` says.

    Attributes:
        ready: Send requests here.
        report: Each part, and what is wrong with it.
    """

    ready: bool
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivering:
    """What delivers runs to worker processes.

    Attributes:
        trouble: Why it takes none at present, or None. Runs are stored all the same, and delivered later.
    """

    engine: str
    trouble: str | None = None


async def readiness(store: Store, *, started: bool, draining: bool, engine: Delivering, direct: bool) -> Readiness:
    """Look at everything an answer depends on. Takes at most two seconds.

    Args:
        store: It must answer.
        started: The application's lifespan ran.
        draining: The server is about to exit.
        engine: What delivers runs; its trouble is told, and is no reason to send nothing here.
        direct: The hand-over of streams is wanted.
    """
    trouble, processes = await _store_trouble(store) if started else ("not opened yet", 0)
    off = why_off() if direct else "switched off by HEADWAY_DIRECT"
    ready = started and not draining and trouble is None
    report = {
        "status": "ready" if ready else "draining" if draining else "not_ready",
        "started": started,
        "draining": draining,
        "store": {"name": store.caps.name, "ok": trouble is None, "trouble": trouble},
        "engine": {
            "name": engine.engine,
            "ok": engine.trouble is None,
            "trouble": engine.trouble,
            "processes": processes,
        },
        "direct": {"on": off is None, "reason": off},
    }
    return Readiness(ready, report)


async def _store_trouble(store: Store) -> tuple[str | None, int]:
    """Read something, and count the live processes that share the store."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await store.setting(SETTING)
            workers = await store.workers()
    except TimeoutError:
        return f"no answer within {PATIENCE_S:g} s", 0
    except HeadwayError as error:
        return error.detail, 0
    return None, sum(not worker.gone for worker in workers.values())
