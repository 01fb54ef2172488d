"""The itinerary in a browser: planned while one watches, reloaded, shared, found again, stopped."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Open
from tests.e2e.itinerary_site import Site
from tests.e2e.trip_page import DASH, LONG, RECORD_PERCENT, SHORT, plans

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_trip_is_planned_while_one_watches(open_page: Open, site: Site) -> None:
    """Placeholders at once; a bar that never goes back; every day planned; the page equals the server's snapshot."""
    view = await open_page(site.url)
    await view.page.add_init_script(f"({RECORD_PERCENT})()")
    trip = await view.plan(SHORT)
    assert [day["title"] for day in (await view.read())["days"]] == [
        item["title"] for item in site.snapshot(trip)["items"].values()
    ]
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
    await expect(view.in_state("enhanced")).to_have_count(3)
    percents = [int(percent) for percent in await view.page.evaluate("window.percents")]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert len(percents) > 3
    assert await view.page.title() == f"Paris · Rome · Lisbon {DASH} Itinerary"


async def test_the_tab_tells_how_far_it_is(open_page: Open, site: Site) -> None:
    """`(42 %) Paris · …`, for those who went to another tab."""
    view = await open_page(site.url)
    site.turn(slow_city="rome")
    await view.plan(SHORT)
    await expect(view.page).to_have_title(re.compile(r"^\([1-9]\d? %\) Paris · Rome · Lisbon"))


async def test_a_reload_keeps_everything(open_page: Open, site: Site) -> None:
    """In mid-run: what was there is there again, and it goes on to the end."""
    view = await open_page(site.url)
    site.turn(slow_city="rome")
    trip = await view.plan(LONG)
    await view.under_way()
    before = await view.read()
    await view.page.reload()
    await expect(view.days).to_have_count(len(before["days"]))
    after = await view.read()
    assert after["seq"] >= before["seq"]
    assert plans(before)
    assert plans(before).items() <= plans(after).items()
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_other_browsers_see_the_same(open_page: Open, site: Site) -> None:
    """One that came in the middle, one that came after the end."""
    first, second, late = [await open_page(site.url) for _ in range(3)]
    site.turn(slow_city="rome")
    trip = await first.plan(SHORT)
    await first.under_way()
    await second.open(trip)
    await second.status("Planning")
    site.turn(slow_city=None)
    await first.status("Planned")
    await late.open(trip)
    snapshot = site.snapshot(trip)
    for view in (first, second, late):
        await view.shows(snapshot)


async def test_recent_trips_are_listed(open_page: Open, site: Site) -> None:
    """Also to a browser that never saw them; a link leads to each."""
    view, other = await open_page(site.url), await open_page(site.url)
    trip = await view.plan({"vienna": 1})
    await other.home()
    link = other.page.locator(".recent a").first
    await expect(link).to_have_text("Vienna")
    await link.click()
    await expect(other.days).to_have_count(1)
    await expect(other.page.get_by_role("main")).to_be_focused()
    assert other.trip == trip


async def test_a_trip_that_does_not_exist(open_page: Open, site: Site) -> None:
    """It is said, and where to go from there."""
    view = await open_page(site.url)
    await view.open("run_" + "0" * 32)
    await expect(view.page.get_by_role("heading", name="There is no such trip")).to_be_visible()
    await view.accessible()
    await view.page.get_by_role("link", name="Plan a trip").click()
    await expect(view.button("Plan this trip")).to_be_visible()


async def test_a_trip_is_stopped_and_goes_on(open_page: Open, site: Site) -> None:
    """What was planned stays; the rest is planned when one asks for it."""
    view = await open_page(site.url)
    site.turn(slow_city="rome")
    trip = await view.plan(LONG)
    await view.under_way()
    await view.button("Cancel").click()
    await view.status("Cancelled")
    site.turn(slow_city=None)
    await view.shows(site.snapshot(trip))
    planned = await view.planned.count()
    assert 0 < planned < sum(LONG.values())
    assert await view.in_state("stopped").count() == sum(LONG.values()) - planned
    await view.button("Go on planning").click()
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
