"""The report's page in Chromium: while it is made, its worker dies, the database is away - and five lines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.e2e.opening import opening
from tests.e2e.report_page import PATIENCE_MS, ReportPage
from tests.examples.report.requirement import FIVE_LINES
from tests.examples.report.running import Demo, running_demo

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

Open = Callable[[], Awaitable[ReportPage]]


@pytest.fixture(scope="module")
def lasting_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all tests."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def demo(lasting_demo: Demo) -> Demo:
    """Its sites quick and well."""
    lasting_demo.turn(latency_s=0.1, broken=[])
    return lasting_demo


@pytest_asyncio.fixture(loop_scope="session")
async def open_report(shared_browser: Browser, demo: Demo) -> AsyncIterator[Open]:
    """Open the page in a context of its own; in the end, none of them has made a mistake."""
    async with opening(shared_browser, lambda page: ReportPage(page, demo.url), PATIENCE_MS) as open_one:
        yield open_one


async def test_a_report_is_asked_for_watched_and_read(open_report: Open, demo: Demo) -> None:
    """Form, captures as they come, phases, the report embedded, its PDF, the list; for everybody, on every screen."""
    view = await open_report()
    await view.home()
    await view.accessible()
    demo.turn(latency_s=0.5)
    project = await view.ask()
    await expect(view.captured.first).to_be_visible(timeout=PATIENCE_MS)
    await view.status("At work")
    await expect(view.phase("Validation")).to_have_text("Validation✓")
    await expect(view.phase("Capture")).to_have_text(re.compile(r"^Capture[0-2] of 3$"))
    await expect(view.phase("Storing")).to_have_text("Storing")  # nothing before it begins
    await view.accessible()
    demo.turn(latency_s=0)
    await view.status("Ready")
    await expect(view.page.locator(".phases li").filter(has_text="✓")).to_have_count(6)
    await expect(view.page.get_by_text("Captured", exact=True)).to_have_count(4)  # three cards, one term
    await expect(view.page.locator(".percent")).to_have_text("100 %")
    happened = view.page.locator("#happened li")
    await expect(happened.first).to_contain_text("The report was ready", timeout=PATIENCE_MS)
    await expect(happened.filter(has_text="was captured")).to_have_count(3)
    await expect(happened.last).to_contain_text("The report was asked for")
    frame = view.page.frame_locator("iframe")
    await expect(frame.get_by_role("heading", name="Competitors of Lanternwatch")).to_be_visible()
    pdf = await view.page.get_by_role("link", name="Open the PDF").get_attribute("href")
    answer = await view.page.request.get(f"{demo.url}{pdf}")
    assert (await answer.body()).startswith(b"%PDF")
    await expect(view.page.locator(f'.projects a[href="#/projects/{project}"]')).to_have_attribute(
        "aria-current", "page"
    )
    await view.page.get_by_role("link", name="To the report").focus()
    await view.page.keyboard.press("Enter")
    await expect(view.page.locator("main")).to_be_focused()
    assert view.page.url.endswith(project), "the address is that of the project"
    for width in (360, 768):
        await view.fits(width)
    await view.accessible()
    report = demo.http.get((pdf or "").replace("/pdf", "/page")).text  # where it stands nothing may run, axe neither
    await view.page.goto("about:blank")
    await view.page.set_content(report)
    await view.accessible()


async def test_what_is_refused_is_told_beside_the_field(open_report: Open) -> None:
    """In the words of the form; the field has the focus, and is marked until it is sent again."""
    view = await open_report()
    await view.home()
    field = view.page.locator('input[name="rival-url"]').nth(1)
    await field.fill("http://ada@host/")
    await view.button("Make the report").click()
    await expect(view.page.locator("#refused")).to_have_text(
        "Its site “http://ada@host/”: an address with a user name in it is not asked"
    )
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await view.accessible()


async def test_the_worker_is_killed_while_two_watch(open_report: Open, demo: Demo) -> None:
    """By the page's own button: both see another worker go on, what was captured stays on the page."""
    first, second = await open_report(), await open_report()
    demo.turn(latency_s=0.7)
    project = await first.ask()
    await second.open(project)
    await expect(second.captured.nth(2)).to_be_visible(timeout=PATIENCE_MS)
    worker = await first.page.locator("#worker").inner_text()
    await first.button("Kill its worker").click()
    await expect(first.page.locator("#worker")).to_contain_text("It was killed; another one takes over")
    await expect(first.button("Kill its worker")).to_be_hidden()
    for view in (first, second):
        await expect(view.page.locator("#worker")).to_contain_text("Taken over once", timeout=PATIENCE_MS)
        assert await view.captured.count() >= 3
    demo.turn(latency_s=0)
    for view in (first, second):
        await view.status("Ready")
        assert await view.page.locator("#worker").inner_text() != worker


async def test_a_page_that_fails_is_told_and_tried_again(open_report: Open, demo: Demo) -> None:
    """In part; then whole."""
    demo.turn(broken=["heronping/plans"], latency_s=0)
    view = await open_report()
    await view.ask()
    await view.status("Ready, in part")
    await expect(view.page.locator('.card[data-state="failed"]')).to_contain_text("/plans answered 503")
    await expect(view.page.frame_locator("iframe").get_by_text("What is missing")).to_be_visible()
    await view.accessible()
    demo.turn(broken=[])
    await view.button("Try again").click()
    await view.status("Ready")
    await expect(view.page.frame_locator("iframe").get_by_text("What is missing")).to_have_count(0)


async def test_the_page_says_that_the_database_is_away(open_report: Open, demo: Demo) -> None:
    """What is known stays on it; when it is back, nothing is said any more."""
    view = await open_report()
    project = await view.ask()
    await view.status("Ready")
    notice = view.page.locator("#degraded")
    with demo.frozen_database():
        await expect(notice).to_contain_text("Queue and database do not answer", timeout=PATIENCE_MS)
        await view.status("Ready")
        await view.accessible()
        await view.page.reload()
        await expect(view.page.get_by_role("heading", name="This project cannot be shown now")).to_be_visible()
        await expect(view.page.get_by_text("They are not known at present.")).to_be_visible()
        await view.accessible()
    await expect(notice).to_be_hidden(timeout=PATIENCE_MS)
    await view.status("Ready")  # by itself
    await view.open("proj_unknown")
    await expect(view.page.get_by_role("heading", name="There is no such project")).to_be_visible()
    await view.open(project)
    await view.status("Ready")


async def test_the_project_comes_after_its_status(open_report: Open, demo: Demo) -> None:
    """Also when the run has ended, and its stream says nothing more."""
    project = demo.create("uptide")["id"]
    demo.ended(project)
    view = await open_report()
    looked_twice = asyncio.Event()

    async def late(route: Route) -> None:
        await looked_twice.wait()
        await route.continue_()

    await view.page.route(f"**/api/projects/{project}", late)
    answer = f"**/api/projects/{project}/initial-report-status"
    async with view.page.expect_response(answer):
        await view.open(project)
    async with view.page.expect_response(answer):
        pass
    looked_twice.set()
    await view.status("Ready")


async def test_the_report_is_shown_without_its_run(open_report: Open, demo: Demo) -> None:
    """What the status endpoint knows is enough."""
    project = demo.create("uptide")["id"]
    demo.ended(project)
    view = await open_report()
    await view.page.route("**/headway/v1/runs/**", lambda route: route.abort())
    await view.open(project)
    await view.status("Ready")
    await expect(view.page.locator(".percent")).to_have_text("100 %")
    await expect(view.button("Make the report")).to_be_hidden()
    await expect(view.page.frame_locator("iframe").get_by_role("heading", name="Competitors of")).to_be_visible()


async def test_an_answer_that_comes_late_is_not_drawn_above_newer_ones(open_report: Open, demo: Demo) -> None:
    """The report was not asked for when it was given, and has been since."""
    project = demo.create("uptide", start=False)["id"]
    view = await open_report()
    await view.open(project)
    button = view.button("Make the report")
    await expect(button).to_be_visible()
    answer = f"**/api/projects/{project}/initial-report-status"
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def old(route: Route) -> None:
        before = await route.fetch()
        asked.set()
        await let_go.wait()
        await route.fulfill(response=before)

    await view.page.route(answer, old, times=1)
    await asked.wait()
    await button.press("Enter")
    await expect(button).to_be_hidden()
    await view.page.evaluate(
        """() => {
          window.seen = 0;
          const button = [...document.querySelectorAll("button")].find((it) => it.textContent === "Make the report");
          new MutationObserver(() => { window.seen += !button.hidden; }).observe(button, { attributes: true });
        }"""
    )
    let_go.set()
    for _ in range(2):  # the second is asked for when the old one has been drawn, if it ever is
        async with view.page.expect_response("**/api/demo/statistics"):
            pass
    assert await view.page.evaluate("window.seen") == 0


async def test_a_project_that_is_still_loading_is_not_shown_as_the_one_before(open_report: Open, demo: Demo) -> None:
    """Nor may the form be sent a second time while what it made is opened."""
    view = await open_report()
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await view.page.route(re.compile(r"/api/projects/[\w.:-]+$"), late)
    await view.home()
    await view.button("Make the report").press("Enter")
    await view.page.wait_for_url("**/#/projects/*")
    await expect(view.button("Make the report")).to_have_count(0)
    await expect(view.page.get_by_text("Loading …")).to_be_visible()
    let_go.set()
    await expect(view.cards).to_have_count(3)


async def test_who_has_left_the_form_is_not_fetched_back(open_report: Open, demo: Demo) -> None:
    """The project is made, and stands in the list."""
    elsewhere = demo.create("uptide", start=False)["id"]
    view = await open_report()
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method == "POST":
            await let_go.wait()
        await route.continue_()

    await view.page.route("**/api/projects", late)
    await view.home()
    async with view.page.expect_response(lambda answer: answer.status == 201) as made:
        await view.button("Make the report").press("Enter")
        await view.page.locator(f'.projects a[href="#/projects/{elsewhere}"]').click()
        await expect(view.button("Make the report")).to_be_visible()
        let_go.set()
    project = (await (await made.value).json())["id"]
    await expect(view.page.locator(f'.projects a[href="#/projects/{project}"]')).to_be_visible()
    assert view.page.url.endswith(elsewhere)


async def test_the_report_is_shown_once_it_can_be_read(open_report: Open, demo: Demo) -> None:
    """It could not when it was ready."""
    project = demo.create("uptide")["id"]
    demo.ended(project)
    view = await open_report()
    await view.page.route("**/api/reports/*/page?*", lambda route: route.fulfill(status=503, body="away"), times=1)
    await view.open(project)
    await expect(view.page.frame_locator("iframe").get_by_role("heading", name="Competitors of")).to_be_visible()


async def test_a_command_that_was_done_all_the_same_is_no_trouble_any_more(open_report: Open, demo: Demo) -> None:
    """Its answer was lost; then the report is there. The keyboard stays on the page when the button goes."""
    project = demo.create("uptide", start=False)["id"]
    view = await open_report()
    await view.open(project)
    trouble = view.page.locator("p.error[role=alert]:not(#refused)").filter(has_text="The server does not answer")

    async def lost(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await view.page.route(f"**/api/projects/{project}/initial-report", lost)
    demo.turn(latency_s=1)
    await view.button("Make the report").press("Enter")
    await expect(trouble).to_be_visible()
    demo.turn(latency_s=0)
    await view.status("Ready")
    await expect(trouble).to_be_hidden()
    await expect(view.page.locator("#project-title")).to_be_focused()


async def test_the_five_lines_of_the_requirement_run_unchanged(shared_browser: Browser, demo: Demo) -> None:
    """Pasted into a page of the server, with the project's id: phase and progress on the console, to the end."""
    project = demo.create("uptide", start=False)["id"]
    page = await shared_browser.new_page()
    said: list[str] = []
    mistakes: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "log" else None)
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    await page.goto(f"{demo.url}/icon.svg")
    await page.evaluate(f"() => {{ {FIVE_LINES.replace('cm123456', project)} }}")
    assert demo.http.post(f"/api/projects/{project}/initial-report").status_code == 202
    async with page.expect_console_message(lambda line: "completed" in line.text, timeout=PATIENCE_MS):
        pass
    await page.close()
    assert said[0] == "Phase: validation, Progress: 0%"
    assert "Phase: snapshot_capture, Progress: 10%" in said
    assert "Phase: completed, Progress: 100%" in said
    assert mistakes == []
