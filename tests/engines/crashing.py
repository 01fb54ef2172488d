"""An application for the crash tests: ten parallel items of three steps each, every run of a step noted in a file.

The store and the file of notes come by environment, so that the same module serves test and workers.
"""

import asyncio
import os
import random
import threading
import time
from pathlib import Path

from headway import Headway, Item, Plain, Run

hw = Headway()

NOTES = Path(os.environ.get("CRASHING_NOTES", "/dev/null"))
PACE = float(os.environ.get("CRASHING_PACE", "0.05"))


def note(run_id: str, key: str) -> None:
    """Write down that a step begins, in one atomic append."""
    line = f"{time.time_ns() // 1_000_000} {os.getpid()} {run_id} {key}\n"
    with NOTES.open("ab", buffering=0) as file:
        file.write(line.encode())


async def part(run: Run, item: int, step: int) -> dict[str, int]:
    """One step: streams a text, takes a while, returns what only this item and step returns."""
    note(run.id, str(run.step_key))
    async with run.output(f"text-{item}-{step}") as out:
        for number in range(5):
            await out.write(f"{item}.{step}.{number} ")
            await asyncio.sleep(random.uniform(0, PACE / 2))
    return {"item": item, "step": step}


async def work(item: Item, number: int) -> list[dict[str, int]]:
    """Three steps one after the other, a note after each."""
    done = []
    for step in range(3):
        done.append(await item.step(part, number, step, key=f"step-{step}"))
        await item.note(f"{number}.{step} is done")
    return done


def as_item(number: int) -> dict[str, str]:
    """Placeholder of an item."""
    return {"key": f"item:{number}", "title": f"Item {number}"}


@hw.job(phases={"work": 100})
async def crunch(run: Run, items: int) -> list[list[dict[str, int]]]:
    """Ten items at once."""
    return await run.map(work, range(items), phase="work", concurrency=10, item=as_item)


async def inquire(item: Item, number: int) -> str:
    """Work, ask, work: the first part must not be done again because of the question."""
    await item.step(part, number, 0, key="before")
    answer = await item.ask(int, f"What of {number}?", key="what")
    await item.step(part, number, 1, key="after")
    return f"{number}: {answer}"


@hw.job
async def inquiry(run: Run, items: int) -> list[str]:
    """Parts that ask."""
    return await run.map(inquire, range(items), item=as_item)


@hw.job
async def hold(run: Run, seconds: float) -> int:
    """Report ten times a second; returns the process that finished it."""
    for number in range(round(seconds * 10)):
        await run.progress(number, seconds * 10)
        await asyncio.sleep(0.1)
    return os.getpid()


@hw.job
async def die(run: Run) -> None:
    """Kill the process, as a fault in a native library would."""
    await run.flush()
    os.kill(os.getpid(), 9)


@hw.job
def stuck(run: Plain) -> None:
    """Plain code that hears nothing and never ends; once it has begun anew, it does."""
    if run.context.attempt == 1:
        run.progress(1, 2)
        threading.Event().wait()
