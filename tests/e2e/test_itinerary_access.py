"""The itinerary for everybody: without a mouse, without motion, on a small screen, read out, by night."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Open
from tests.e2e.itinerary_site import Site
from tests.e2e.trip_page import SHORT

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_everybody_can_use_it(open_page: Open, site: Site) -> None:
    """Axe finds nothing on the form, on a trip being planned, being enhanced and ready; all fit on a small screen."""
    view = await open_page(site.url)
    await view.home()
    await expect(view.button("Plan this trip")).to_be_visible()
    await view.accessible()
    await view.fits(360)
    site.turn(slow_city="rome", slow_extra_s=1.5)
    await view.plan(SHORT)
    await view.under_way()
    await view.accessible()
    await view.fits(360)
    site.turn(slow_city="lisbon")
    await expect(view.day(3)).to_have_attribute("data-day-state", "enhancing")
    await view.accessible()
    await view.fits(360)
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.accessible()
    await view.fits(360)


async def test_the_form_is_filled_in_without_a_mouse(open_page: Open, site: Site) -> None:
    """Every control has its turn, in the order in which they stand, and shows that it has it."""
    view = await open_page(site.url)
    await view.home()
    await expect(view.button("Plan this trip")).to_be_visible()
    await view.page.get_by_label("City 1").focus()
    seen: list[str] = []
    while "Plan this trip" not in seen:
        assert len(seen) < 40, seen
        name, outlined = await view.page.evaluate(
            """() => {
              const at = document.activeElement;
              const box = at.closest(".choice") ?? at;
              const name = at.ariaLabel || at.labels?.[0]?.textContent || at.textContent;
              return [name, getComputedStyle(box).outlineStyle !== "none"];
            }"""
        )
        assert outlined, f"{name} does not show that it has the focus"
        if name not in seen:  # a date has several parts
            seen.append(name)
        await view.page.keyboard.press("Tab")
    places = [next(at for at, name in enumerate(seen) if word in name) for word in ("City 1", "Remove", "Add", "First")]
    assert places == sorted(places)
    assert any("Balanced" in name for name in seen)
    await view.button("Plan this trip").focus()
    await view.page.keyboard.press("Enter")
    await expect(view.days).to_have_count(9)


async def test_nothing_moves_for_those_who_do_not_want_it(open_page: Open, site: Site) -> None:
    """No animation runs on a trip that is being planned."""
    view = await open_page(site.url)
    await view.page.emulate_media(reduced_motion="no-preference")
    site.turn(slow_city="rome", slow_extra_s=1.5)
    await view.plan(SHORT)
    await view.under_way()
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert await view.page.evaluate(moving) > 0
    await view.page.emulate_media(reduced_motion="reduce")
    assert await view.page.evaluate(moving) == 0
