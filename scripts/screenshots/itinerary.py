"""Pictures of the itinerary."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, expect

from scripts.screenshots.album import Album
from tests.e2e.browsers import running_browser
from tests.e2e.itinerary_site import CALM, Site
from tests.e2e.proxy import Proxy
from tests.e2e.trip_page import TripPage
from tests.examples.itinerary.providing import running_provider

ALBUM: Final = Album(
    "itinerary",
    {360: 760, 768: 1024, 1280: 1320},
    {
        "itinerary-form-1280-light.png",
        "itinerary-running-1280-light.png",
        "itinerary-running-360-dark.png",
        "itinerary-finished-768-dark.png",
        "itinerary-partial-1280-light.png",
        "itinerary-reconnecting-768-light.png",
        "itinerary-breaking-1280-light.png",
    },
)
TRIP: Final = {"paris": 2, "rome": 2, "lisbon": 3}
BEHIND_MS: Final = 12_000
SEARCH_S: Final = "1.0"
SLOW: Final = {"slow_city": "lisbon", "slow_extra_s": 4}
"""The trip hardly moves while it is photographed. Slower still, and the calls would fail."""
STEADY: Final = {"latency_min_s": 0.5, "latency_max_s": 0.7}
"""Slow enough to catch a day while its places are looked up."""


async def take() -> None:
    """Take all of them."""
    with _running_site() as site:
        async with Proxy(site.port) as network, running_browser() as browser:
            await Studio(browser, site, network).take()


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
        async with self._view() as view:
            trip = await view.plan(TRIP)
            await expect(view.planned).to_have_count(4)
            await expect(view.in_state("planning")).to_have_count(2)
            await ALBUM.shoot("running", view.page)
            await self._reconnecting(trip)
            self._site.turn(**CALM | STEADY)
            await expect(view.in_state("enhanced").first).to_be_visible()
            self._site.turn(**SLOW)
            await expect(view.day(5)).to_have_attribute("data-day-state", "enhancing")
            await ALBUM.shoot("enhancing", view.page)
            await self._breaking(trip)
            self._site.turn(**CALM)
            await view.status("Planned")
            await ALBUM.shoot("finished", view.page)

    async def _reconnecting(self, trip: str) -> None:
        async with self._view(self._network.url) as view:
            await view.page.clock.install()
            await view.open(trip)
            await view.under_way()
            await self._network.refuse()
            await expect(view.pill).to_have_text("Connection: Reconnecting")
            await view.page.clock.fast_forward(BEHIND_MS)
            await expect(view.page.locator(".hw-banner")).to_be_visible()
            await ALBUM.shoot("reconnecting", view.page)
            await self._network.accept()

    async def _breaking(self, trip: str) -> None:
        async with self._view() as view:
            await view.open(trip)
            await view.page.locator(".break summary").click()
            await view.button("Send in ten viewers").click()
            await expect(view.page.locator('.viewers [data-status="live"]')).to_have_count(10)
            await ALBUM.shoot("breaking", view.page)

    async def _partial(self) -> None:
        async with self._view() as view:
            await view.plan(TRIP)
            await view.under_way()
            self._site.turn(down_city="lisbon")
            await view.status("Partly planned")
            await view.page.locator(".troubles summary").click()
            await ALBUM.shoot("partial", view.page, centre=view.in_state("failed").first)
            self._site.turn(**CALM)

    async def _failed(self) -> None:
        async with self._view() as view:
            await view.home()
            await expect(view.button("Plan this trip")).to_be_visible()  # the cities come from the provider, too
            self._site.turn(down=True)
            await view.fill_in(TRIP)
            await view.status("Failed")
            await ALBUM.shoot("failed", view.page)
            self._site.turn(**CALM)

    async def _form(self) -> None:
        async with self._view() as view:
            await view.home()
            await expect(view.button("Plan this trip")).to_be_visible()
            await expect(view.page.locator(".recent li").first).to_be_visible()
            await ALBUM.shoot("form", view.page)

    @asynccontextmanager
    async def _view(self, url: str | None = None) -> AsyncIterator[TripPage]:
        async with ALBUM.page(self._browser) as page:
            yield TripPage(page, url or self._site.url)


@contextmanager
def _running_site() -> Iterator[Site]:
    """Start the provider and the server, in a store of their own."""
    with tempfile.TemporaryDirectory() as folder, running_provider({**CALM}) as provider:
        site = Site(Path(folder), provider, search_s=SEARCH_S, kill=True)
        site.start()
        try:
            yield site
        finally:
            site.kill()
