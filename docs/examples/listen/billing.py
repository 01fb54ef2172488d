"""Two listeners: an invoice for each report that succeeds, a line for each that goes wrong."""

import asyncio
import os
from pathlib import Path
from typing import Any

from headway import Headway, Run, RunHandle

hw = Headway()
BOOK = Path(os.environ.get("BOOK", "book.txt"))


@hw.job
async def report(run: Run, pages: int) -> int:
    """The work itself knows nothing of invoices."""
    if pages < 0:
        raise ValueError("a report has at least no pages")
    await run.progress(pages, pages)
    return pages


def enter(line: str, key: str) -> None:
    """Write into the book, unless it is there: being told twice does no harm then."""
    if not BOOK.exists() or key not in BOOK.read_text():
        with BOOK.open("a") as book:
            book.write(f"{line} ({key})\n")


@hw.on("run.succeeded", name="billing", job=report)
async def bill(event: dict[str, Any], run: RunHandle) -> None:
    """Told at least once; run and seq together are the same each time."""
    pages = await run.result()
    await asyncio.to_thread(enter, f"{run.owner or 'somebody'} owes {pages}", f"{run.id}/{event['seq']}")


@hw.on("run.failed", "run.partial", name="trouble")
def tell_operators(event: dict[str, Any], run: Any) -> None:
    """Plain code runs in a thread; `run` has its plain face there."""
    error = run.snapshot()["error"]
    enter(f"{run.job} failed: {error['message']}", f"{run.id}/{event['seq']}")
