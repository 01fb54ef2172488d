"""The list of runs."""

from __future__ import annotations

from playwright.async_api import expect

from scripts.screenshots.console.album import shoot
from scripts.screenshots.console.work import fill
from tests.e2e.console_page import Console, Host


async def take(view: Console, host: Host) -> None:
    """The list, from empty to more than a page, and what is filtered, new, or old."""
    await view.open("", "Runs")
    await expect(view.page.get_by_role("heading", name="No runs yet")).to_be_visible()
    await shoot(view, "empty")
    runs = fill(host)
    await view.open("", "Runs")
    await expect(view.row(runs["running"])).to_contain_text("%")
    await shoot(view, "runs")
    await view.page.keyboard.press("Tab")
    await view.row(runs["waiting"]).get_by_role("link").focus()
    await view.page.keyboard.press("Tab")
    await shoot(view, "runs-focus")
    await view.open("?status=failed&status=partial&group=warehouse", "Runs")
    await expect(view.row(runs["failed"])).to_be_visible()
    await shoot(view, "filtered")
    await view.open("?status=queued&job=crawl", "Runs")
    await expect(view.page.get_by_role("heading", name="No runs match")).to_be_visible()
    await shoot(view, "filtered-none")
    await view.open("", "Runs")
    await expect(view.row(runs["running"])).to_be_visible()
    for number in range(5):
        host.run("double", number)
    await expect(view.button("Show 5 new runs")).to_be_visible()
    await shoot(view, "fresh")
    for number in range(60):
        host.run("double", number, title=f"Double {number}")
    await view.open("", "Runs")
    await expect(view.page.get_by_role("link", name="Older")).to_be_visible()
    await shoot(view, "page-first")
    await view.page.get_by_role("link", name="Older").click()
    await expect(view.page.get_by_role("link", name="Newest")).to_be_visible()
    await shoot(view, "page-last")
