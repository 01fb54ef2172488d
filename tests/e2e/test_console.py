"""The console in Chromium, against a real server: what operators do with it, and what they see when it breaks."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.e2e.console_page import PATIENCE_MS, Console, Host
from tests.e2e.opening import opening

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

Open = Callable[[], Awaitable[Console]]
LONG = {"site": "long.example", "pages": 900, "delay_s": 0.2}


@pytest.fixture(scope="module")
def lasting_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One server for all tests; whoever kills it starts it again."""
    host = Host(tmp_path_factory.mktemp("console"))
    host.start()
    yield host
    host.kill()


@pytest.fixture
def host(lasting_host: Host) -> Iterator[Host]:
    """The server, with nothing running on it afterwards."""
    lasting_host.go_offline(False)
    yield lasting_host
    for run in lasting_host.runs():
        if run["status"] in ("queued", "running", "waiting"):
            lasting_host.cancel(run["id"])


@pytest_asyncio.fixture(loop_scope="session")
async def open_console(shared_browser: Browser, host: Host) -> AsyncIterator[Open]:
    """Open the console in a context of its own; in the end, none of them has made a mistake."""
    async with opening(shared_browser, lambda page: Console(page, host.url), PATIENCE_MS) as open_one:
        yield open_one


# -- the list


async def test_the_list_is_live_and_does_not_move_below_the_cursor(open_console: Open, host: Host) -> None:
    """A row changes where it stands; new runs are counted, and shown when somebody asks."""
    first = host.run("crawl", LONG, title="The first")
    view = await open_console()
    await view.open("", "Runs")
    await expect(view.row(first)).to_contain_text("Running")
    second = host.run("double", 4, title="The second")
    await view.button("Show 1 new run").click()
    await expect(view.row(second)).to_contain_text("Succeeded")
    host.cancel(first)
    await expect(view.row(first)).to_contain_text("Cancelled")
    await view.accessible()


async def test_filters_stand_in_the_address_and_the_way_back_works(open_console: Open, host: Host) -> None:
    """So that a list can be sent to somebody."""
    mine = host.run("double", 1, title="Of the group", group="g1")
    other = host.run("double", 1, title="Of no group")
    host.until(other, "succeeded")
    view = await open_console()
    await view.open("")
    await expect(view.row(other)).to_be_visible()
    await view.page.get_by_role("textbox", name="Group").fill("g1")
    await view.page.get_by_role("textbox", name="Group").press("Enter")
    await expect(view.row(other)).to_have_count(0)
    await expect(view.row(mine)).to_be_visible()
    await view.page.get_by_text("Failed", exact=True).click()
    await expect(view.page).to_have_url(re.compile(r"\?status=failed&group=g1$|\?group=g1&status=failed$"))
    await expect(view.page.get_by_role("heading", name="No runs match")).to_be_visible()
    await view.accessible()
    await view.page.go_back()
    await expect(view.row(mine)).to_be_visible()
    await view.page.go_back()
    await expect(view.row(other)).to_be_visible()
    await view.open("?group=g1&status=succeeded&status=failed")
    await expect(view.page.get_by_label("Succeeded")).to_be_checked()
    await expect(view.row(mine)).to_be_visible()
    await view.row(mine).get_by_role("link").click()
    await expect(view.page.get_by_role("heading", level=1)).to_have_text("Of the group")
    await expect(view.page.get_by_role("heading", level=1)).to_be_focused()


async def test_runs_are_looked_for_by_words(open_console: Open, host: Host) -> None:
    """As one types, and again while the list is shown; the words stand in the address."""
    rome, oslo = host.run("double", 1, title="Rome in spring"), host.run("double", 1, title="Oslo in winter")
    host.until(oslo, "succeeded")
    view = await open_console()
    await view.open("", "Runs")
    await expect(view.row(oslo)).to_be_visible()
    box = view.page.get_by_role("searchbox", name="Search")
    await view.page.keyboard.press("Control+k")
    await expect(box).to_be_focused()
    streams: list[str] = []
    view.page.on("request", lambda request: streams.append(request.url) if "runs/stream" in request.url else None)
    await view.page.keyboard.type("SPRING rome")
    await expect(view.row(oslo)).to_have_count(0)
    await expect(view.row(rome)).to_be_visible()
    await expect(view.page).to_have_url(re.compile(r"\?q=SPRING\+rome$"))
    await expect(view.page.get_by_text("1 run found", exact=True)).to_be_attached()
    await expect(box).to_be_focused()
    await view.accessible()
    host.run("double", 1, title="Rome next spring")
    await view.button("Show 1 new run").click()
    await expect(view.page.get_by_text("2 runs found", exact=True)).to_be_attached()
    assert streams == []
    await box.press("Escape")
    await expect(box).to_have_value("")
    await expect(view.row(oslo)).to_be_visible()
    await expect(view.page).to_have_url(re.compile(r"/console/$"))
    await view.page.go_back()
    await expect(box).to_have_value("SPRING rome")
    await expect(view.row(oslo)).to_have_count(0)


async def test_a_search_without_success_says_so_and_how_far_it_got(open_console: Open, host: Host) -> None:
    """It offers to look further where older runs were not looked at, and to show all runs again."""
    buried = host.run("double", 1, title="Buried deep")
    newer = host.run("double", 1, title="Above it", group="g2")
    view = await open_console()
    await view.open("?q=nowhere&group=g2", "Runs")
    await expect(view.page.get_by_role("heading", name="No runs found for “nowhere”")).to_be_visible()
    await expect(view.page.get_by_text("Older runs have not been looked at")).to_have_count(0)
    await view.accessible()
    await view.page.get_by_role("link", name="Clear the search").click()
    await expect(view.row(newer)).to_be_visible()
    await expect(view.page.get_by_role("searchbox", name="Search")).to_be_focused()
    await expect(view.page).to_have_url(re.compile(r"\?group=g2$"))

    async def in_vain(route: Route) -> None:
        """Answer as a server with very many runs does, as long as nobody looks further than to `newer`."""
        following = base64.urlsafe_b64encode(newer.encode()).decode().rstrip("=")
        if "page=" in view.page.url:
            await route.continue_()
        else:
            await route.fulfill(json={"runs": [], "next": following})

    await view.page.route("**/v1/runs?*", in_vain)
    await view.open("?q=buried", "Runs")
    await expect(view.page.get_by_text("Older runs have not been looked at yet.")).to_be_visible()
    await view.accessible()
    await view.page.get_by_role("link", name="Look further").click()
    await expect(view.row(buried)).to_be_visible()
    await view.page.get_by_role("link", name="Newest").click()
    await expect(view.page.get_by_role("link", name="Look further")).to_be_visible()


# -- a run


async def test_the_timeline_shows_what_waited_worked_and_failed(open_console: Open, host: Host) -> None:
    """As bars, and as a table in words; by the keyboard, too."""
    run_id = host.run("crawl", {"pages": 6, "broken": [2], "delay_s": 0.01})
    host.until(run_id, "partial")
    view = await open_console()
    await view.open_run(run_id)
    await view.status("Partial")
    await expect(view.part("Page 2")).to_contain_text(re.compile("failed .*try 2/2"))
    await expect(view.part("Page 6")).to_contain_text(re.compile("queued .*done"))
    await view.accessible()
    await view.part("Attempt 1").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
        await view.page.keyboard.press(key)
    await expect(view.part("Page 2")).to_have_count(0)
    await view.page.keyboard.press("ArrowRight")
    await expect(view.part("Page 2")).to_be_visible()
    await view.page.get_by_label("Only what failed or was retried").check()
    await expect(view.part("Page 1")).to_have_count(0)
    await expect(view.part("Page 2")).to_be_visible()


async def test_what_failed_stands_first_and_is_retried_alone(open_console: Open, host: Host) -> None:
    """One item, from its card; the others stay as they are."""
    run_id = host.run("crawl", {"pages": 6, "broken": [2, 4], "delay_s": 0.01})
    host.until(run_id, "partial")
    view = await open_console()
    await view.open_run(run_id, "results")
    await expect(view.page.get_by_role("heading", name="2 of 6 items failed")).to_be_visible()
    await view.accessible()
    await view.page.get_by_role("button", name="Try again: Page 2").click()
    await view.tab("Timeline").click()
    await expect(view.part("Attempt 2, reopened")).to_be_visible()
    await view.status("Partial")
    assert host.state(run_id)["items"]["page:4"]["attempt"] == 1


async def test_a_failed_run_is_retried_and_goes_on(open_console: Open, host: Host) -> None:
    """Once what it needs is there again."""
    host.go_offline(True)
    run_id = host.run("import_rows")
    view = await open_console()
    await view.open_run(run_id)
    await view.status("Failed")
    await expect(view.page.get_by_text("tables.example does not answer").first).to_be_visible()
    await view.accessible()
    host.go_offline(False)
    await view.button("Retry").click()
    await view.status("Succeeded")
    assert await view.page.title() == "Import rows · Headway"


async def test_a_run_is_cancelled_after_a_second_thought(open_console: Open, host: Host) -> None:
    """The first thought may be taken back."""
    run_id = host.run("crawl", LONG)
    view = await open_console()
    await view.open_run(run_id, "output")
    await view.status("Running")
    await view.button("Cancel").click()
    await view.accessible()
    await view.button("Keep it running").click()
    await expect(view.button("Cancel")).to_be_focused()
    await view.page.keyboard.press("Enter")
    await expect(view.page.get_by_label("Reason")).to_be_focused()
    await view.page.keyboard.press("Escape")
    await expect(view.button("Cancel")).to_be_focused()
    await view.page.keyboard.press("Enter")
    await view.page.get_by_label("Reason").fill("not needed any more")
    await view.page.keyboard.press("Enter")
    await view.status("Cancelled")
    await view.page.keyboard.press("Tab")
    await expect(view.button("Retry")).to_be_focused()  # where the button was that has gone
    asked = host.events(run_id, "run.cancel_requested")
    assert [event["data"]["reason"] for event in asked] == ["not needed any more"]


async def test_a_question_is_answered(open_console: Open, host: Host) -> None:
    """By a form of its schema; what does not fit is said at the field, here and by the server."""
    run_id = host.run("order", "a lamp")
    view = await open_console()
    await view.open_run(run_id)
    await view.status("Waiting")
    await expect(view.page.get_by_role("heading", name="a lamp for 95. Shall it be bought?")).to_be_visible()
    await view.accessible()
    await view.page.get_by_label("Limit").fill("0")
    await view.button("Answer").click()
    await expect(view.page.get_by_text("At least 1.")).to_be_visible()
    await expect(view.page.get_by_label("Limit")).to_be_focused()
    await view.page.get_by_label("Limit").fill("100")
    await view.page.get_by_label("Go").check()
    await view.button("Answer").click()
    await view.status("Succeeded")
    assert host.state(run_id)["result"] == "a lamp bought"


async def test_texts_and_connection(open_console: Open, host: Host) -> None:
    """Tabs by the keyboard; the address names the one that is open."""
    run_id = host.run("crawl", {"pages": 2, "delay_s": 0.01})
    host.until(run_id, "succeeded")
    view = await open_console()
    await view.open_run(run_id, "results")
    await view.tab("Results").press("ArrowRight")
    await expect(view.page.get_by_text("example.org has 2 pages with 203 words.")).to_be_visible()
    await view.accessible()
    await view.tab("Output").press("End")
    await expect(view.page).to_have_url(re.compile("tab=connection"))
    await expect(view.page.get_by_role("heading", name="History")).to_be_visible()
    await view.accessible()
    await view.page.go_back()
    await expect(view.tab("Output")).to_have_attribute("aria-selected", "true")


# -- the log


async def test_the_log_is_followed_until_one_scrolls_away(open_console: Open, host: Host) -> None:
    """Then it stays where it is read, counts what is new, and jumps when asked."""
    run_id = host.run("crawl", LONG)
    view = await open_console()
    await view.open_run(run_id, "log")
    log = view.page.get_by_role("log")
    await expect(view.lines.filter(has_text=re.compile(r"reading page ([4-9]\d|\d{3}) ")).first).to_be_visible()
    await log.hover()
    await view.page.mouse.wheel(0, -800)
    jump = view.page.get_by_role("button", name=re.compile(r"Jump to latest \(\d+ new lines\)"))
    await expect(jump).to_be_visible()
    top = await log.evaluate("(log) => log.scrollTop")
    await expect(view.page.get_by_role("button", name=re.compile(r"\([2-9]\d new lines\)"))).to_be_visible()
    assert await log.evaluate("(log) => log.scrollTop") == top
    await view.accessible()
    await jump.click()
    await expect(jump).to_have_count(0)
    at_end = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60"
    await view.page.wait_for_function(at_end, arg=await log.element_handle())  # lines go on to come
    await view.button("Pause").click()
    await expect(view.page.get_by_text(re.compile(r"Held still, \d+ lines? waiting"))).to_be_visible()
    assert await view.lines.count() < 120


async def test_the_log_is_searched_and_a_line_has_an_address(open_console: Open, host: Host) -> None:
    """By words and by level; the address of a line opens it in the middle of the others."""
    run_id = host.run("crawl", {"pages": 400, "broken": [123], "delay_s": 0})
    host.until(run_id, "partial")
    view = await open_console()
    await view.open_run(run_id, "log")
    await view.page.get_by_label("Level").select_option("warning")
    await expect(view.lines).to_have_count(2)
    await expect(view.lines.first).to_contain_text("page 123 cannot be read")
    await view.page.get_by_label("Level").select_option("debug")
    await view.page.get_by_label("Search").fill("reading page=77")
    await expect(view.lines).to_have_count(1)
    await expect(view.lines.locator("mark")).to_have_text(["reading", "page=77"])
    await view.accessible()
    await view.lines.get_by_title("Address of this line").click()
    await expect(view.page).to_have_url(re.compile(r"seq=\d+"))
    address = view.page.url
    other = await open_console()
    await other.page.goto(address)
    await expect(other.page.locator(".log-line[data-named]")).to_contain_text("reading page 77")
    await expect(other.page.locator(".log-line[data-named]")).to_be_in_viewport()
    await other.page.get_by_label("Search").fill("nowhere")
    await expect(other.page.get_by_role("heading", name="No line matches")).to_be_visible()


# -- jobs


async def test_a_job_is_started_by_its_form(open_console: Open, host: Host) -> None:
    """Every kind of field; a double click starts one run."""
    view = await open_console()
    await view.open("jobs", "Jobs")
    await view.accessible()
    await view.page.get_by_role("link", name=re.compile("^book")).click()
    await expect(view.page.get_by_role("heading", name="book")).to_be_focused()
    await view.button("Start").click()
    await expect(view.page.get_by_role("alert")).to_contain_text("fields need another look")
    await expect(view.page.get_by_label("Guest")).to_be_focused()
    await view.accessible()
    await view.page.get_by_label("Guest").fill("Ada")
    await view.page.get_by_label("Arrival").fill("2026-12-01")
    await view.page.get_by_label("Wake Up").fill("07:30:00")
    await view.page.get_by_label("Nights").fill("3")
    await view.page.get_by_label("Room").select_option("suite")
    await view.page.get_by_label("With address").check()
    await view.page.get_by_label("Street").fill("Main Street 1")
    await view.page.get_by_label("City").fill("Bern")
    await view.page.get_by_text("Mail", exact=True).click()
    await view.page.get_by_label("Address", exact=True).last.fill("ada@example.org")
    await view.button("Add to Children").click()
    await view.page.get_by_label("Children 1", exact=True).fill("7")
    await view.button("Start").dblclick()
    await view.status("Succeeded")
    result = host.runs(job="book")
    assert len(result) == 1
    assert host.state(result[0]["id"])["result"] == {
        "guest": "Ada",
        "arrival": "2026-12-01",
        "wake_up": "07:30:00",
        "nights": 3,
        "price": 90.5,
        "breakfast": True,
        "room": "suite",
        "address": {"street": "Main Street 1", "city": "Bern", "country": "CH"},
        "contact": {"by": "mail", "address": "ada@example.org"},
        "children": [7],
        "wishes": {},
    }


async def test_a_guessed_address_of_a_job_leads_to_it(open_console: Open) -> None:
    """As that of a run does."""
    view = await open_console()
    await view.open("jobs/book", "Jobs")
    await expect(view.page).to_have_url(re.compile(r"/jobs\?job=book$"))
    await expect(view.page.get_by_role("heading", name="book")).to_be_visible()


async def test_what_only_the_server_knows_stands_at_its_field(open_console: Open, host: Host) -> None:
    """Written as JSON, an input is the server's to check."""
    view = await open_console()
    await view.open("jobs?job=book")
    await view.page.get_by_label("Edit as JSON").check()
    await view.page.get_by_label("JSON", exact=True).fill('{"guest": "Ada", "contact": {"by": "phone"}}')
    await view.page.get_by_label("Edit as JSON").uncheck()
    await expect(view.page.get_by_label("Guest")).to_have_value("Ada")
    await view.page.get_by_label("Arrival").fill("2026-12-01")
    await view.page.get_by_label("Number").fill("+41 44")
    await view.page.get_by_label("Wishes").fill('{"view": 3}')
    await view.button("Start").click()
    await expect(view.page.get_by_text("Input should be a valid string.")).to_be_visible()
    await expect(view.page.get_by_label("Wishes")).to_be_focused()


# -- when it breaks


async def test_a_server_that_dies_takes_nothing_away(open_console: Open, host: Host) -> None:
    """What was shown stays, the page says how old it is, and goes on by itself when the server is back."""
    run_id = host.run("crawl", {"pages": 24, "delay_s": 1.5})
    view = await open_console()
    await view.open_run(run_id)
    await expect(view.part("Page 2")).to_contain_text("done")
    host.kill()
    await view.pill("Reconnecting")
    await expect(view.page.get_by_text(re.compile(r"Showing progress as of .* The job keeps running"))).to_be_visible()
    await expect(view.part("Page 2")).to_be_visible()
    await view.accessible()
    retry = await view.button("Retry now").element_handle()
    host.start()
    await retry.dispatch_event("click")  # the page may come back by itself in this very moment, and the button go
    await view.pill("Live")
    await expect(view.part("Attempt 2, taken over")).to_be_visible(timeout=PATIENCE_MS)


async def test_pages_that_were_not_opened_yet_outlive_the_server(shared_browser: Browser, host: Host) -> None:
    """Their code comes when there is time; without it the page says so, keeps what is around it, and mends itself."""
    context = await shared_browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    view = Console(await context.new_page(), host.url)
    await view.page.route("**/assets/JobsPage-*", lambda route: route.abort())  # its code does not come in time
    run_id = host.run("double", 2, title="Seen before")
    host.until(run_id, "succeeded")
    async with view.page.expect_response(re.compile("/assets/Chart-.*js")):
        await view.open("", "Runs")
    await expect(view.row(run_id)).to_be_visible()
    host.kill()
    await view.page.get_by_role("link", name="System").click()
    await expect(view.page.get_by_role("heading", level=1)).to_have_text("System")
    await expect(view.page.get_by_role("heading", name="The server cannot be reached")).to_be_visible()
    await view.page.get_by_role("link", name="Jobs").click()
    await expect(view.page.get_by_role("heading", level=1)).to_have_text("The server cannot be reached")
    await expect(view.page.get_by_text("It comes by itself as soon as the server answers.")).to_be_visible()
    await view.accessible()
    await view.page.get_by_role("link", name="Runs", exact=True).click()
    await expect(view.row(run_id)).to_be_visible()  # as it was when the list was left
    await expect(view.page.get_by_text(re.compile(r"Showing runs as of \d\d:\d\d:\d\d"))).to_be_visible()
    await view.page.get_by_role("link", name="Jobs").click()
    await view.page.unroute_all()
    host.start()
    await expect(view.page.get_by_role("heading", level=1)).to_have_text("Jobs")
    await expect(view.page.get_by_role("link", name=re.compile("^book"))).to_be_visible()
    await context.close()


async def test_a_wrong_clock_of_the_browser_does_not_show(open_console: Open, host: Host) -> None:
    """Times are the server's, and so is the clock they are compared with; also what is true as of a moment."""
    run_id = host.run("crawl", LONG, title="The present one")
    view = await open_console()
    await view.page.clock.install(time=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=25))
    await view.open("", "Runs")
    await expect(view.row(run_id)).to_contain_text("just now")
    await expect(view.row(run_id).locator(".runs-took")).to_have_text(re.compile(r"^\d+ s$"))
    await view.row(run_id).get_by_role("link").click()
    await view.status("Running")
    await expect(view.page.get_by_text("created just now")).to_be_visible()
    await expect(view.page.locator(".run-facts li").first).to_have_text(re.compile(r"^\d+ s$"))
    await expect(view.part("Attempt 1").locator(".timeline-took")).to_have_text(re.compile(r"^\d+ s$"))
    await view.tab("Connection").click()
    offset = "new Date(document.querySelector('.history time').dateTime) - Date.now()"
    assert -26 * 60_000 < await view.page.evaluate(offset) < -24 * 60_000


async def test_words_of_the_operators_stand_before_whoever_watches(open_console: Open, host: Host) -> None:
    """Until they are over."""
    run_id = host.run("order", "a lamp")
    view = await open_console()
    await view.open_run(run_id, "output")
    await view.pill("Live")
    notice = host.tell("The server is restarted at six.")
    said = view.page.get_by_text("The server is restarted at six.")
    await expect(said).to_be_visible()
    await view.accessible()
    await view.page.reload()  # it stands: who comes later is told, too
    await expect(said).to_be_visible()
    host.untell(notice)
    await expect(said).to_have_count(0)


async def refuse(status: int, route: Route) -> None:
    """Answer as a server that knows nobody by this name."""
    problem = {"code": "unauthenticated", "detail": "nobody is known by this token", "hint": None, "retryable": False}
    await route.fulfill(status=status, json=problem)


async def test_nothing_is_shown_to_who_may_not_see_it(shared_browser: Browser, host: Host) -> None:
    """Of an unknown run, of a page that is none, and where one has to sign in first."""
    context = await shared_browser.new_context()
    view = Console(await context.new_page(), host.url)
    await view.open("runs/run_01a21e300e4672278974fe753b18a75c", "There is no such run")
    await expect(view.page.get_by_role("link", name="All runs")).to_be_visible()
    await view.accessible()
    await view.open("no/such/page", "There is no such page")
    await view.accessible()
    for status, title in ((401, "Not signed in"), (403, "You may not see the runs")):
        await context.unroute_all()
        await context.route("**/v1/**", functools.partial(refuse, status))
        await view.open("", "Runs")
        await expect(view.page.get_by_role("heading", name=title)).to_be_visible()
        await view.accessible()
    await context.close()


async def test_colours_are_chosen_and_kept(open_console: Open) -> None:
    """In this browser."""
    view = await open_console()
    await view.open("")
    dark = "getComputedStyle(document.documentElement).colorScheme"
    await view.page.get_by_label("Dark").check()
    assert await view.page.evaluate(dark) == "dark"
    await view.page.reload()
    await expect(view.page.get_by_label("Dark")).to_be_checked()
    assert await view.page.evaluate(dark) == "dark"


async def test_the_way_past_the_navigation(open_console: Open, host: Host) -> None:
    """The first Tab of every page offers it."""
    run_id = host.run("double", 1)
    view = await open_console()
    await view.open_run(run_id)
    await view.page.keyboard.press("Tab")
    await expect(view.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await view.page.keyboard.press("Enter")
    await view.page.keyboard.press("Tab")
    await expect(view.page.get_by_role("main").get_by_role("link").first).to_be_focused()
