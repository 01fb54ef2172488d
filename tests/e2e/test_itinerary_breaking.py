"""The panel “Try to break it”: each of its buttons breaks something, and the trip ends as if it had not."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import Open
from tests.e2e.itinerary_site import Site
from tests.e2e.trip_page import LONG, SHORT, TripPage, plans

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def open_panel(view: TripPage) -> Locator:
    """Open the panel, and return it."""
    panel = view.page.locator(".break")
    await panel.locator("summary").press("Enter")
    await expect(panel.get_by_role("heading", name="My connection")).to_be_visible()
    return panel


def fact(panel: Locator, name: str) -> Locator:
    """What the panel says of something."""
    return panel.locator(f'dt:has-text("{name}") + dd')


async def test_my_connection_is_cut(open_page: Open, site: Site) -> None:
    """Each time another one is made, the button keeps the focus, and it ends with all of the trip on the page."""
    view = await open_page(site.url)
    site.turn(slow_city="rome", slow_extra_s=1)
    trip = await view.plan(LONG)
    panel = await open_panel(view)
    cut, made = panel.get_by_role("button", name="Cut it"), fact(panel, "Connections made")
    await expect(made).not_to_have_text("0")
    for _ in range(3):
        await expect(cut).to_be_enabled()
        before = await made.text_content()
        await cut.press("Enter")
        await expect(made).not_to_have_text(before or "")
        await expect(view.days).to_have_count(sum(LONG.values()))
        await expect(cut).to_be_focused()
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
    await expect(fact(panel, "Being read now")).to_have_text("0")
    await expect(cut).to_be_disabled()  # there is nothing to cut any more


async def test_my_connection_is_stalled(open_page: Open, site: Site) -> None:
    """What comes is not read: the page falls behind, says so, and catches up when it is read again."""
    view = await open_page(site.url)
    site.turn(slow_city="rome", slow_extra_s=1)
    trip = await view.plan(SHORT)
    panel = await open_panel(view)
    stall = panel.get_by_role("switch", name="Stall it")
    await stall.check()
    await expect(view.pill).to_have_text("Connection: Reconnecting")
    await view.accessible()
    behind = (await view.read())["seq"]
    site.turn(slow_city=None)
    while site.snapshot(trip)["seq"] <= behind:
        await asyncio.sleep(0.05)
    await stall.uncheck()
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_ten_viewers_agree(open_page: Open, site: Site) -> None:
    """Ten more, from the server's side: all of them follow to the end, and show the same."""
    view = await open_page(site.url)
    site.turn(slow_city="rome", slow_extra_s=1)
    trip = await view.plan(LONG)
    panel = await open_panel(view)
    await panel.get_by_role("button", name="Send in ten viewers").press("Enter")
    viewers = panel.get_by_role("list", name="Viewers").get_by_role("listitem")
    await expect(viewers).to_have_count(10)
    await expect(panel.locator('.viewers [data-status="live"]')).to_have_count(10)
    await expect(panel).to_contain_text("Whoever is at the same event shows exactly the same.")
    await view.accessible()
    await view.fits(360)
    await panel.get_by_role("button", name="Send them away").press("Enter")
    await expect(viewers).to_have_count(0)
    await panel.get_by_role("button", name="Send in ten viewers").press("Enter")
    await expect(viewers).to_have_count(10)
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
    await expect(panel.get_by_role("alert")).to_have_count(0)
    await expect(panel.get_by_role("button", name="Send in ten viewers")).to_be_disabled()


async def test_the_worker_is_killed_from_the_page(open_page: Open, mortal_site: Site) -> None:
    """The page stays connected while another worker takes over."""
    view = await open_page(mortal_site.url)
    mortal_site.turn(slow_city="rome")
    trip = await view.plan(LONG)
    panel = await open_panel(view)
    await view.under_way()
    before = await view.read()
    await panel.get_by_role("button", name="Kill the worker").press("Enter")
    await expect(panel).to_contain_text(re.compile(r"Killed at \d\d:\d\d:\d\d"))
    mortal_site.turn(slow_city=None)
    await view.status("Planned")
    snapshot = mortal_site.snapshot(trip)
    await view.shows(snapshot)
    assert [execution["outcome"] for execution in snapshot["executions"]] == ["lost", "succeeded"]
    assert plans(before).items() <= plans(await view.read()).items()
    await expect(panel.get_by_role("button", name="Kill the worker")).to_be_disabled()


async def test_the_server_is_killed_from_the_page(open_page: Open, mortal_site: Site) -> None:
    """The page that did it and another one come back, and show the same in the end."""
    view, other = await open_page(mortal_site.url), await open_page(mortal_site.url)
    mortal_site.turn(slow_city="rome", slow_extra_s=1)
    trip = await view.plan(LONG)
    await other.open(trip)
    panel = await open_panel(view)
    await view.under_way()
    before = await view.read()
    await view.page.set_viewport_size({"width": 360, "height": 760})
    await panel.get_by_role("button", name="Kill the server").press("Enter")
    mortal_site.killed()
    signs = panel.locator(".levers-signs")
    await expect(signs).to_contain_text("Reconnecting")
    await expect(signs).to_be_in_viewport(ratio=1)  # beside the button
    await expect(panel.get_by_role("button", name="Kill the server")).to_be_in_viewport(ratio=1)
    for page in (view, other):
        await expect(page.pill).to_have_text("Connection: Reconnecting")
        assert plans(before).items() <= plans(await page.read()).items()
    mortal_site.start()
    mortal_site.turn(slow_city=None)
    for page in (view, other):
        await page.status("Planned")
        await page.shows(mortal_site.snapshot(trip))


async def test_what_the_server_does_not_allow_is_not_offered(open_page: Open, site: Site) -> None:
    """Nobody may kill the processes of this one; both dials are stated all the same."""
    view = await open_page(site.url)
    await view.plan({"vienna": 1})
    panel = await open_panel(view)
    await expect(panel.get_by_role("heading", name="Ten viewers")).to_be_visible()
    await expect(panel.get_by_role("button", name=re.compile("^Kill"))).to_have_count(0)
    dials = view.page.get_by_role("region", name="Place provider")
    await expect(dials).to_contain_text("at once")
    await expect(dials).to_contain_text("at most 0.2 s")
