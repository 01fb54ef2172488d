"""Pictures of the itinerary for the documentation, taken of the real thing: `make screenshots`.

``--all FOLDER`` takes every state at every width in both colour schemes instead, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, expect

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import running_browser  # noqa: E402 - found only now
from tests.e2e.itinerary_site import CALM, Site  # noqa: E402
from tests.e2e.proxy import Proxy  # noqa: E402
from tests.e2e.trip_page import PATIENCE_MS, TripPage  # noqa: E402
from tests.examples.itinerary.providing import running_provider  # noqa: E402

State = Literal["form", "running", "finished", "partial", "reconnecting"]
Scheme = Literal["light", "dark"]

HEIGHTS: Final = {360: 760, 768: 1024, 1280: 1320}
TRIP: Final = {"paris": 2, "rome": 2, "lisbon": 3}
BEHIND_MS: Final = 12_000
SEARCH_S: Final = "1.0"


@dataclass(frozen=True)
class Picture:
    """One picture: a state of the page, on a screen."""

    state: State
    width: int
    scheme: Scheme

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"itinerary-{self.state}-{self.width}-{self.scheme}.png"


STATES: Final[tuple[State, ...]] = ("form", "running", "finished", "partial", "reconnecting")
ALL: Final = [Picture(state, width, scheme) for state in STATES for width in HEIGHTS for scheme in ("light", "dark")]
PUBLISHED: Final = [
    Picture("form", 1280, "light"),
    Picture("running", 1280, "light"),
    Picture("running", 360, "dark"),
    Picture("finished", 768, "dark"),
    Picture("partial", 1280, "light"),
    Picture("reconnecting", 768, "light"),
]


class Studio:
    """Takes the pictures of one state after the other.

    Args:
        whole: The whole page instead of what fits on the screen.
    """

    def __init__(self, browser: Browser, site: Site, network: Proxy, pictures: list[Picture], *, whole: bool) -> None:
        self._browser = browser
        self._site = site
        self._network = network
        self._pictures = pictures
        self._whole = whole

    async def take(self, folder: Path) -> None:
        """Take all of them."""
        await self._finished(folder)
        await self._form(folder)
        await self._running(folder)
        await self._partial(folder)
        await self._reconnecting(folder)

    async def _form(self, folder: Path) -> None:
        for picture, view in await self._views("form"):
            await view.home()
            await expect(view.button("Plan this trip")).to_be_visible()
            await expect(view.page.locator(".recent li").first).to_be_visible()
            await self._shoot(picture, view, folder)

    async def _running(self, folder: Path) -> None:
        trip = await self._begin()
        for picture, view in await self._views("running"):
            await view.open(trip)
            await view.under_way()
            await self._shoot(picture, view, folder)
        await self._end(trip)

    async def _finished(self, folder: Path) -> None:
        trip = await self._begin()
        await self._end(trip)
        for picture, view in await self._views("finished"):
            await view.open(trip)
            await view.status("Planned")
            await self._shoot(picture, view, folder)

    async def _partial(self, folder: Path) -> None:
        trip = await self._begin()
        self._site.turn(slow_city=None, down_city="lisbon")
        for picture, view in await self._views("partial"):
            await view.open(trip)
            await view.status("Partly planned")
            await view.in_state("failed").first.scroll_into_view_if_needed()
            await self._shoot(picture, view, folder)
        self._site.turn(**CALM)

    async def _reconnecting(self, folder: Path) -> None:
        trip = await self._begin()
        views = await self._views("reconnecting", self._network.url)
        for _, view in views:
            await view.page.clock.install()
            await view.open(trip)
            await view.under_way()
        await self._network.refuse()
        for picture, view in views:
            await expect(view.pill).to_have_text("Connection: Reconnecting", timeout=PATIENCE_MS)
            await view.page.clock.fast_forward(BEHIND_MS)
            await expect(view.page.locator(".outdated")).to_be_visible()
            await self._shoot(picture, view, folder)
        await self._network.accept()
        await self._end(trip)

    async def _begin(self) -> str:
        """Start a trip that has something planned, something being planned and something to come."""
        view = await self._view(self._site.url, Picture("running", 1280, "light"))
        trip = await view.plan(TRIP)
        await expect(view.day(3).locator(".map")).to_be_visible(timeout=PATIENCE_MS)
        self._site.turn(slow_city="rome", slow_extra_s=4)  # longer, and the calls of this city would fail
        await expect(view.in_state("planned").nth(1)).to_be_visible(timeout=PATIENCE_MS)
        await view.page.context.close()
        return trip

    async def _end(self, trip: str) -> None:
        self._site.turn(**CALM)
        view = await self._view(self._site.url, Picture("finished", 1280, "light"))
        await view.open(trip)
        await view.status("Planned", within_ms=2 * PATIENCE_MS)
        await view.page.context.close()

    async def _views(self, state: State, url: str | None = None) -> list[tuple[Picture, TripPage]]:
        wanted = [picture for picture in self._pictures if picture.state == state]
        return [(picture, await self._view(url or self._site.url, picture)) for picture in wanted]

    async def _view(self, url: str, picture: Picture) -> TripPage:
        screen = {"width": picture.width, "height": HEIGHTS[picture.width]}
        context = await self._browser.new_context(viewport=screen, color_scheme=picture.scheme)  # type: ignore[arg-type]
        return TripPage(await context.new_page(), url)

    async def _shoot(self, picture: Picture, view: TripPage, folder: Path) -> None:
        path = folder / picture.name
        await view.page.screenshot(path=path, full_page=self._whole, animations="disabled")
        await view.page.context.close()
        print(path)


@contextmanager
def running_site() -> Iterator[Site]:
    """Start the provider and the server, in a store of their own."""
    with tempfile.TemporaryDirectory() as folder, running_provider({**CALM}) as provider:
        site = Site(Path(folder), provider, search_s=SEARCH_S)
        site.start()
        try:
            yield site
        finally:
            site.kill()


async def main(folder: Path, pictures: list[Picture], *, whole: bool) -> None:
    """Take pictures into a folder that exists."""
    with running_site() as site:
        async with Proxy(site.port) as network, running_browser() as browser:
            await Studio(browser, site, network, pictures, whole=whole).take(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pictures of the itinerary.")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every state, width and colour scheme")
    options = parser.parse_args()
    target = options.all or ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, ALL if options.all else PUBLISHED, whole=options.all is not None))
