"""Drops what has outlived its retention, as fast as the store lets it: `python -m bench.pruner FILE`.

A process of its own beside a server, so that it competes for the file's lock. Prints 0 when it begins, then how many
events it went over in each transaction.
"""

from __future__ import annotations

import asyncio
import sys

from headway.engines.retention import retentions
from headway.stores.retention import Retention
from headway.stores.sqlite import SqliteStore


async def main(file: str) -> None:
    """Prune until nothing is left, or this process is stopped."""
    store = SqliteStore(file)
    await store.open()
    print(0, flush=True)
    try:
        while done := await store.prune(await retentions(store, Retention())):
            print(done, flush=True)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
