"""What all pictures have in common: their screens, their colour schemes, and where they go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from playwright.async_api import Browser, Locator, Page, ViewportSize

Scheme = Literal["light", "dark"]

ROOT: Final = Path(__file__).parents[2]
EVERYTHING: Final = ROOT / ".screenshots"
PUBLISHED_IN: Final = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Album:
    """The pictures of one page.

    Attributes:
        subject: What their files' names begin with.
        screens: Widths with their heights; the widest is the one the page is worked with.
        published: Files that go into ``docs/images/``, too, as far as they fit on a screen.
    """

    subject: str
    screens: Mapping[int, int]
    published: Collection[str]

    @asynccontextmanager
    async def page(self, browser: Browser) -> AsyncIterator[Page]:
        """Open a page in a context of its own, and close it."""
        context = await browser.new_context(viewport=self._screen(max(self.screens)))
        yield await context.new_page()
        await context.close()

    async def shoot(self, state: str, page: Page, *, whole: bool = True, centre: Locator | None = None) -> None:
        """Take a state at every width in both schemes.

        Args:
            state: How the page stands, in a word.
            page: The page.
            whole: Also what is below the screen.
            centre: What has to be in a published picture.
        """
        for folder in (EVERYTHING, PUBLISHED_IN):
            folder.mkdir(parents=True, exist_ok=True)
        for width in self.screens:
            await page.set_viewport_size(self._screen(width))
            for scheme in get_args(Scheme):
                await page.emulate_media(color_scheme=scheme)
                name = f"{self.subject}-{state}-{width}-{scheme}.png"
                await page.screenshot(path=EVERYTHING / name, full_page=whole, animations="disabled")
                if name in self.published:
                    await self._publish(name, page, centre)
        await page.set_viewport_size(self._screen(max(self.screens)))
        await page.emulate_media(color_scheme="light")
        print(f"  {state}")

    async def _publish(self, name: str, page: Page, centre: Locator | None) -> None:
        if centre is not None:
            await centre.scroll_into_view_if_needed()
        await page.screenshot(path=PUBLISHED_IN / name, animations="disabled")
        if centre is not None:
            await page.evaluate("scrollTo(0, 0)")

    def _screen(self, width: int) -> ViewportSize:
        return {"width": width, "height": self.screens[width]}
