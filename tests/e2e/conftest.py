"""A browser, and the itinerary for it.

Starting a browser or a server takes longer than most tests: they are shared by all that leave them as they were.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

# They check for many tests, and are to say what differs.
pytest.register_assert_rewrite("tests.e2e.trip_page", "tests.e2e.fault", "tests.e2e.opening")

from tests.e2e import browsers, fault_matrix  # noqa: E402 - after the line above
from tests.e2e.browsers import running_browser  # noqa: E402
from tests.e2e.fault import Fault, row_of  # noqa: E402
from tests.e2e.fault_site import PING_S, FaultSite, SteeredRun, build_page  # noqa: E402
from tests.e2e.http_proxy import HttpProxy  # noqa: E402
from tests.e2e.itinerary_site import CALM, Site  # noqa: E402
from tests.e2e.opening import opening  # noqa: E402
from tests.e2e.proxy import Proxy  # noqa: E402
from tests.e2e.trip_page import PATIENCE_MS, TripPage  # noqa: E402
from tests.examples.itinerary.providing import running_provider  # noqa: E402

Open = Callable[[str], Awaitable[TripPage]]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let one process run, and begin with, what shares a site whose processes are killed: it takes minutes."""
    if "mortal_site" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("mortal site"))
        item.add_marker(pytest.mark.slow)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own for each test: nothing is left over from the one before."""
    async with running_browser() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> Page:
    """An empty page."""
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
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
    """Open a page of the itinerary in a context of its own; in the end, none of them has made a mistake."""
    async with opening(shared_browser, TripPage, PATIENCE_MS) as open_one:
        yield open_one


# -- the fault matrix


@pytest.fixture(scope="session")
def fault_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the page that watches a run."""
    folder = tmp_path_factory.mktemp("page")
    build_page(folder)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fault_site(fault_page: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultSite]:
    """A server with the heartbeats of every day: on a busy machine nothing is taken for silent that is only slow."""
    async with FaultSite(tmp_path_factory.mktemp("faults"), fault_page) as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pinging_site(fault_page: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultSite]:
    """A server with quick heartbeats, for tests that wait for them."""
    async with FaultSite(tmp_path_factory.mktemp("pinging"), fault_page, ping_s=PING_S) as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cached_browser() -> AsyncIterator[Browser]:
    """A browser with a back/forward cache: Playwright's has none unless it is told."""
    async with running_browser("--disable-back-forward-cache") as browser:
        yield browser


Break = Callable[[FaultSite, Browser], contextlib.AbstractAsyncContextManager[Fault]]


@pytest.fixture
def break_it(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Break:
    """Make a run, a network, and pages to be watched through it."""

    def row(found: dict[str, Any]) -> None:
        record_property(fault_matrix.PROPERTY, row_of(request.node.name, request.function.__doc__, found).dump())

    @contextlib.asynccontextmanager
    async def breaking(site: FaultSite, browser: Browser) -> AsyncIterator[Fault]:
        async with site.client() as client, HttpProxy(site.port) as network:
            fault = Fault(site, await SteeredRun.open(client), network, browser, row)
            yield fault
            for view in fault.views:
                await view.page.context.close()

    return breaking


@pytest_asyncio.fixture(loop_scope="session")
async def fault(break_it: Break, fault_site: FaultSite, shared_browser: Browser) -> AsyncIterator[Fault]:
    """What a test of the fault matrix works with. Who kills the server starts it again."""
    async with break_it(fault_site, shared_browser) as fault:
        yield fault


@pytest_asyncio.fixture(loop_scope="session")
async def pinged(break_it: Break, pinging_site: FaultSite, shared_browser: Browser) -> AsyncIterator[Fault]:
    """The same with quick heartbeats."""
    async with break_it(pinging_site, shared_browser) as fault:
        yield fault


@pytest_asyncio.fixture(loop_scope="session")
async def cached(break_it: Break, fault_site: FaultSite, cached_browser: Browser) -> AsyncIterator[Fault]:
    """The same with a back/forward cache."""
    async with break_it(fault_site, cached_browser) as fault:
        yield fault


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the fault matrix, and write its page where that is wanted."""
    found = [
        fault_matrix.Row.load(value)
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for name, value in report.user_properties
        if name == fault_matrix.PROPERTY
    ]
    if found := fault_matrix.in_order(found):
        terminalreporter.section("fault matrix")
        terminalreporter.write_line(fault_matrix.table(found))
    if file := os.environ.get(fault_matrix.FILE):
        try:
            fault_matrix.write(found, Path(file), browsers.version())
        except ValueError as error:
            terminalreporter.write_line(f"{file} is not written: {error}", red=True)
