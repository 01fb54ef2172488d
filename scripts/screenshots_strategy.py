"""Pictures of the strategy's page, taken of the real thing: `make screenshots`.

Every state at three widths in both colour schemes goes into ``.screenshots/``, some of them into ``docs/images/``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal, get_args

from playwright.async_api import Browser, expect

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import running_browser  # noqa: E402 - found only now
from tests.e2e.strategy_page import StrategyPage  # noqa: E402
from tests.examples.strategy.serving import Application, running_application  # noqa: E402
from tests.examples.strategy.siting import Site, running, three_pages  # noqa: E402

Scheme = Literal["light", "dark"]

EVERYTHING: Final = ROOT / ".screenshots"
PUBLISHED_IN: Final = ROOT / "docs" / "images"
HEIGHTS: Final = {360: 760, 768: 1024, 1280: 860}
PUBLISHED: Final = {
    "strategy-running-1280-light.png",
    "strategy-patience-768-dark.png",
    "strategy-ready-1280-light.png",
}
MINUTE_MS: Final = 60_000


async def take(browser: Browser, application: Application, site: Site) -> None:
    """Bring the page into one state after the other, and take each."""
    context = await browser.new_context(viewport={"width": 1280, "height": HEIGHTS[1280]})
    view = StrategyPage(await context.new_page(), application.server.url)
    await view.page.clock.install()
    await view.home()
    await shoot("form", view)
    await view.order()
    await expect(view.button("To the strategy")).to_be_visible(timeout=90_000)
    await shoot("done", view)
    await view.over()
    await shoot("ready", view)
    await view.home()
    site.held.add("/cheese")
    await view.fill(site.url)
    await view.side("Competitors' text").get_by_role("radio", name="Sample").check()
    await view.order()
    application.until(lambda: site.asked["/cheese"] > 0)
    await shoot("running", view)
    await view.page.clock.run_for(5 * MINUTE_MS)
    await expect(view.button("Tell me later")).to_be_visible()
    await shoot("patience", view)
    await view.button("Tell me later").click()
    await expect(view.page.locator(".told")).to_contain_text("We'll tell you here")
    await shoot("later", view)
    site.gate.set()
    await context.close()
    await taken_partly(browser, application, site)


async def taken_partly(browser: Browser, application: Application, site: Site) -> None:
    """A strategy a competitor is missing in, and one that could not be made."""
    context = await browser.new_context(viewport={"width": 1280, "height": HEIGHTS[1280]})
    view = StrategyPage(await context.new_page(), application.server.url)
    for state, own, theirs in (
        ("partial", site.url, f"{site.url}missing"),
        ("failed", f"{site.url}missing", None),
    ):
        await view.home()
        await view.fill(own, theirs)
        await view.order()
        await view.over("Ready, in part" if theirs else "Failed")
        await shoot(state, view)
    await context.close()


async def shoot(state: str, view: StrategyPage) -> None:
    """Take a state at every width in both schemes."""
    whole = not await view.dialog.is_visible()
    for width, height in HEIGHTS.items():
        await view.page.set_viewport_size({"width": width, "height": height})
        for scheme in get_args(Scheme):
            await view.page.emulate_media(color_scheme=scheme)
            name = f"strategy-{state}-{width}-{scheme}.png"
            await view.page.screenshot(path=EVERYTHING / name, full_page=whole, animations="disabled")
            if name in PUBLISHED:
                await view.page.screenshot(path=PUBLISHED_IN / name, animations="disabled")
    await view.page.set_viewport_size({"width": 1280, "height": HEIGHTS[1280]})
    await view.page.emulate_media(color_scheme="light")
    print(state)


async def main() -> None:
    """Take all pictures."""
    for folder in (EVERYTHING, PUBLISHED_IN):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, running(Site(three_pages())) as site:
        variables = {"HEADWAY_DEMO_STRATEGY_ALLOWED": site.host, "HEADWAY_DEMO_STRATEGY_PAGE_S": "300"}
        with running_application(Path(place), **variables) as application:
            async with running_browser() as browser:
                await take(browser, application, site)
    print(f"in {EVERYTHING} and {PUBLISHED_IN}")


if __name__ == "__main__":
    asyncio.run(main())
