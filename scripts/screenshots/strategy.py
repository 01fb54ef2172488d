"""Pictures of the strategy's page."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, expect

from scripts.screenshots.album import Album
from tests.e2e.browsers import running_browser
from tests.e2e.strategy_page import StrategyPage
from tests.examples.strategy.serving import Application, running_application
from tests.examples.strategy.siting import Site, running, three_pages

ALBUM: Final = Album(
    "strategy",
    {360: 760, 768: 1024, 1280: 860},
    {"strategy-running-1280-light.png", "strategy-patience-768-dark.png", "strategy-ready-1280-light.png"},
)
MINUTE_MS: Final = 60_000


async def take() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as place, running(Site(three_pages())) as site:
        variables = {"HEADWAY_DEMO_STRATEGY_ALLOWED": site.host, "HEADWAY_DEMO_STRATEGY_PAGE_S": "300"}
        with running_application(Path(place), **variables) as application:
            async with running_browser() as browser:
                await _states(browser, application, site)
                await _partly(browser, application, site)


async def _states(browser: Browser, application: Application, site: Site) -> None:
    """Bring the page into one state after the other, and take each."""
    async with ALBUM.page(browser) as page:
        view = StrategyPage(page, application.server.url)
        await view.page.clock.install()
        await view.home()
        await _shoot("form", view)
        await view.order()
        await expect(view.button("To the strategy")).to_be_visible(timeout=90_000)
        await _shoot("done", view)
        await view.over()
        await _shoot("ready", view)
        await view.home()
        site.held.add("/cheese")
        await view.fill(site.url)
        await view.side("Competitors' text").get_by_role("radio", name="Sample").check()
        await view.order()
        application.until(lambda: site.asked["/cheese"] > 0)
        await _shoot("running", view)
        await view.page.clock.run_for(5 * MINUTE_MS)
        await expect(view.button("Tell me later")).to_be_visible()
        await _shoot("patience", view)
        await view.button("Tell me later").click()
        await expect(view.page.locator(".told")).to_contain_text("We'll tell you here")
        await _shoot("later", view)
        site.gate.set()


async def _partly(browser: Browser, application: Application, site: Site) -> None:
    """A strategy a competitor is missing in, and one that could not be made."""
    async with ALBUM.page(browser) as page:
        view = StrategyPage(page, application.server.url)
        for state, own, theirs in (
            ("partial", site.url, f"{site.url}missing"),
            ("failed", f"{site.url}missing", None),
        ):
            await view.home()
            await view.fill(own, theirs)
            await view.order()
            await view.over("Ready, in part" if theirs else "Failed")
            await _shoot(state, view)


async def _shoot(state: str, view: StrategyPage) -> None:
    """Take a state; behind a dialog the rest of the page is nothing to look at."""
    await ALBUM.shoot(state, view.page, whole=not await view.dialog.is_visible())
