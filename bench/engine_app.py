"""An application whose jobs say when they begin: `headway worker` runs it under every engine."""

from __future__ import annotations

import asyncio
import os
import time

from headway import Headway, Run

EVENT = "bench"

hw = Headway(worker="none")


@hw.job
async def begun(run: Run) -> None:
    """Say when and where it begins."""
    await run.custom(EVENT, {"at": time.monotonic_ns(), "pid": os.getpid()})


@hw.job
async def patient(run: Run) -> None:
    """Say it, and go on until somebody ends it."""
    await begun(run)
    await run.flush()
    await asyncio.sleep(3600)


@hw.job
async def empty(run: Run) -> None:
    """Do nothing."""


@hw.job
async def stepped(run: Run, count: int) -> None:
    """Do so many steps with nothing in them."""
    for number in range(count):
        await run.step(nothing, key=f"step-{number}")


async def nothing() -> None:
    """A step."""
