"""Chromium, and the itinerary for it. `make test-e2e` says where Chromium is.

Starting a browser or a server takes longer than most tests: they are shared by all that leave them as they were.
"""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

pytest.register_assert_rewrite("tests.e2e.trip_page")  # it checks for many tests, and is to say what differs

from tests.e2e.itinerary_site import CALM, Site  # noqa: E402 - after the line above
from tests.e2e.proxy import Proxy  # noqa: E402
from tests.e2e.trip_page import PATIENCE_MS, TripPage  # noqa: E402
from tests.examples.itinerary.providing import running_provider  # noqa: E402

# No sandbox: root has none in a container. No QUIC, no calls home: the network under test is ours alone.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Open = Callable[[str], Awaitable[TripPage]]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let one process run, and begin with, what shares a site whose processes are killed: it takes minutes."""
    if "mortal_site" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("mortal site"))
        item.add_marker(pytest.mark.slow)


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Start the system's Chromium, and end it."""
    path = os.environ.get("HEADWAY_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("there is no Chromium: run `make test-e2e`, which installs it or says how")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own for each test: nothing is left over from the one before."""
    async with running_browser() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> Page:
    """An empty page that waits at most 15 s for anything."""
    page = await browser.new_page()
    page.set_default_timeout(15_000)
    return page


# -- the itinerary


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The place provider, quick."""
    with running_provider({**CALM}) as url:
        yield url


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def hardy_site(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose processes may be killed; who kills the server starts it again."""
    site = Site(tmp_path_factory.mktemp("hardy"), provider, kill=True)
    site.start()
    yield site
    site.kill()


@pytest.fixture
def mortal_site(hardy_site: Site) -> Site:
    """The same, with a provider that is quick and well."""
    hardy_site.turn(**CALM)
    return hardy_site


@pytest_asyncio.fixture(loop_scope="session")
async def network(site: Site) -> AsyncIterator[Proxy]:
    """A network before the server."""
    async with Proxy(site.port) as proxy:
        yield proxy


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[Browser]:
    """One browser for all tests of the itinerary: a context of it is as good as another browser, and sooner there."""
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(shared_browser: Browser) -> AsyncIterator[Open]:
    """Open a page in a context of its own: another browser, as far as the server can tell.

    It wants no motion: without a graphics card each picture of an animation is drawn by the cores the tests run on.
    """
    views: list[TripPage] = []

    async def open_one(url: str) -> TripPage:
        context = await shared_browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        views.append(TripPage(page, url))
        return views[-1]

    yield open_one
    for view in views:
        await view.page.context.close()
    assert [mistake for view in views for mistake in view.mistakes] == []
