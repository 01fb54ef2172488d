"""The itinerary in a browser: planned, reloaded, shared, cut off, killed, failed and tried again; nothing is lost."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.conftest import running_browser
from tests.e2e.itinerary_site import CALM, Site
from tests.e2e.proxy import Proxy
from tests.e2e.trip_page import DASH, PATIENCE_MS, RECORD_PERCENT, TripPage
from tests.examples.itinerary.providing import running_provider

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SHORT = {"paris": 1, "rome": 1, "lisbon": 1}
LONG = {"paris": 2, "rome": 2, "lisbon": 2}
CONNECTED = re.compile("Connection: (Live|Polling)")
BEHIND_MS = 11_000
"""Longer than a page stays silent about being behind."""

Open = Callable[[str], Awaitable[TripPage]]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The place provider, quick."""
    with running_provider({**CALM}) as url:
        yield url


@pytest.fixture(scope="module")
def lasting_site(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server nobody kills, for all tests that need no other."""
    site = Site(tmp_path_factory.mktemp("site"), provider)
    site.start()
    yield site
    site.kill()


@pytest.fixture
def site(lasting_site: Site) -> Site:
    """A running itinerary whose provider is quick and well."""
    lasting_site.turn(**CALM)
    return lasting_site


@pytest.fixture
def own_site(provider: str, tmp_path: Path) -> Iterator[Site]:
    """A server of this test alone, to be killed."""
    site = Site(tmp_path, provider)
    site.start()
    site.turn(**CALM)
    yield site
    site.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def network(site: Site) -> AsyncIterator[Proxy]:
    """A network before the server."""
    async with Proxy(site.port) as proxy:
        yield proxy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_browser() -> AsyncIterator[Browser]:
    """One browser for all tests here: a context of it is as good as another browser, and sooner there."""
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(shared_browser: Browser) -> AsyncIterator[Open]:
    """Open a page in a context of its own: another browser, as far as the server can tell."""
    views: list[TripPage] = []

    async def open_one(url: str) -> TripPage:
        context = await shared_browser.new_context(viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        views.append(TripPage(page, url))
        return views[-1]

    yield open_one
    for view in views:
        await view.page.context.close()
    assert [mistake for view in views for mistake in view.mistakes] == []


# ------------------------------------------------------------------------------------------------ planning


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
    await expect(view.in_state("planned")).to_have_count(3)
    percents = [int(percent) for percent in await view.page.evaluate("window.percents")]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert len(percents) > 3
    assert await view.page.title() == f"Paris · Rome · Lisbon {DASH} Itinerary"


async def test_the_tab_tells_how_far_it_is(open_page: Open, site: Site) -> None:
    """`(42 %) Paris · …`, for those who went to another tab."""
    view = await open_page(site.url)
    await view.plan(SHORT)
    await expect(view.page).to_have_title(re.compile(r"^\([1-9]\d? %\) Paris · Rome · Lisbon"), timeout=PATIENCE_MS)


async def test_a_reload_keeps_everything(open_page: Open, site: Site) -> None:
    """In mid-run: what was there is there again, and it goes on to the end."""
    view = await open_page(site.url)
    trip = await view.plan(LONG)
    await view.under_way()
    before = await view.read()
    await view.page.reload()
    await expect(view.days).to_have_count(len(before["days"]))
    after = await view.read()
    assert after["seq"] >= before["seq"]
    planned = [day for day in before["days"] if day["state"] == "planned"]
    assert planned
    assert [day for day in after["days"] if day in planned] == planned
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_other_browsers_see_the_same(open_page: Open, site: Site) -> None:
    """One that came in the middle, one that came after the end."""
    first, second, late = [await open_page(site.url) for _ in range(3)]
    trip = await first.plan(SHORT)
    await first.under_way()
    await second.open(trip)
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
    trip = await view.plan(LONG)
    await view.under_way()
    await view.button("Cancel").click()
    await view.status("Cancelled")
    await view.shows(site.snapshot(trip))
    planned = await view.in_state("planned").count()
    assert 0 < planned < sum(LONG.values())
    assert await view.in_state("stopped").count() == sum(LONG.values()) - planned
    await view.button("Go on planning").click()
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


# ------------------------------------------------------------------------------------------------ processes die


async def test_the_server_is_killed_and_comes_back(open_page: Open, own_site: Site) -> None:
    """`kill -9` in mid-run: nothing is blanked, the page comes back by itself, the trip ends well, nothing is lost."""
    view = await open_page(own_site.url)
    own_site.turn(slow_city="lisbon")
    trip = await view.plan(LONG)
    await view.under_way()
    own_site.kill()
    before = await view.read()
    await expect(view.pill).to_have_text("Connection: Reconnecting", timeout=PATIENCE_MS)
    assert (await view.read())["days"] == before["days"]
    own_site.start()
    await expect(view.pill).to_have_text(CONNECTED, timeout=PATIENCE_MS)
    await view.status("Planning")
    own_site.turn(slow_city=None)
    await view.status("Planned")
    snapshot = own_site.snapshot(trip)
    await view.shows(snapshot)
    kept = [day for day in before["days"] if day["state"] == "planned"]
    assert [day for day in (await view.read())["days"] if day in kept] == kept
    assert len(snapshot["executions"]) > 1


async def test_the_worker_is_killed(open_page: Open, own_site: Site) -> None:
    """The page stays connected; another worker takes over and plans no finished day again."""
    view = await open_page(own_site.url)
    trip = await view.plan(LONG)
    await view.under_way()
    before = await view.read()
    own_site.kill_worker()
    await view.status("Planned")
    snapshot = own_site.snapshot(trip)
    await view.shows(snapshot)
    kept = [day for day in before["days"] if day["state"] == "planned"]
    assert [day for day in (await view.read())["days"] if day in kept] == kept
    assert [execution["outcome"] for execution in snapshot["executions"]] == ["lost", "succeeded"]


# ------------------------------------------------------------------------------------------------ the network


async def test_connections_are_cut(open_page: Open, site: Site, network: Proxy) -> None:
    """Again and again: nobody notices."""
    view = await open_page(network.url)
    trip = await view.plan(LONG)
    cuts = 3
    for planned in range(cuts):
        await expect(view.in_state("planned").nth(planned)).to_be_visible(timeout=PATIENCE_MS)
        network.cut()
        await expect(view.days).to_have_count(sum(LONG.values()))
    await view.status("Planned")
    await view.shows(site.snapshot(trip))
    assert network.accepted > cuts


async def test_a_stalled_connection_is_noticed(open_page: Open, site: Site, network: Proxy) -> None:
    """Nothing breaks and nothing comes: the heartbeat is missed, the page connects anew and catches up."""
    view = await open_page(network.url)
    site.turn(slow_city="lisbon", slow_extra_s=2)
    trip = await view.plan(LONG)
    await view.under_way()
    network.stall()
    await expect(view.pill).to_have_text("Connection: Reconnecting", timeout=PATIENCE_MS)
    network.flow()
    await expect(view.pill).to_have_text(CONNECTED, timeout=PATIENCE_MS)
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
    trip = await view.plan(LONG)
    await view.under_way()
    await network.refuse()
    await expect(view.pill).to_have_text("Connection: Reconnecting", timeout=PATIENCE_MS)
    await view.page.clock.fast_forward(BEHIND_MS)
    bar = view.page.locator(".outdated")
    await expect(bar).to_have_text(re.compile(r"Showing the plan as of \d\d:\d\d:\d\d\. The job keeps running\."))
    await expect(view.page.get_by_role("status")).to_contain_text("Connection lost.", timeout=PATIENCE_MS)
    await expect(view.days).to_have_count(sum(LONG.values()))
    await expect(view.in_state("planned").first).to_be_visible()
    await view.accessible()
    await network.accept()
    await view.button("Connect now").click()
    await expect(bar).to_have_count(0)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_polling_where_streams_do_not_get_through(open_page: Open, site: Site) -> None:
    """A proxy in between ends every stream: the page polls, says so, and misses nothing."""
    view = await open_page(site.url)
    await view.page.route(re.compile(r"/stream(\?|$)"), lambda route: route.abort())
    site.turn(slow_city="rome", slow_extra_s=1.5)
    trip = await view.plan(LONG)
    await expect(view.pill).to_have_text("Connection: Polling", timeout=PATIENCE_MS)
    site.turn(slow_city=None)
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


# ------------------------------------------------------------------------------------------------ the provider


async def test_failed_days_are_tried_again_one_by_one(open_page: Open, site: Site) -> None:
    """The provider fails for one city: its days fail with a reason, the others stay; a retry is seen on every page."""
    view, other = await open_page(site.url), await open_page(site.url)
    trip = await view.plan({"paris": 3, "rome": 2})
    await other.open(trip)
    await expect(view.page.locator(".phases li").first).to_have_attribute("data-tone", "good", timeout=PATIENCE_MS)
    site.turn(down_city="rome")
    for page in (view, other):
        await page.status("Partly planned")
        await expect(page.in_state("failed")).to_have_count(2)
        await expect(page.day(4)).to_contain_text("The place provider answered 503.")
    await view.accessible()
    site.turn(down_city=None)
    await view.button("Try this day again: Rome, Tue 8 Dec").press("Enter")
    for page in (view, other):
        await expect(page.day(4)).to_have_attribute("data-state", "planned", timeout=PATIENCE_MS)
        await page.status("Partly planned")
        await page.shows(site.snapshot(trip))
        await expect(page.in_state("failed")).to_have_count(1)
    await expect(view.day(4)).to_be_focused()  # the button that had the focus is gone
    await other.button("Try the failed day again").click()
    for page in (view, other):
        await page.status("Planned")
        await page.shows(site.snapshot(trip))


async def test_the_provider_is_switched_off_on_the_page(open_page: Open, site: Site) -> None:
    """Without it there are no places: the trip fails, says why, and goes on once the provider is switched on."""
    view = await open_page(site.url)
    await view.home()
    switch = view.page.get_by_role("switch", name="The provider is down")
    await expect(view.button("Plan this trip")).to_be_visible()
    await switch.check()
    await expect(view.page.get_by_text("Every call is refused.")).to_be_visible()
    trip = await view.fill_in(SHORT)
    await view.status("Failed")
    await view.shows(site.snapshot(trip))
    await expect(view.page.locator("main > header")).to_contain_text("The place provider answered 503.")
    await view.accessible()
    await switch.uncheck()
    await expect(view.page.get_by_text("Calls are answered.")).to_be_visible()
    await view.button("Try again").click()
    await view.status("Planned")
    await view.shows(site.snapshot(trip))


async def test_there_are_no_cities_while_the_provider_is_down(open_page: Open, site: Site) -> None:
    """The page says where they come from, and asks again when told to."""
    site.turn(down=True)
    view = await open_page(site.url)
    await view.home()
    await expect(view.page.get_by_role("heading", name="The cities could not be listed")).to_be_visible()
    await expect(view.page.locator(".problem")).to_contain_text("The place provider answered 503.")
    await view.accessible()
    site.turn(down=False)
    await view.button("Try again").click()
    await expect(view.button("Plan this trip")).to_be_visible()


# ------------------------------------------------------------------------------------------------ for everybody


async def test_everybody_can_use_it(open_page: Open, site: Site) -> None:
    """Axe finds nothing on the form, on a trip that is planned and on one that is; all fit on a small screen."""
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
    site.turn(slow_city="rome", slow_extra_s=1.5)
    await view.plan(SHORT)
    await view.under_way()
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert await view.page.evaluate(moving) > 0
    await view.page.emulate_media(reduced_motion="reduce")
    assert await view.page.evaluate(moving) == 0
