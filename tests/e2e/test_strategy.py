"""The strategy's page in Chromium: streamed and polled, watched for longer than anybody likes to, broken and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from headway.ops.transports import switch
from headway.stores.sqlite import SqliteStore
from tests.e2e.opening import opening
from tests.e2e.report_page import PATIENCE_MS
from tests.e2e.strategy_page import StrategyPage
from tests.examples.strategy.serving import Application, running_application
from tests.examples.strategy.siting import Site, page, running, three_pages
from tests.examples.strategy.test_application import small, timeless

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("strategy page"),
]

Open = Callable[[], Awaitable[StrategyPage]]
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def lasting_site() -> Iterator[Site]:
    """Our own site."""
    with running(Site(three_pages())) as site:
        yield site


@pytest.fixture(scope="module")
def lasting_rival() -> Iterator[Site]:
    """A competitor's."""
    with running(Site({"/": page("cheese", "/coffee", times=12), "/coffee": page("coffee")})) as rival:
        yield rival


@pytest.fixture(scope="module")
def application(
    tmp_path_factory: pytest.TempPathFactory, lasting_site: Site, lasting_rival: Site
) -> Iterator[Application]:
    """One for all tests; who kills it starts it again."""
    variables = {
        "HEADWAY_DEMO_STRATEGY_ALLOWED": f"{lasting_site.host},{lasting_rival.host}",
        "HEADWAY_DEMO_STRATEGY_PAGE_S": "300",
        "HEADWAY_PING_S": "1",
    }
    with running_application(tmp_path_factory.mktemp("strategy"), **variables) as application:
        yield application


@pytest.fixture
def site(lasting_site: Site) -> Iterator[Site]:
    """Our site, which answers; what is held until a test lets go of it goes on with the test at the latest."""
    yield lasting_site
    lasting_site.gate.set()
    lasting_site.held.clear()
    lasting_site.gate.clear()


@pytest.fixture
def rival(lasting_rival: Site) -> Iterator[Site]:
    """The competitor's, whole again after the test."""
    whole = dict(lasting_rival.pages)
    yield lasting_rival
    lasting_rival.pages = whole


@pytest_asyncio.fixture(loop_scope="session")
async def open_strategy(shared_browser: Browser, application: Application) -> AsyncIterator[Open]:
    """Open the page in a context of its own; in the end, none of them has made a mistake."""
    if application.server.process is None:  # a test that killed it did not come to its end
        application.start()
    url = application.server.url
    async with opening(shared_browser, lambda page: StrategyPage(page, url), PATIENCE_MS) as open_one:
        yield open_one


async def test_a_strategy_is_ordered_watched_and_read(open_strategy: Open, site: Site, rival: Site) -> None:
    """Builder, dialog, its closing, the strategy with all its parts; for everybody, on every screen."""
    view = await open_strategy()
    await view.home()
    await view.accessible()
    await view.fits(360)
    site.held.add("/coffee")
    await view.fill(site.url, rival.url)
    await view.order()
    await expect(view.phase("Read")).to_contain_text("of 2 sources")
    await view.accessible()
    await view.fits(360)
    await view.page.keyboard.press("Escape")
    await expect(view.dialog).to_be_hidden()
    await expect(view.button("Show progress")).to_be_focused()
    await expect(view.page.locator(".signs")).to_contain_text("Being written")
    await view.accessible()
    await view.page.keyboard.press("Enter")
    await expect(view.dialog).to_be_visible()
    site.gate.set()
    await expect(view.dialog.get_by_role("region", name="Good to know")).to_contain_text("Topics in turn")
    await expect(view.dialog.get_by_role("region", name="Sections")).to_contain_text("6 of 6 sections are written")
    await view.accessible()
    await view.over()
    await expect(view.page.locator("main")).to_be_focused()  # what opened the dialog is not there any more
    for name in ("Where you stand", "Topics", "Gaps", "Keywords", "Calendar"):
        await expect(view.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await expect(view.page.locator(".calendar tbody tr")).to_have_count(24)
    await expect(view.page.locator(".gaps li").first).to_contain_text("Theirs")
    await view.accessible()
    await view.fits(360)
    await view.page.set_viewport_size({"width": 360, "height": 800})
    await expect(view.page.locator(".weeks > li")).to_have_count(12)
    await view.accessible()
    async with view.page.expect_download() as download:
        await view.page.get_by_role("link", name="Download as Markdown").click()
    file = await (await download.value).path()
    assert "## Calendar" in file.read_text(encoding="utf-8")


async def test_pasted_and_uploaded_text(open_strategy: Open, application: Application) -> None:
    """A file that cannot be read is named with what is wrong; the good one makes a strategy."""
    view = await open_strategy()
    await view.home()
    own = view.side("Your text")
    await own.get_by_role("radio", name="Upload").check()
    files = [
        {"name": "plan.md", "mimeType": "text/markdown", "buffer": small()["own"]["texts"][0]["text"].encode()},
        {"name": "photo.txt", "mimeType": "text/plain", "buffer": b"\0\1\2" * 40},
    ]
    await own.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    await expect(own.locator(".files li")).to_contain_text("plan.md")
    await expect(own.get_by_role("alert")).to_contain_text("“photo.txt”: it is no text, whatever its name says.")
    await view.accessible()
    await view.choose("Competitors' text", "Paste", small()["own"]["texts"][1]["text"])
    await view.page.get_by_label("Title").fill("Two texts")
    run_id = await view.order()
    await view.over()
    result = application.snapshot(run_id)["result"]
    assert (result["own"]["documents"], result["competitors"]["documents"], result["title"]) == (1, 1, "Two texts")


async def test_polling_opens_no_stream(open_strategy: Open, application: Application, site: Site) -> None:
    """Every ten seconds one question, from the order to the end; what stands there then is what a stream brings."""
    view = await open_strategy()
    await view.page.clock.install()
    await view.home()
    await view.fill(site.url, mode="Polling")
    site.held.add("/coffee")
    run_id = await view.order()
    await expect(view.dialog.locator(".hw-badge")).to_contain_text("Polling")
    before = view.polls(f"/v1/runs/{run_id}")
    for _ in range(3):
        await view.page.clock.run_for(10_000)
    assert 1 <= view.polls(f"/v1/runs/{run_id}") - before <= 5
    site.gate.set()
    application.end(run_id)
    await view.page.clock.run_for(10_000)
    await view.over()
    assert view.streams() == []
    streamed = await open_strategy()
    await streamed.page.goto(f"{streamed.url}/#/strategies/{run_id}")
    await streamed.over()
    text = "[...document.querySelectorAll('main > section')].map((part) => part.innerText)"
    shown = await view.page.evaluate(text)
    assert len(shown) == 4
    assert shown == await streamed.page.evaluate(text)


async def test_both_modes_end_with_the_same_state(open_strategy: Open, application: Application) -> None:
    """The same order twice, one streamed and one polled, by the browser's own client: deep-equal but for times, ids."""
    view = await open_strategy()
    await view.page.goto(f"{application.server.url}/")
    streamed, polled = await view.both(application.order(**small()), application.order(**small()))
    assert (streamed["transport"], polled["transport"]) == ("sse", "poll")
    assert streamed["state"]["status"] == "succeeded"
    assert timeless(streamed["state"]) == timeless(polled["state"])


async def test_after_five_minutes_nobody_is_told_that_time_is_out(
    open_strategy: Open, application: Application, site: Site
) -> None:
    """Keep waiting, or be told later: the run knows nothing of it, and no word of trouble is seen at any time."""
    view = await open_strategy()
    await view.watch_for_trouble()
    await view.page.clock.install()
    await view.home()
    await view.fill(site.url, mode="Polling")
    site.held.add("/coffee")
    run_id = await view.order()
    still = view.dialog.get_by_role("heading", name="The strategy is still being written")
    await view.page.clock.run_for(4 * MINUTE_MS)
    await expect(still).to_be_hidden()
    await view.page.clock.run_for(2 * MINUTE_MS)
    await expect(still).to_be_visible()
    await view.accessible()
    await view.fits(360)
    await view.button("Keep waiting").click()
    await expect(still).to_be_hidden()
    await view.page.clock.run_for(5 * MINUTE_MS)
    await expect(still).to_be_visible()
    await view.button("Tell me later").click()
    await expect(view.dialog).to_be_hidden()
    entry = view.page.locator(".told")
    await expect(entry).to_contain_text("We'll tell you here.")
    await view.accessible()
    asked = view.polls("/status")
    for _ in range(4):
        await view.page.clock.run_for(15_000)
    assert view.polls("/status") - asked == 2
    polls = view.polls(f"/v1/runs/{run_id}")
    site.gate.set()
    application.end(run_id)
    await view.page.clock.run_for(30_000)
    await expect(entry).to_contain_text("The strategy is ready")
    await expect(view.page).to_have_title("(1 ready) Strategy")
    assert view.polls(f"/v1/runs/{run_id}") == polls  # nobody watches it any more
    await entry.get_by_role("link").click()
    await view.over()
    assert await view.troubles() == []
    snapshot = application.snapshot(run_id)
    assert (snapshot["status"], snapshot["attempt"], snapshot["cancel_requested_at"]) == ("succeeded", 1, None)


async def test_a_watched_stream_is_not_out_of_time_either(
    open_strategy: Open, application: Application, site: Site
) -> None:
    """Five minutes later the stream goes on, and brings the end."""
    view = await open_strategy()
    await view.watch_for_trouble()
    await view.page.clock.install()
    await view.home()
    await view.fill(site.url)
    site.held.add("/coffee")
    run_id = await view.order()
    await view.page.clock.fast_forward(5 * MINUTE_MS)
    await expect(view.page.get_by_role("heading", name="The strategy is still being written")).to_be_visible()
    site.gate.set()
    application.end(run_id)
    await view.over()
    assert await view.troubles() == []


async def test_cancelling_is_a_command_of_its_own(open_strategy: Open, application: Application, site: Site) -> None:
    """What was found out stays, and it can be gone on with."""
    view = await open_strategy()
    await view.home()
    await view.fill(site.url)
    site.held.add("/coffee")
    run_id = await view.order()
    await view.button("Cancel the strategy").click()
    await view.over("Cancelled")
    await view.accessible()
    assert application.snapshot(run_id)["status"] == "cancelled"
    site.held.clear()
    site.gate.set()
    await view.button("Go on with it").click()
    await view.over()


async def test_a_killed_server_is_waited_for(open_strategy: Open, application: Application, site: Site) -> None:
    """What stands there stays; when it is back, the strategy goes on where it was."""
    held = site.asked["/coffee"]
    view = await open_strategy()
    await view.home()
    await view.fill(site.url)
    site.held.add("/coffee")
    run_id = await view.order()
    pill = view.dialog.locator(".hw-badge").first
    await expect(pill).to_contain_text("Live")
    application.until(lambda: site.asked["/coffee"] > held)
    asked = site.asked["/"]
    application.server.kill()
    await expect(pill).to_contain_text("Reconnecting")
    await expect(view.phase("Read")).to_contain_text("of 1 source")
    site.held.clear()
    site.gate.set()
    application.start()
    await view.over()
    executions = application.snapshot(run_id)["executions"]
    assert [execution["outcome"] for execution in executions] == ["lost", "succeeded"]
    assert site.asked["/"] == asked


async def test_a_transport_switched_off_is_followed_without_an_error(
    open_strategy: Open, application: Application, site: Site
) -> None:
    """Streams are switched off while one is open: the page polls on."""
    view = await open_strategy()
    await view.watch_for_trouble()
    await view.home()
    await view.fill(site.url)
    site.held.add("/coffee")
    await view.order()
    pill = view.dialog.locator(".hw-badge").first
    await expect(pill).to_contain_text("Live")
    store = SqliteStore(application.server.store)
    await store.open()
    try:
        await switch(store, ["poll"])
        await expect(pill).to_contain_text("Polling")
        site.gate.set()
        await view.over()
    finally:
        await switch(store, None)
        await store.close()
    assert await view.troubles() == []


async def test_what_could_not_be_read_is_missing_and_can_be_tried_again(
    open_strategy: Open, application: Application, site: Site, rival: Site
) -> None:
    """The strategy is ready in part; tried again, with the competitor's text, it has gaps."""
    whole, rival.pages = rival.pages, {"/": 404}
    view = await open_strategy()
    await view.home()
    await view.fill(site.url, rival.url)
    run_id = await view.order()
    await view.over("Ready, in part")
    await expect(view.page.locator(".hw-banner")).to_contain_text("1 of 8 items failed.")
    await expect(view.page.get_by_role("heading", name="Gaps", exact=True)).to_be_hidden()
    await view.accessible()
    await view.fits(360)
    rival.pages = whole
    await view.page.get_by_role("button", name="Try again").click()
    await view.says("Ready")
    await expect(view.page.get_by_role("heading", name="Gaps", exact=True)).to_be_visible()
    snapshot = application.snapshot(run_id)
    assert (snapshot["status"], snapshot["result"]["missing"]) == ("succeeded", [])
    assert "you do not" in snapshot["items"]["section:gaps"]["title"]
    assert snapshot["result"]["gaps"]


async def test_a_strategy_that_is_not_there(open_strategy: Open) -> None:
    """It says so, and leads back to the builder."""
    view = await open_strategy()
    await view.page.goto(f"{view.url}/#/strategies/run_nothing")
    await expect(view.page.get_by_role("heading", name="This strategy cannot be shown")).to_be_visible()
    await view.accessible()
    await view.page.get_by_role("link", name="To the builder").click()
    await expect(view.button("Write the strategy")).to_be_visible()
