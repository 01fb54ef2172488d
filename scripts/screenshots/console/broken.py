"""A server that was killed."""

from __future__ import annotations

from playwright.async_api import expect

from scripts.screenshots.console.album import shoot
from scripts.screenshots.console.work import LONG
from tests.e2e.console_page import Console, Host


async def take(view: Console, host: Host) -> None:
    """A server that was killed, on every page."""
    run_id = host.run("crawl", LONG, title="Crawl archive.example")
    list_page, system_page = [Console(await view.page.context.new_page(), host.url) for _ in range(2)]
    await view.open_run(run_id)
    await list_page.open("", "Runs")
    await system_page.open("system", "System")
    await expect(view.part("Page 3")).to_contain_text("done")
    host.kill()
    await expect(view.page.get_by_text("Showing progress as of")).to_be_visible()
    await shoot(view, "broken")
    await expect(list_page.page.get_by_text("Showing runs as of")).to_be_visible()
    await shoot(list_page, "runs-broken")
    await expect(system_page.page.get_by_text("What is shown is older")).to_be_visible()
    await shoot(system_page, "system-broken")
