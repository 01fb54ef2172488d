"""Commands in Chromium: queued without a network, kept over a reload, sent once it is back; each once, and in order."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.outbox_site import DIST, PAGE, OutboxSite, running_site

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 30_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[OutboxSite]:
    """An application, with no commands yet."""
    with running_site(tmp_path) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def context(shared_browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser with nothing in its outbox."""
    context = await shared_browser.new_context()
    yield context
    await context.close()


async def opened(context: BrowserContext, site: OutboxSite) -> Page:
    """Open its page. The page itself is at hand without a network, as with a service worker; commands are not."""

    async def page_or_module(route: Route) -> None:
        name = route.request.url.removeprefix(site.url).removeprefix("/client/")
        if name == "/":
            await route.fulfill(body=PAGE, content_type="text/html")
        else:
            await route.fulfill(path=DIST / name, content_type=mimetypes.types_map[".js"])

    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.route(lambda url: url == f"{site.url}/" or url.startswith(f"{site.url}/client/"), page_or_module)
    await shown(page, site)
    return page


async def shown(page: Page, site: OutboxSite) -> None:
    """Load the page, anew if it is there."""
    await page.goto(f"{site.url}/")
    await page.wait_for_function("window.outbox !== undefined")


async def told(page: Page, number: int) -> list[dict[str, Any]]:
    """Return what the page was told, once it is so much."""
    await page.wait_for_function("(number) => window.told.length >= number", arg=number)
    found: list[dict[str, Any]] = await page.evaluate("window.told")
    return found


async def started(http: httpx.AsyncClient, job: str, status: str) -> dict[str, Any]:
    """Start a run and return its state once it stands as wanted."""
    run = (await http.post(f"/v1/jobs/{job}/runs", json={"input": None})).json()
    return await reached(http, run["id"], status)


async def reached(http: httpx.AsyncClient, run_id: str, status: str) -> dict[str, Any]:
    """Return a run's state once it stands as wanted."""
    async with asyncio.timeout(60):
        while True:
            state: dict[str, Any] = (await http.get(f"/v1/runs/{run_id}", params={"wait": 0.1})).json()
            if state["status"] == status:
                return state


async def events(http: httpx.AsyncClient, run_id: str, kind: str) -> int:
    """Count a run's events of a type."""
    log = (await http.get(f"/v1/runs/{run_id}/events")).json()["events"]
    return sum(event["type"] == kind for event in log)


async def test_three_commands_queued_offline_outlive_a_reload_and_are_each_applied_once_in_order(
    context: BrowserContext, site: OutboxSite
) -> None:
    """Retry, answer and cancel; three runs show it in their logs."""
    async with httpx.AsyncClient(base_url=f"{site.url}/headway", timeout=60) as http:
        failed = await started(http, "fragile", "failed")
        assert failed["error"]["message"] == "ValueError: not at the first time"
        waiting = await started(http, "asking", "waiting")
        endless = await started(http, "endless", "running")
        view = await opened(context, site)
        site.requests.clear()
        await context.set_offline(True)
        ask_id = next(iter(waiting["asks"]))
        await view.evaluate(
            """([failed, waiting, ask, endless]) => {
              outbox.retry(failed.run_id, { seq: failed.seq, id: "one" }).catch(() => {});
              outbox.answer(waiting.run_id, ask, { yes: true }, { id: "two" }).catch(() => {});
              outbox.cancel(endless.run_id, { attempt: 1, reason: "enough", id: "three" }).catch(() => {});
            }""",
            [failed, waiting, ask_id, endless],
        )
        lines = view.locator("li")
        await expect(lines).to_have_text(["Try again: queued, tried", "Answer: queued, new", "Cancel: queued, new"])
        await shown(view, site)
        await expect(lines).to_have_count(3)
        assert site.requests == []
        await context.set_offline(False)
        await expect(lines).to_have_count(0, timeout=PATIENCE_MS)
        assert [one["id"] for one in await told(view, 3)] == ["one", "two", "three"]
        assert [key for _, key in site.requests] == ["one", "two", "three"]
        assert (await reached(http, waiting["run_id"], "succeeded"))["result"] is True
        await reached(http, failed["run_id"], "succeeded")
        await reached(http, endless["run_id"], "cancelled")
        assert await events(http, failed["run_id"], "run.reopened") == 1
        assert await events(http, waiting["run_id"], "run.resumed") == 1
        assert await events(http, endless["run_id"], "run.cancel_requested") == 1


async def test_a_page_that_dies_between_the_answer_and_noting_it_does_no_harm(
    context: BrowserContext, site: OutboxSite
) -> None:
    """The next one sends it again with the same key, and gets the answer that was meant for the first."""
    first = await opened(context, site)

    async def answered_too_late(route: Route) -> None:
        await route.fetch()
        await first.close()

    await first.route("**/api/book", answered_too_late)
    async with first.expect_event("close"):
        await first.evaluate("outbox.send({ url: '/api/book', id: 'seat', body: { seat: '4a' } }), undefined")
    assert site.booked == ["4a"]
    second = await opened(context, site)
    (settled,) = await told(second, 1)
    assert settled == {"id": "seat", "answer": {"place": 1}, "error": None}
    await expect(second.locator("li")).to_have_count(0)
    assert len(site.requests) > 1, "it was sent again"
    assert set(site.requests) == {("/api/book", "seat")}
    assert site.booked == ["4a"]


async def test_two_tabs_send_each_command_once_and_in_order(context: BrowserContext, site: OutboxSite) -> None:
    """Whichever of them does; each gets the answers to its own, and a refusal as an error with its words."""
    one, two = await opened(context, site), await opened(context, site)
    await context.set_offline(True)
    for number in range(6):
        await (one, two)[number % 2].evaluate(
            """(number) => {
              window.answers ??= [];
              const body = number === 4 ? {} : { seat: number };
              const answer = outbox.send({ url: number === 4 ? "/api/nothing" : "/api/book", id: `n${number}`, body });
              answer.then((value) => answers.push(value.place), (error) => answers.push(error.category));
            }""",
            number,
        )
        for view in (one, two):
            await expect(view.locator("li")).to_have_count(number + 1)
    await context.set_offline(False)
    for view in (one, two):
        await expect(view.locator("li")).to_have_count(0, timeout=PATIENCE_MS)
        assert [each["id"] for each in await told(view, 6)] == [f"n{number}" for number in range(6)]
    assert site.booked == [0, 1, 2, 3, 5]
    assert [key for _, key in site.requests] == [f"n{number}" for number in range(6)]
    assert await one.evaluate("answers") == [1, 3, "not_found"]
    assert await two.evaluate("answers") == [2, 4, 5]


async def test_a_page_kept_for_the_back_button_lets_others_send_and_goes_on_when_it_is_back(
    cached_browser: Browser, site: OutboxSite
) -> None:
    """It holds no lock and no database meanwhile; what was done in its absence it knows when it returns."""
    context = await cached_browser.new_context()
    first, second = await context.new_page(), await context.new_page()
    for view in (first, second):
        view.set_default_timeout(PATIENCE_MS)
        await shown(view, site)
    site.busy = True
    book = "(seat) => void outbox.send({ url: '/api/book', id: seat, body: { seat } })"
    await first.evaluate(book, "1a")
    for view in (first, second):
        await expect(view.locator("li")).to_have_text(["Command: queued, tried"])
    await first.goto(site.url.replace("127.0.0.1", "localhost") + "/headway/healthz")
    site.busy = False
    await expect(second.locator("li")).to_have_count(0, timeout=PATIENCE_MS)
    assert site.booked == ["1a"]
    await first.go_back(wait_until="commit")
    await first.wait_for_function("window.persisted !== undefined")
    why = "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"
    assert await first.evaluate("window.persisted"), f"it was not kept: {await first.evaluate(why)}"
    await expect(first.locator("li")).to_have_count(0)
    await second.close()
    await first.evaluate(book, "2b")
    assert (await told(first, 1))[-1]["answer"] == {"place": 2}
    assert site.booked == ["1a", "2b"]
    await context.close()
