"""Pictures of the itinerary, taken of the real thing: `make screenshots`.

Every state of the page at three widths in both colour schemes, whole, goes into ``.screenshots/`` to be looked at; a
few of them, as far as they fit on a screen, go into ``docs/images/``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from playwright.async_api import Browser, expect

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import running_browser  # noqa: E402 - found only now
from tests.e2e.itinerary_site import CALM, Site  # noqa: E402
from tests.e2e.proxy import Proxy  # noqa: E402
from tests.e2e.trip_page import TripPage  # noqa: E402
from tests.examples.itinerary.providing import running_provider  # noqa: E402

State = Literal["form", "running", "enhancing", "finished", "partial", "failed", "reconnecting", "breaking"]
Scheme = Literal["light", "dark"]

EVERYTHING: Final = ROOT / ".screenshots"
PUBLISHED_IN: Final = ROOT / "docs" / "images"
HEIGHTS: Final = {360: 760, 768: 1024, 1280: 1320}
TRIP: Final = {"paris": 2, "rome": 2, "lisbon": 3}
BEHIND_MS: Final = 12_000
SEARCH_S: Final = "1.0"
SLOW: Final = {"slow_city": "lisbon", "slow_extra_s": 4}
"""The trip hardly moves while it is photographed. Slower still, and the calls would fail."""
STEADY: Final = {"latency_min_s": 0.5, "latency_max_s": 0.7}
"""Slow enough to catch a day while its places are looked up."""


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


PUBLISHED: Final = {
    Picture("form", 1280, "light"),
    Picture("running", 1280, "light"),
    Picture("running", 360, "dark"),
    Picture("finished", 768, "dark"),
    Picture("partial", 1280, "light"),
    Picture("reconnecting", 768, "light"),
    Picture("breaking", 1280, "light"),
}


class Studio:
    """Brings the page into one state after the other, and takes the pictures of each."""

    def __init__(self, browser: Browser, site: Site, network: Proxy) -> None:
        self._browser = browser
        self._site = site
        self._network = network

    async def take(self) -> None:
        """Take all of them."""
        await self._one_trip()
        await self._partial()
        await self._failed()
        await self._form()

    async def _one_trip(self) -> None:
        """A trip from its beginning to its end, with a look at what may happen meanwhile."""
        self._site.turn(**SLOW)
        view = await self._view()
        trip = await view.plan(TRIP)
        await expect(view.planned).to_have_count(4)
        await expect(view.in_state("planning")).to_have_count(2)
        await self._shoot("running", view)
        await self._reconnecting(trip)
        self._site.turn(**CALM | STEADY)
        await expect(view.in_state("enhanced").first).to_be_visible()
        self._site.turn(**SLOW)
        await expect(view.day(5)).to_have_attribute("data-day-state", "enhancing")
        await self._shoot("enhancing", view)
        await self._breaking(trip)
        self._site.turn(**CALM)
        await view.status("Planned")
        await self._shoot("finished", view)
        await view.page.context.close()

    async def _reconnecting(self, trip: str) -> None:
        view = await self._view(self._network.url)
        await view.page.clock.install()
        await view.open(trip)
        await view.under_way()
        await self._network.refuse()
        await expect(view.pill).to_have_text("Connection: Reconnecting")
        await view.page.clock.fast_forward(BEHIND_MS)
        await expect(view.page.locator(".hw-banner")).to_be_visible()
        await self._shoot("reconnecting", view)
        await view.page.context.close()
        await self._network.accept()

    async def _breaking(self, trip: str) -> None:
        view = await self._view()
        await view.open(trip)
        await view.page.locator(".break summary").click()
        await view.button("Send in ten viewers").click()
        await expect(view.page.locator('.viewers [data-status="live"]')).to_have_count(10)
        await self._shoot("breaking", view)
        await view.page.context.close()

    async def _partial(self) -> None:
        view = await self._view()
        await view.plan(TRIP)
        await view.under_way()
        self._site.turn(down_city="lisbon")
        await view.status("Partly planned")
        await view.page.locator(".troubles summary").click()
        await self._shoot("partial", view)
        await view.page.context.close()
        self._site.turn(**CALM)

    async def _failed(self) -> None:
        view = await self._view()
        await view.home()
        await expect(view.button("Plan this trip")).to_be_visible()  # the cities come from the provider, too
        self._site.turn(down=True)
        await view.fill_in(TRIP)
        await view.status("Failed")
        await self._shoot("failed", view)
        await view.page.context.close()
        self._site.turn(**CALM)

    async def _form(self) -> None:
        view = await self._view()
        await view.home()
        await expect(view.button("Plan this trip")).to_be_visible()
        await expect(view.page.locator(".recent li").first).to_be_visible()
        await self._shoot("form", view)
        await view.page.context.close()

    async def _view(self, url: str | None = None) -> TripPage:
        context = await self._browser.new_context(viewport={"width": 1280, "height": HEIGHTS[1280]})
        return TripPage(await context.new_page(), url or self._site.url)

    async def _shoot(self, state: State, view: TripPage) -> None:
        """Take a state at every width in both schemes."""
        for width, height in HEIGHTS.items():
            await view.page.set_viewport_size({"width": width, "height": height})
            for scheme in get_args(Scheme):
                await view.page.emulate_media(color_scheme=scheme)
                picture = Picture(state, width, scheme)
                await view.page.screenshot(path=EVERYTHING / picture.name, full_page=True, animations="disabled")
                if picture in PUBLISHED:
                    await self._publish(picture, view)
        await view.page.set_viewport_size({"width": 1280, "height": HEIGHTS[1280]})
        await view.page.emulate_media(color_scheme="light")
        print(state)

    async def _publish(self, picture: Picture, view: TripPage) -> None:
        if picture.state == "partial":
            await view.in_state("failed").first.scroll_into_view_if_needed()
        await view.page.screenshot(path=PUBLISHED_IN / picture.name, animations="disabled")
        await view.page.evaluate("scrollTo(0, 0)")


@contextmanager
def running_site() -> Iterator[Site]:
    """Start the provider and the server, in a store of their own."""
    with tempfile.TemporaryDirectory() as folder, running_provider({**CALM}) as provider:
        site = Site(Path(folder), provider, search_s=SEARCH_S, kill=True)
        site.start()
        try:
            yield site
        finally:
            site.kill()


async def main() -> None:
    """Take all pictures."""
    for folder in (EVERYTHING, PUBLISHED_IN):
        folder.mkdir(parents=True, exist_ok=True)
    with running_site() as site:
        async with Proxy(site.port) as network, running_browser() as browser:
            await Studio(browser, site, network).take()
    print(f"in {EVERYTHING} and {PUBLISHED_IN}")


if __name__ == "__main__":
    asyncio.run(main())
