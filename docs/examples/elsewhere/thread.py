"""A solver that calls back from threads of its own, inside a job: `run.plain` may be used from any of them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from headway import Headway, Run

hw = Headway("memory://", worker="inline")


def solve(report: Any) -> int:
    """Search in four threads, each of which says what it found."""

    def search(part: int) -> int:
        best = part * 7 % 10
        report.custom("best", best, key=str(part))
        return best

    with ThreadPoolExecutor(4) as threads:
        return max(threads.map(search, range(4)))


@hw.job
async def plan(run: Run) -> int:
    """Keep the event loop free while the solver works."""
    return await asyncio.to_thread(solve, run.plain)


async def main() -> None:
    """Run it once and print what came out."""
    async with hw:
        handle = await hw.start(plan)
        print(await handle.result(), (await handle.snapshot())["custom"]["best"])


if __name__ == "__main__":
    asyncio.run(main())
