"""Pictures of the console, taken of the real thing: `make screenshots`.

Every page and state at three widths in both colour schemes goes into ``.screenshots/``, some of them into
``docs/images/``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal, get_args

from playwright.async_api import Browser, expect

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import running_browser  # noqa: E402 - found only now
from tests.e2e.console_page import Console, Host  # noqa: E402

Scheme = Literal["light", "dark"]

EVERYTHING: Final = ROOT / ".screenshots"
PUBLISHED_IN: Final = ROOT / "docs" / "images"
HEIGHTS: Final = {360: 760, 768: 1024, 1440: 900}
PUBLISHED: Final = {
    "console-runs-1440-light.png",
    "console-timeline-1440-dark.png",
    "console-log-1440-light.png",
    "console-form-768-light.png",
}


class Photographer:
    """Takes pictures of one console.

    Args:
        view: The console.
    """

    def __init__(self, view: Console) -> None:
        self.view = view

    async def shoot(self, state: str) -> None:
        """Take a state at every width in both schemes."""
        page = self.view.page
        for width, height in HEIGHTS.items():
            await page.set_viewport_size({"width": width, "height": height})
            for scheme in get_args(Scheme):
                await page.emulate_media(color_scheme=scheme)
                name = f"console-{state}-{width}-{scheme}.png"
                await page.screenshot(path=EVERYTHING / name, full_page=True, animations="disabled")
                if name in PUBLISHED:
                    await page.screenshot(path=PUBLISHED_IN / name, animations="disabled")
        await page.set_viewport_size({"width": 1440, "height": HEIGHTS[1440]})
        await page.emulate_media(color_scheme="light")
        print(state)


def fill(host: Host) -> dict[str, str]:
    """Start runs of every kind; return their ids by what they are."""
    host.go_offline(True)
    found = {
        "queued soon": host.run("double", 21, title="Double the order"),
        "failed": host.run("import_rows", title="Nightly import", group="warehouse"),
        "partial": host.run("crawl", {"pages": 14, "delay_s": 0.4, "broken": [3, 9]}, title="Crawl example.org"),
        "waiting": host.run("order", "a desk lamp", title="Order a desk lamp", group="office"),
    }
    host.until(found["partial"], "partial")
    found["running"] = host.run(
        "crawl",
        {"site": "docs.example", "pages": 240, "delay_s": 2, "broken": [4]},
        title="Crawl docs.example",
        group="docs",
    )
    return found


async def take(photographer: Photographer, host: Host) -> None:
    """Bring the console into one state after the other, and take each."""
    view, shoot = photographer.view, photographer.shoot
    await view.open("", "Runs")
    await expect(view.page.get_by_role("heading", name="No runs yet")).to_be_visible()
    await shoot("empty")
    runs = fill(host)
    await view.open("", "Runs")
    await expect(view.row(runs["running"])).to_contain_text("%")
    await shoot("runs")
    await view.open_run(runs["running"])
    await expect(view.part("Page 6")).to_contain_text("done")
    await shoot("running")
    await view.button("Cancel").click()
    await shoot("cancel")
    for tab in ("timeline", "results", "output", "log", "connection"):
        await view.open_run(runs["partial"], tab)
        await expect(view.page.get_by_text("Reading the log")).to_have_count(0)
        await shoot(tab)
    await view.open_run(runs["waiting"])
    await shoot("waiting")
    await view.open_run(runs["failed"])
    await shoot("failed")
    await view.open("runs/run_01a21e300e4672278974fe753b18a75c", "This run cannot be shown")
    await shoot("unknown")
    await take_jobs(photographer)
    await take_broken(photographer, host)


async def take_jobs(photographer: Photographer) -> None:
    """The jobs, a form, and what it says of what is wrong."""
    view = photographer.view
    await view.open("jobs", "Jobs")
    await photographer.shoot("jobs")
    await view.open("jobs?job=book", "Jobs")
    await view.page.get_by_label("With address").check()
    await photographer.shoot("form")
    await view.button("Start").click()
    await photographer.shoot("form-wrong")


async def take_broken(photographer: Photographer, host: Host) -> None:
    """A server that was killed."""
    view = photographer.view
    await view.open_run(host.run("crawl", {"pages": 90, "delay_s": 2}, title="Crawl archive.example"))
    await expect(view.part("Page 3")).to_contain_text("done")
    host.kill()
    await expect(view.page.get_by_text("Showing progress as of")).to_be_visible()
    await photographer.shoot("broken")


@asynccontextmanager
async def console(browser: Browser, url: str) -> AsyncIterator[Console]:
    """Open the console."""
    context = await browser.new_context(viewport={"width": 1440, "height": HEIGHTS[1440]})
    yield Console(await context.new_page(), url)
    await context.close()


async def main() -> None:
    """Take all pictures."""
    for folder in (EVERYTHING, PUBLISHED_IN):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        host = Host(Path(place))
        host.start()
        try:
            async with running_browser() as browser, console(browser, host.url) as view:
                await take(Photographer(view), host)
        finally:
            host.kill()
    print(f"in {EVERYTHING} and {PUBLISHED_IN}")


if __name__ == "__main__":
    asyncio.run(main())
