"""A run in each of its statuses, and its tabs."""

from __future__ import annotations

import re
from typing import Final

from playwright.async_api import expect

from scripts.screenshots.console.album import shoot
from scripts.screenshots.console.work import awkward, fill, post
from tests.e2e.console_page import Console, Host

TABS: Final = ("timeline", "results", "output", "log", "connection")


async def take(view: Console, host: Host) -> None:
    """A run in each of its statuses, and its tabs."""
    runs = fill(host)
    await view.open_run(runs["running"])
    await expect(view.part("Page 4").locator(".tick")).to_be_visible()
    await shoot(view, "running")
    await view.tab("Results").click()
    await shoot(view, "retrying")
    await view.button("Cancel").click()
    await shoot(view, "cancel")
    await view.page.keyboard.press("Escape")
    for tab in TABS:
        await view.open_run(runs["partial"], tab)
        await expect(view.page.get_by_text("Reading the log")).to_have_count(0)
        await shoot(view, tab)
    for status in ("queued", "waiting", "stopping", "cancelled", "failed", "succeeded"):
        for tab in ("timeline", "results"):
            await view.open_run(runs[status], tab)
            await expect(view.page.get_by_text("Reading the log")).to_have_count(0)
            await shoot(view, f"{status}-{tab}")
    for tab in ("output", "log"):
        await view.open_run(runs["queued"], tab)
        await expect(view.page.get_by_role("heading", name=re.compile("^No "))).to_be_visible()
        await shoot(view, f"no-{tab}")
    await view.open_run(runs["partial"], "log")
    await view.page.get_by_label("Search").fill("reading page=1")
    await view.button("Pause").click()
    await shoot(view, "log-searched")
    await view.open("runs/run_01a21e300e4672278974fe753b18a75c", "There is no such run")
    await shoot(view, "unknown")
    await view.open("no/such/page", "There is no such page")
    await shoot(view, "no-page")
    await _awkward(view, host)
    await _noticed(view, host, runs["running"])


async def _awkward(view: Console, host: Host) -> None:
    run_id = awkward(host)
    for tab in ("timeline", "results", "output"):
        await view.open_run(run_id, tab)
        await expect(view.page.get_by_text("Reading the log")).to_have_count(0)
        await shoot(view, f"awkward-{tab}")


async def _noticed(view: Console, host: Host, run_id: str) -> None:
    """Words of the operators."""
    for level in ("info", "warning", "critical"):
        post(host, "/v1/notices", {"text": f"This is {level}: the server is restarted at six.", "level": level})
    await view.open_run(run_id, "output")
    await expect(view.page.get_by_text("From the operators")).to_have_count(3)
    await shoot(view, "noticed")
