"""Pictures of the console."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import expect

from scripts.screenshots.album import Album
from tests.e2e.browsers import running_browser
from tests.e2e.console_page import Console, Host

ALBUM: Final = Album(
    "console",
    {360: 760, 768: 1024, 1440: 900},
    {
        "console-runs-1440-light.png",
        "console-timeline-1440-dark.png",
        "console-log-1440-light.png",
        "console-form-768-light.png",
    },
)


async def take() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as place:
        host = Host(Path(place))
        host.start()
        try:
            async with running_browser() as browser, ALBUM.page(browser) as page:
                view = Console(page, host.url)
                await _states(view, host)
                await _jobs(view)
                await _broken(view, host)
        finally:
            host.kill()


def _fill(host: Host) -> dict[str, str]:
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


async def _states(view: Console, host: Host) -> None:
    """Bring the console into one state after the other, and take each."""
    await view.open("", "Runs")
    await expect(view.page.get_by_role("heading", name="No runs yet")).to_be_visible()
    await ALBUM.shoot("empty", view.page)
    runs = _fill(host)
    await view.open("", "Runs")
    await expect(view.row(runs["running"])).to_contain_text("%")
    await ALBUM.shoot("runs", view.page)
    await view.open_run(runs["running"])
    await expect(view.part("Page 6")).to_contain_text("done")
    await ALBUM.shoot("running", view.page)
    await view.button("Cancel").click()
    await ALBUM.shoot("cancel", view.page)
    for tab in ("timeline", "results", "output", "log", "connection"):
        await view.open_run(runs["partial"], tab)
        await expect(view.page.get_by_text("Reading the log")).to_have_count(0)
        await ALBUM.shoot(tab, view.page)
    await view.open_run(runs["waiting"])
    await ALBUM.shoot("waiting", view.page)
    await view.open_run(runs["failed"])
    await ALBUM.shoot("failed", view.page)
    await view.open("runs/run_01a21e300e4672278974fe753b18a75c", "There is no such run")
    await ALBUM.shoot("unknown", view.page)


async def _jobs(view: Console) -> None:
    """The jobs, a form, and what it says of what is wrong."""
    await view.open("jobs", "Jobs")
    await ALBUM.shoot("jobs", view.page)
    await view.open("jobs?job=book", "Jobs")
    await view.page.get_by_label("With address").check()
    await ALBUM.shoot("form", view.page)
    await view.button("Start").click()
    await ALBUM.shoot("form-wrong", view.page)


async def _broken(view: Console, host: Host) -> None:
    """A server that was killed."""
    await view.open_run(host.run("crawl", {"pages": 90, "delay_s": 2}, title="Crawl archive.example"))
    await expect(view.part("Page 3")).to_contain_text("done")
    host.kill()
    await expect(view.page.get_by_text("Showing progress as of")).to_be_visible()
    await ALBUM.shoot("broken", view.page)
