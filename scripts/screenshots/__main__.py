"""``python -m scripts.screenshots [itinerary|report|console|strategy ...]``: all pictures, or those of some pages."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from scripts.screenshots import console, itinerary, report, strategy
from scripts.screenshots.album import EVERYTHING, PUBLISHED_IN

PAGES: Final[dict[str, Callable[[], Awaitable[None]]]] = {
    "itinerary": itinerary.take,
    "report": report.take,
    "console": console.take,
    "strategy": strategy.take,
}


async def take(pages: list[str]) -> None:
    """Take the pictures of some pages, or of all."""
    for page in pages or PAGES:
        print(page)
        await PAGES[page]()
    print(f"in {EVERYTHING} and {PUBLISHED_IN}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__)
    parser.add_argument("pages", nargs="*", help="of which pages; without any, of all", metavar="page")
    wanted = parser.parse_args().pages
    if unknown := set(wanted) - PAGES.keys():
        parser.error(f"there is no page {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}")
    asyncio.run(take(wanted))
