"""Pictures of the report's page."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import expect

from scripts.screenshots.album import Album
from tests.e2e.browsers import running_browser
from tests.e2e.report_page import PATIENCE_MS, ReportPage
from tests.examples.report.running import Demo, running_demo

ALBUM: Final = Album(
    "report",
    {360: 760, 768: 1024, 1280: 860},
    {"report-running-1280-light.png", "report-partial-768-dark.png", "report-degraded-1280-light.png"},
)
STILL_S: Final = 30
"""Nothing moves while it is photographed."""


async def take() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as place, running_demo(Path(place)) as demo:
        async with running_browser() as browser, ALBUM.page(browser) as page:
            await _states(ReportPage(page, demo.url), demo)


async def _states(view: ReportPage, demo: Demo) -> None:
    """Bring the page into one state after the other, and take each."""
    await view.home()
    await ALBUM.shoot("form", view.page)
    demo.turn(latency_s=0.8, broken=["heronping/blog"])
    await view.ask()
    await expect(view.captured.nth(4)).to_be_visible(timeout=PATIENCE_MS)
    demo.turn(latency_s=STILL_S)
    await ALBUM.shoot("running", view.page)
    await view.button("Kill its worker").click()
    demo.turn(latency_s=0)
    await view.status("Ready, in part")
    await expect(view.page.frame_locator("iframe").get_by_text("What is missing")).to_be_visible()
    await ALBUM.shoot("partial", view.page)
    with demo.frozen_database():
        await expect(view.page.locator("#degraded")).to_be_visible(timeout=PATIENCE_MS)
        await ALBUM.shoot("degraded", view.page)
    await expect(view.page.locator("#degraded")).to_be_hidden(timeout=PATIENCE_MS)
    await view.open("proj_unknown")
    await expect(view.page.get_by_role("heading", name="There is no such project")).to_be_visible()
    await ALBUM.shoot("unknown", view.page)
