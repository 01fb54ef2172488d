"""The page of the report example: what stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from playwright.async_api import Locator, Page, expect

from tests.e2e.trip_page import ALL_RULES, AXE, COLOURS

PATIENCE_MS: Final = 60_000


class ReportPage:
    """A browser page.

    Args:
        page: The browser's.
        url: Of the demo.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    async def home(self) -> None:
        """Open the form."""
        await self.page.goto(f"{self.url}/#/")
        await expect(self.button("Make the report")).to_be_visible()

    async def ask(self) -> str:
        """Ask for a report on the demo's companies; return the project's id."""
        await self.home()
        await self.button("Make the report").click()
        await self.page.wait_for_url("**/#/projects/*")
        await expect(self.cards).to_have_count(3)
        return self.page.url.rpartition("/")[2]

    async def open(self, project_id: str) -> None:
        """Open a project by its address."""
        await self.page.goto(f"{self.url}/#/projects/{project_id}")

    def button(self, name: str) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def cards(self) -> Locator:
        """The competitors."""
        return self.page.locator(".card")

    @property
    def captured(self) -> Locator:
        """Pages that were captured."""
        return self.page.locator(".card .pages li")

    def phase(self, name: str) -> Locator:
        """A phase of the strip, with how far it is."""
        return self.page.locator(".phases li").filter(has_text=name)

    async def status(self, word: str) -> None:
        """Wait until the report stands as wanted."""
        await expect(self.page.locator("#status")).to_have_text(word, timeout=PATIENCE_MS)

    async def accessible(self) -> None:
        """Let axe look at the page, and at its colours by night. The report in its frame is looked at by itself."""
        await self.page.evaluate(AXE.read_text())
        complaints = await self._complaints(ALL_RULES)
        await self.page.emulate_media(color_scheme="dark")
        complaints += await self._complaints(COLOURS)
        await self.page.emulate_media(color_scheme="light")
        assert not complaints, "\n".join(complaints)

    async def _complaints(self, rules: Mapping[str, object]) -> list[str]:
        options = {"runOnly": rules, "resultTypes": ["violations"], "iframes": False}
        found = await self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    async def fits(self, width: int) -> None:
        """Nothing sticks out of a screen so wide."""
        await self.page.set_viewport_size({"width": width, "height": 800})
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= width
        await self.page.set_viewport_size({"width": 1280, "height": 900})
