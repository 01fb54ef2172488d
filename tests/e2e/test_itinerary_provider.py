"""The place provider fails: a day, all days, a place; what there is stays, and what failed is tried again."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Open
from tests.e2e.itinerary_site import CALM, Site
from tests.e2e.trip_page import SHORT

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_failed_days_are_tried_again_one_by_one(open_page: Open, site: Site) -> None:
    """One city cannot be planned: its days fail, the others stay. Each is tried again from any page, seen by all."""
    view, other = await open_page(site.url), await open_page(site.url)
    site.turn(slow_city="rome", slow_extra_s=1)
    trip = await view.plan({"paris": 3, "rome": 2})
    await other.open(trip)
    await expect(view.page.locator(".hw-phases li").first).to_have_attribute("data-tone", "good")
    site.turn(down_city="rome")
    for page in (view, other):
        await page.status("Partly planned")
        await expect(page.in_state("failed")).to_have_count(2)
        await expect(page.day(4)).to_contain_text("The place provider answered 503.")
    await view.accessible()
    before = site.snapshot(trip)
    site.turn(down_city=None, slow_city=None)
    await view.page.get_by_role("button", name=re.compile("^Try this day again: Rome")).first.press("Enter")
    for page in (view, other):
        await expect(page.day(4)).to_have_attribute("data-day-state", "enhanced")
        await page.status("Partly planned")
        await page.shows(site.snapshot(trip))
        await expect(page.in_state("failed")).to_have_count(1)
    await expect(view.day(4)).to_be_focused()  # the button that had the focus is gone
    assert planned_in(site.snapshot(trip)).items() >= planned_in(before).items()  # nothing else was done again
    await other.button("Try the failed day again").click()
    for page in (view, other):
        await page.status("Planned")
        await page.shows(site.snapshot(trip))


async def test_a_place_is_looked_up_again(open_page: Open, site: Site) -> None:
    """Its day stays planned without the details; another page has it looked up again, and nothing else."""
    view, other = await open_page(site.url), await open_page(site.url)
    site.turn(slow_city="rome", slow_extra_s=1)
    trip = await view.plan({"paris": 1, "rome": 1})
    await other.open(trip)
    await expect(view.day(2)).to_have_attribute("data-day-state", "enhancing")
    site.turn(down_city="rome")
    failed = view.day(2).locator('.stop[data-state="failed"]')
    for page in (view, other):
        await page.status("Partly planned")
        await expect(page.day(2)).to_have_attribute("data-day-state", "planned")
    await expect(failed.first).to_contain_text("No details: The place provider answered 503.")
    await view.accessible()
    await view.fits(360)
    many = await failed.count()
    site.turn(**CALM)
    await other.page.get_by_role("button", name=re.compile("^Look it up again")).first.click()
    for page in (view, other):
        await expect(page.day(2).locator('.stop[data-state="failed"]')).to_have_count(many - 1)
        await page.status("Partly planned" if many > 1 else "Planned")
        await page.shows(site.snapshot(trip))


async def test_all_days_fail(open_page: Open, site: Site) -> None:
    """The provider is switched off on the page: the trip fails and says why; all that exists stays; it can go on."""
    view = await open_page(site.url)
    site.turn(latency_min_s=1, latency_max_s=1.1)
    trip = await view.plan(SHORT)
    await expect(view.page.locator(".hw-phases li").first).to_have_attribute("data-tone", "good")
    switch = view.page.get_by_role("switch", name="The provider is down")
    await switch.check()
    await expect(view.page.get_by_text("Every call is refused.")).to_be_visible()
    await view.status("Failed")
    await expect(view.page.locator("main > header")).to_contain_text("The place provider answered 503.")
    await expect(view.in_state("failed")).to_have_count(3)
    await view.page.locator(".troubles summary").press("Enter")
    await expect(view.page.locator(".troubles")).to_contain_text("Critical")
    await view.shows(site.snapshot(trip))
    await view.accessible()
    await view.fits(360)
    await view.page.reload()
    await view.shows(site.snapshot(trip))
    await switch.uncheck()
    await expect(view.page.get_by_text("Calls are answered.")).to_be_visible()
    site.turn(**CALM)
    await view.button("Try again").click()
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_there_are_no_cities_while_the_provider_is_down(open_page: Open, site: Site) -> None:
    """The page says where they come from, and asks again when told to, and by itself."""
    site.turn(down=True)
    view = await open_page(site.url)
    await view.home()
    await expect(view.page.get_by_role("heading", name="The cities could not be listed")).to_be_visible()
    await expect(view.page.locator(".hw-problem")).to_contain_text("The place provider answered 503.")
    await view.accessible()
    async with view.page.expect_response("**/api/cities"):
        await view.button("Try again").press("Enter")
    await expect(view.button("Try again")).to_be_focused()
    site.turn(down=False)
    await expect(view.button("Plan this trip")).to_be_visible()


def planned_in(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return the items that are done, each as it was when it was done."""
    return {
        key: (item["attempt"], item["data"]["tour"] if item["kind"] == "day" else item["data"])
        for key, item in snapshot["items"].items()
        if item["status"] == "finished"
    }
