"""The jobs and their forms."""

from __future__ import annotations

import re

from playwright.async_api import expect

from scripts.screenshots.console.album import shoot
from tests.e2e.console_page import Console, Host


async def take(view: Console, _: Host) -> None:
    """The jobs, a form, and what it says of what is wrong."""
    await view.open("jobs", "Jobs")
    await expect(view.page.get_by_role("link", name=re.compile("^book"))).to_be_visible()
    await shoot(view, "jobs")
    await view.open("jobs?job=none", "Jobs")
    await expect(view.page.get_by_role("heading", name="There is no job none")).to_be_visible()
    await shoot(view, "job-unknown")
    await view.open("jobs?job=import_rows", "Jobs")
    await view.page.get_by_text("Title and group").click()
    await shoot(view, "form-nothing")
    await view.open("jobs?job=book", "Jobs")
    await view.page.get_by_label("With address").check()
    await shoot(view, "form")
    await view.button("Start").click()
    await shoot(view, "form-wrong")
    await view.page.get_by_label("Edit as JSON").check()
    await shoot(view, "form-json")
    await view.page.get_by_label("JSON", exact=True).fill(
        '{"guest": "Ada", "arrival": "2026-12-01", "wishes": {"view": 3}}'
    )
    await view.button("Start").click()
    await expect(view.page.get_by_role("alert")).to_be_visible()
    await shoot(view, "form-refused")
    await view.open("jobs?job=double", "Jobs")
    await view.page.locator(".schema-form input").first.fill("21")
    await view.button("Start").click()
    await expect(view.page.get_by_role("heading", level=1)).to_be_focused()
    await view.status("Succeeded")
    await shoot(view, "started")
