"""An application whose jobs note each execution of theirs in a file: the tests of every engine run it."""

import asyncio
import os

from docs.examples.engines.dramatiq_engine import DramatiqEngine
from headway import Headway, Run
from headway.engines import Engine
from headway.engines.celery import CeleryEngine
from tests.engines.crashing import note


def own_engine(url: str) -> Engine:
    """The engine the documentation shows, on a queue that belongs to a store of Redis."""
    server, _, prefix = url.partition("?prefix=")
    return DramatiqEngine(server, namespace=f"{prefix}dramatiq")


hw = Headway(worker="none", engine=own_engine(os.environ["DRAMATIQ"]) if "DRAMATIQ" in os.environ else None)
if "VISIBILITY_S" in os.environ and isinstance(hw.engine, CeleryEngine):
    hw.engine.app.conf.broker_transport_options["visibility_timeout"] = int(os.environ["VISIBILITY_S"])


@hw.job
async def once(run: Run, seconds: float) -> int:
    """Takes a while; returns the process that finished it."""
    note(run.id, "once")
    await run.progress(1, 2)
    await asyncio.sleep(seconds)
    return os.getpid()


@hw.job
async def long_at_first(run: Run) -> None:
    """Does not end in its first attempt."""
    note(run.id, "long_at_first")
    if run.context.attempt == 1:
        await asyncio.Event().wait()


@hw.job(priority=9)
async def urgent(run: Run) -> None:
    """Goes before the others of its queue."""
    note(run.id, "urgent")


@hw.job(queue="narrow", concurrency=1)
async def narrow(run: Run, seconds: float) -> None:
    """In a queue of its own, one at once over all processes."""
    note(run.id, "narrow")
    await asyncio.sleep(seconds)


@hw.job(rate="2/s")
async def paced(run: Run) -> None:
    """Begins twice a second over all processes."""
    note(run.id, "paced")


@hw.job(queue="elsewhere")
async def elsewhere(run: Run) -> None:
    """In a queue few work on."""
    note(run.id, "elsewhere")


@hw.job
async def die(run: Run) -> None:
    """Kill the process, as a fault in a native library would."""
    note(run.id, "die")
    await run.flush()
    os.kill(os.getpid(), 9)
