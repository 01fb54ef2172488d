"""The system page."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from scripts.screenshots.console.album import shoot
from scripts.screenshots.console.work import LONG, post
from tests.e2e.console_page import Console, Host


async def take(view: Console, host: Host) -> None:
    """Who watches, and all that can be done about it."""
    await view.open("system", "System")
    await expect(view.page.get_by_text("Nobody watches just now.")).to_be_visible()
    await shoot(view, "system-quiet")
    running = host.run("crawl", LONG, title="Crawl docs.example")
    others = [await view.page.context.new_page() for _ in range(3)]
    for other in others:
        await other.goto(f"{host.url}/console/runs/{running}")
        await expect(other.get_by_role("tab", selected=True)).to_be_visible()
    post(host, "/v1/notices", {"text": "The server is restarted at six.", "level": "warning", "for_s": 3600})
    post(host, "/v1/notices", {"text": "Reports are late today.", "level": "info", "to": {"group": "reports"}})
    post(host, "/v1/notices", {"text": "Do not start imports: the disk is nearly full.", "level": "critical"})
    await expect(view.page.locator("[data-connection]")).to_have_count(3)
    await expect(view.page.locator("[data-notice]")).to_have_count(3)
    await asyncio.sleep(20)  # for curves that can be seen
    await shoot(view, "system")
    await view.page.get_by_text("As a table").first.click()
    await view.page.get_by_text("As a table").nth(2).click()
    await shoot(view, "system-tables")
    for name, state in (
        ("New notice", "system-new-notice"),
        ("Take away: The server is restarted at six.", "system-take-away"),
    ):
        await view.button(name).click()
        await shoot(view, state)
        await view.button("Leave it").click()
    for name in ("Say something", "Close"):
        await view.page.locator("[data-connection]").first.get_by_role("button", name=name).click()
        await shoot(view, f"system-{name.split()[0].lower()}")
        await view.button("Leave it").click()
    await view.button("Switch off: Streams").click()
    await shoot(view, "system-switch")
    await view.button("Switch off").click()
    await expect(view.page.locator("[data-transport='sse']")).to_contain_text("Off")
    await shoot(view, "system-off")
    await view.open_run(running)
    await view.pill("Polling")
    await shoot(view, "polled")
    await view.open("", "Runs")
    await view.pill("Polling")
    await shoot(view, "runs-polled")
    post(host, "/v1/transports", {"on": None})
    for other in others:
        await other.close()
