"""The network between the page and the server is cut, stalled, slow, gone, or lets no stream through."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Open
from tests.e2e.itinerary_site import Site
from tests.e2e.proxy import Proxy
from tests.e2e.trip_page import CONNECTED, LONG, SHORT

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

BEHIND_MS = 11_000
"""Longer than a page stays silent about being behind."""


async def test_connections_are_cut(open_page: Open, site: Site, network: Proxy) -> None:
    """Again and again: nobody notices."""
    view = await open_page(network.url)
    trip = await view.plan(LONG)
    cuts = 3
    for planned in range(cuts):
        await expect(view.planned.nth(planned)).to_be_visible()
        network.cut()
        await expect(view.days).to_have_count(sum(LONG.values()))
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
    assert network.accepted > cuts


async def test_a_stalled_connection_is_noticed(open_page: Open, site: Site, network: Proxy) -> None:
    """Nothing breaks and nothing comes: the heartbeat is missed, the page connects anew and catches up."""
    view = await open_page(network.url)
    site.turn(slow_city="rome", slow_extra_s=3)
    trip = await view.plan(LONG)
    await view.under_way()
    network.stall()
    await expect(view.pill).to_have_text("Connection: Reconnecting")
    network.flow()
    await expect(view.pill).to_have_text(CONNECTED)
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_a_slow_network(open_page: Open, site: Site, network: Proxy) -> None:
    """Everything comes late; nothing else happens."""
    network.delay_s = 0.3
    view = await open_page(network.url)
    trip = await view.plan(SHORT)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_a_long_outage_is_told_and_forgotten(open_page: Open, site: Site, network: Proxy) -> None:
    """The page says as of when it is true and blanks nothing; once it is back it says no more about it."""
    view = await open_page(network.url)
    await view.page.clock.install()
    site.turn(slow_city="rome")
    trip = await view.plan(LONG)
    await view.under_way()
    await network.refuse()
    await expect(view.pill).to_have_text("Connection: Reconnecting")
    await view.page.clock.fast_forward(BEHIND_MS)
    bar = view.page.locator(".hw-banner")
    await expect(bar).to_have_text(re.compile(r"Showing the plan as of \d\d:\d\d:\d\d\. The job keeps running\."))
    await expect(view.page.get_by_role("status")).to_contain_text("Connection lost.")
    await expect(view.days).to_have_count(sum(LONG.values()))
    await expect(view.planned.first).to_be_visible()
    await view.accessible()
    connect = await view.button("Retry now").element_handle()
    site.turn(slow_city=None)
    await network.accept()
    await connect.dispatch_event("click")  # the page may come back by itself in this very moment, and the button go
    await expect(bar).to_have_count(0)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_polling_where_streams_do_not_get_through(open_page: Open, site: Site) -> None:
    """A proxy in between ends every stream: the page polls, says so, and misses nothing."""
    view = await open_page(site.url)
    await view.page.route(re.compile(r"/stream(\?|$)"), lambda route: route.abort())
    site.turn(slow_city="rome", slow_extra_s=1.5)
    trip = await view.plan(LONG)
    await expect(view.pill).to_have_text("Connection: Polling")
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
