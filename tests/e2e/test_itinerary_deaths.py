"""Processes of the itinerary are killed while a page shows a trip: nothing is lost, nothing is done twice."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Open
from tests.e2e.itinerary_site import Site
from tests.e2e.trip_page import CONNECTED, LONG, plans

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_the_server_is_killed_and_comes_back(open_page: Open, mortal_site: Site) -> None:
    """`kill -9` in mid-run: nothing is blanked, the page comes back by itself, the trip ends well, nothing is lost."""
    view = await open_page(mortal_site.url)
    mortal_site.turn(slow_city="rome")
    trip = await view.plan(LONG)
    await view.under_way()
    mortal_site.kill()
    before = await view.read()
    await expect(view.pill).to_have_text("Connection: Reconnecting")
    assert plans(before).items() <= plans(await view.read()).items()
    mortal_site.start()
    await expect(view.pill).to_have_text(CONNECTED)
    await view.status("Planning")
    mortal_site.turn(slow_city=None)
    await view.status("Planned")
    snapshot = mortal_site.snapshot(trip)
    await view.shows(snapshot)
    assert plans(before).items() <= plans(await view.read()).items()
    assert len(snapshot["executions"]) > 1


async def test_the_worker_is_killed(open_page: Open, mortal_site: Site) -> None:
    """The page stays connected; another worker takes over and plans no finished day again."""
    view = await open_page(mortal_site.url)
    mortal_site.turn(slow_city="rome")
    trip = await view.plan(LONG)
    await view.under_way()
    before = await view.read()
    mortal_site.kill_worker()
    mortal_site.turn(slow_city=None)
    await view.status("Planned")
    snapshot = mortal_site.snapshot(trip)
    await view.shows(snapshot)
    assert plans(before).items() <= plans(await view.read()).items()
    assert [execution["outcome"] for execution in snapshot["executions"]] == ["lost", "succeeded"]
