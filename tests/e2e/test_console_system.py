"""The console's system page in Chromium: who watches, what is said to them, what is switched, what is wrong."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from headway.app import Headway
from tests.client.running import Running, running
from tests.e2e.opening import opening
from tests.e2e.trip_page import AXE

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_S = 45
PATIENCE_MS = 1_000 * PATIENCE_S
LISTEN = """async (id) => {
  const { Headway } = await import("/client.js");
  window.heard = [];
  new Headway({ baseUrl: "" }).run(id).on("notice", (notice) => window.heard.push(notice));
}"""
REFUSAL = {
    "type": "urn:headway:problem:forbidden",
    "title": "The identity may not do this",
    "status": 403,
    "detail": "this needs the scope 'admin'",
    "code": "forbidden",
    "retryable": False,
    "hint": None,
    "request_id": "x",
}


class Console:
    """The system page, and who watches a run meanwhile."""

    def __init__(self, page: Page, server: Running) -> None:
        self.server = server
        self.page = page
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    async def open(self) -> None:
        """Open the page, and wait until it knows something."""
        await self.page.goto(f"{self.server.url}/console/system")
        await expect(self.page.get_by_role("heading", name="Who watches")).to_be_visible(timeout=PATIENCE_MS)

    def connection(self, id: str) -> Locator:
        """A row of who watches."""
        return self.page.locator(f"tr[data-connection='{id}']")

    @property
    def rows(self) -> Locator:
        """All of them."""
        return self.page.locator("tr[data-connection]")

    async def heard(self, page: Page, text: str) -> None:
        """Wait until a page that watches has heard something."""
        await page.wait_for_function(
            "(text) => window.heard.some((notice) => notice.text === text)", arg=text, timeout=PATIENCE_MS
        )

    async def accessible(self) -> None:
        """Axe finds nothing, by day and by night."""
        if not await self.page.evaluate("typeof axe === 'object'"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for scheme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
            found = await self.page.evaluate("(tags) => axe.run(document, { runOnly: tags })", tags)
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == [], scheme


@pytest.fixture
def server() -> Iterator[Running]:
    """A server that keeps nothing."""
    with running(Headway("memory://", worker="none")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def console(shared_browser: Browser, server: Running) -> AsyncIterator[Console]:
    """A system page that is not open yet; in the end it has made no mistake."""
    async with opening(shared_browser, Console, PATIENCE_MS) as open_one:
        yield await open_one(server)


async def watching(console: Console, run_id: str) -> Page:
    """Open a page elsewhere that watches a run with our client."""
    page = await console.page.context.new_page()
    await page.goto(f"{console.server.url}/healthz")
    await page.evaluate(LISTEN, run_id)
    return page


async def opened(server: Running, title: str) -> str:
    """Begin a run whose work happens elsewhere."""
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        run_id: str = (await http.post(f"{server.url}/v1/runs", json={"title": title})).json()["id"]
        return run_id


async def test_who_watches_is_seen_told_and_closed(console: Console, server: Running) -> None:
    """Two pages appear; a notice reaches both, and one that comes later; one is told something, and closed."""
    await console.open()
    await expect(console.page.get_by_text("Nobody watches just now.")).to_be_visible()
    run_id = await opened(server, "Nightly import")
    pages = [await watching(console, run_id) for _ in range(2)]
    await expect(console.rows).to_have_count(2)
    await expect(console.rows.first).to_contain_text(f"…{run_id[-12:]}")
    await expect(console.page.locator(".tile").first).to_contain_text("2 streams")
    await console.accessible()

    await console.page.get_by_role("button", name="New notice").click()
    dialog = console.page.get_by_role("dialog")
    await dialog.get_by_label("What is said").fill("Back at noon")
    await dialog.get_by_label("How important it is").select_option("Warning")
    await console.accessible()
    await dialog.get_by_role("button", name="Put it before viewers").click()
    await expect(dialog).to_have_count(0)
    await expect(console.page.locator("[data-notice]")).to_contain_text("Back at noon")
    for page in [*pages, await watching(console, run_id)]:
        await console.heard(page, "Back at noon")
    await console.page.get_by_role("button", name="Take away: Back at noon").click()
    await console.page.get_by_role("dialog").get_by_role("button", name="Take it away").click()
    await expect(console.page.get_by_text("No notice stands before viewers.")).to_be_visible()
    await pages[0].wait_for_function("() => window.heard.some((notice) => notice.over)", timeout=PATIENCE_MS)

    await expect(console.rows).to_have_count(3)
    id = await console.rows.last.get_attribute("data-connection") or ""
    await console.connection(id).get_by_role("button", name="Say something").click()
    await console.page.get_by_role("dialog").get_by_label("What is said").fill("Only you")
    await console.page.get_by_role("dialog").get_by_role("button", name="Say it").click()
    await expect(console.page.get_by_text(f"{id} was told.")).to_be_visible()
    await console.heard(pages[0], "Only you")
    assert await pages[1].evaluate("window.heard.some((notice) => notice.text === 'Only you')") is False

    await console.connection(id).get_by_role("button", name="Close").click()
    await console.page.get_by_role("dialog").get_by_role("button", name="Close it").click()
    await expect(console.page.get_by_text(f"{id} was closed.")).to_be_visible()
    await expect(console.connection(id)).to_have_count(0)
    await expect(console.rows).to_have_count(3)  # its client has come back, as another connection


async def test_viewers_are_narrowed_down(console: Console, server: Running) -> None:
    """By run and by how they watch; the keyboard is enough."""
    runs = [await opened(server, title) for title in ("one", "two")]
    for run_id in runs:
        await watching(console, run_id)
    await console.open()
    await expect(console.rows).to_have_count(2)
    await console.page.get_by_label("Run", exact=True).fill(runs[0])
    await console.page.keyboard.press("Enter")
    await expect(console.rows).to_have_count(1)
    await expect(console.rows).to_contain_text(f"…{runs[0][-12:]}")
    await console.page.get_by_label("By", exact=True).select_option("Poll")
    await expect(console.page.get_by_text("Nobody like this watches.")).to_be_visible()


async def test_charts_can_be_read_as_tables(console: Console, server: Running) -> None:
    """What is drawn stands there in numbers, too."""
    run_id = await opened(server, "Nightly import")
    await watching(console, run_id)
    await console.open()
    await expect(console.rows).to_have_count(1)
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        events = [{"type": "note", "data": {"body": "x"}}] * 20
        await http.post(f"{server.url}/v1/runs/{run_id}/events", json={"events": events})
    await expect(console.page.locator(".plot canvas")).to_have_count(4)
    await console.page.get_by_text("As a table: How long an append takes").click()
    table = console.page.get_by_role("table", name="How long an append takes")
    await expect(table.get_by_role("rowheader", name="> 10 s")).to_be_visible()
    await console.page.get_by_text("As a table: Per second").click()
    rates = console.page.get_by_role("table", name="Per second")
    await expect(rates.get_by_role("row").nth(2)).to_be_visible()
    await console.accessible()


async def test_streams_are_switched_off_and_on(console: Console, server: Running) -> None:
    """After it was asked whether that is meant; viewers go on by polling."""
    run_id = await opened(server, "Nightly import")
    await watching(console, run_id)
    await console.open()
    await expect(console.rows).to_have_count(1)
    streams = console.page.locator("[data-transport='sse']")
    await streams.get_by_role("button").click()
    dialog = console.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Switch streams off?")
    await console.accessible()
    await dialog.get_by_role("button", name="Leave it").click()
    await expect(streams).to_contain_text("On")
    await streams.get_by_role("button").click()
    await dialog.get_by_role("button", name="Switch off").click()
    await expect(streams).to_contain_text("Off")
    await expect(console.rows.filter(has_text="Poll")).to_have_count(1)
    await console.page.get_by_role("button", name="As the servers were started").click()
    await expect(streams).to_contain_text("On")


async def test_who_may_not_see_it_is_told_so(console: Console) -> None:
    """In words, with a way to try again; and it is there as soon as one may."""

    async def refuse(route: Route) -> None:
        await route.fulfill(status=403, content_type="application/problem+json", json=REFUSAL)

    await console.page.route("**/v1/**", refuse)
    await console.page.goto(f"{console.server.url}/console/system")
    await expect(console.page.get_by_role("heading", name="You may not see the system")).to_be_visible()
    await console.accessible()
    await console.page.get_by_role("button", name="Try again").click()
    await console.page.unroute("**/v1/**")  # it looks again by itself, too
    await expect(console.page.get_by_role("heading", name="Who watches")).to_be_visible()


@pytest.mark.parametrize(("part", "words"), [("store", "cannot be used"), ("missing", "did not answer")])
async def test_what_is_wrong_stands_above_all(console: Console, part: str, words: str) -> None:
    """A store that is away, a process that hangs: said in words, with what it means."""

    async def spoil(route: Route) -> None:
        answer = await route.fetch()
        told: Any = await answer.json()
        if part == "store":
            told["store"] = {**told["store"], "ok": False, "trouble": "the disk is full"}
        else:
            told |= {"complete": False, "asked": 2, "missing": ["wrk_of_another"]}
            told["workers"].append({"id": "wrk_of_another", "gone": False, "silent_s": 7.0, "running": []})
        await route.fulfill(response=answer, json=told)

    await console.page.route("**/v1/system", spoil)
    await console.open()
    await expect(console.page.locator(".hw-problem")).to_contain_text(words)
    await console.accessible()


async def test_it_goes_on_when_the_server_is_there_again(console: Console) -> None:
    """What was there stays, with a word that it is old."""
    await console.open()
    await console.page.route("**/v1/system", lambda route: route.abort())
    await expect(console.page.locator(".hw-problem")).to_contain_text("What is shown is older", timeout=PATIENCE_MS)
    await expect(console.page.get_by_role("heading", name="Who watches")).to_be_visible()
    await console.page.unroute("**/v1/system")
    await expect(console.page.locator(".hw-problem")).to_have_count(0, timeout=PATIENCE_MS)


async def test_it_holds_still_when_asked(console: Console) -> None:
    """Whoever reads slowly need not race it."""
    await console.page.clock.install()
    await console.open()
    pause = console.page.get_by_role("button", name="Pause")
    await pause.click()
    await expect(pause).to_have_attribute("aria-pressed", "true")
    asked: list[str] = []
    console.page.on("request", lambda request: asked.append(request.url))
    await console.page.clock.fast_forward(10_000)
    assert [url for url in asked if re.search(r"/v1/(system|connections)", url)] == []
    async with console.page.expect_request(re.compile("/v1/system")):
        await pause.click()


async def test_on_a_narrow_screen_nothing_is_cut_off(console: Console, server: Running) -> None:
    """360 pixels: rows become cards, and the page scrolls in one direction only."""
    await watching(console, await opened(server, "Nightly import"))
    await console.page.set_viewport_size({"width": 360, "height": 800})
    await console.open()
    await expect(console.rows).to_have_count(1)
    await console.rows.get_by_role("link").click()  # the sheet of another page stays, and means nothing here
    await expect(console.page.get_by_role("heading", level=1)).to_have_text("Nightly import")
    await console.page.get_by_role("link", name="System").click()
    await expect(console.page.locator("table.runs").first).to_have_css("display", "block")
    await expect(console.rows).not_to_have_count(0)
    assert await console.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await console.accessible()
    await console.rows.last.get_by_role("button", name="Close").click()  # this page itself may have been one of them
    await expect(console.page.get_by_role("dialog")).to_be_in_viewport()
