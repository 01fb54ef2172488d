"""One fault: a run, a network to break, pages that watch through it, and the judgement in the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser

from tests.e2e.fault_matrix import Row, duplicates, gaps
from tests.e2e.fault_site import FaultSite, SteeredRun, WatchPage
from tests.e2e.http_proxy import API, HttpProxy

Found = tuple[dict[str, Any], dict[str, Any]]
"""A page's report, and the server's snapshot of the run it watches."""


@dataclass
class Fault:
    """What a test of the matrix works with.

    Attributes:
        run: What is watched.
        network: Between the pages and the server.
        browser: Each page has a context of its own in it.
        row: Keeps what was found.
    """

    site: FaultSite
    run: SteeredRun
    network: HttpProxy
    browser: Browser
    row: Callable[[dict[str, Any]], None]
    views: list[WatchPage] = field(default_factory=list)

    async def watch(self, page: str = "", **options: Any) -> WatchPage:
        """Open a page that watches the run with these options of the client, and wait until it shows it."""
        view = await self.visit(page, **options)
        await view.has(self.run.seq)
        return view

    async def visit(self, page: str = "", *, clock: bool = False, **options: Any) -> WatchPage:
        """Open it and wait for nothing; `clock`: its time can be moved on."""
        view = WatchPage(await (await self.browser.new_context()).new_page(), self.run)
        self.views.append(view)
        if clock:
            await view.page.clock.install()
        await view.open(f"{self.network.url}/{page}", options)
        return view

    async def tabs(self, count: int) -> list[WatchPage]:
        """Open the page in so many tabs of one browser, which share a connection, and wait until all show the run."""
        context = await self.browser.new_context()
        tabs = [WatchPage(await context.new_page(), self.run) for _ in range(count)]
        self.views += tabs
        for tab in tabs:
            await tab.open(f"{self.network.url}/tabs.html", {})
        for tab in tabs:
            await tab.is_in("live", "follower")
            await tab.has(self.run.seq)
        return tabs

    async def many(self, count: int, **options: str) -> list[WatchPage]:
        """Open a page that watches so many runs over one connection, and wait until it shows them: a view of each."""
        runs = [await type(self.run).open(self.run.client) for _ in range(count)]
        page = await (await self.browser.new_context()).new_page()
        views = [WatchPage(page, run, f"window.each?.[{number}]") for number, run in enumerate(runs)]
        self.views += views
        await views[0].open(f"{self.network.url}/many.html", options, *runs[1:])
        for view in views:
            await view.has(view.run.seq)
        return views

    async def go_on(self, *views: WatchPage) -> None:
        """Let something happen in the run, and wait until the pages named have it."""
        await self.run.go_on()
        for view in views:
            await view.has(self.run.seq)

    async def ends_well(self, *views: WatchPage) -> None:
        """End the run, and judge the pages."""
        await self.run.end()
        await self.judge(*views)

    async def judge(self, *views: WatchPage) -> None:
        """Wait until the pages have everything, note what they were told, and insist that it is what it ought to be."""
        found: list[Found] = []
        for view in views:
            await view.has(view.run.seq)
            snapshot = await view.run.client.get(view.run.id)
            del snapshot["live"]  # comes beside the state, and is not of it
            found.append((await view.report(), snapshot))
        row = self._row(found)
        self.row(row)
        assert (row["gaps"], row["duplicates"]) == (0, 0)
        for report, snapshot in found:
            assert report["run"] == snapshot
            assert report["error"] is None
        assert [mistake for view in self.views for mistake in view.mistakes] == []

    async def gives_up(self, view: WatchPage, words: str) -> None:
        """Wait until a page has given up, and insist that it says why."""
        await view.is_in("failed")
        report = await view.report()
        snapshot = await self.run.client.get(self.run.id)
        self.row({**self._row([(report, snapshot)]), "gaps": 0, "fold": f"given up: “{words.partition(': ')[2]}”"})
        assert report["error"] == words
        assert view.mistakes == []

    def _row(self, found: list[Found]) -> dict[str, Any]:
        streams, asked = len(self.network.streams), len(self.network.asked(API))
        states = (entry.split() for report, _ in found for entry in report["history"])
        told = [report["events"] for report, _ in found]
        stood = [report["wire"]["snapshots"] for report, _ in found]
        missing = (gaps(report["events"], report["wire"]["snapshots"], state["seq"]) for report, state in found)
        return {
            "connections": f"{streams} + {asked - streams}",
            "transports": ", ".join(_steps(transport for state, transport in states if state == "live")) or "none",
            "events": sum(map(len, told)),
            "snapshots": sum(map(len, stood)),
            "gaps": sum(missing),
            "duplicates": sum(map(duplicates, told)),
            "fold": "equal" if all(report["run"] == state for report, state in found) else "DIFFERENT",
        }


AWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
SIGN_IN = "<!doctype html><title>Wi-Fi</title><h1>Please sign in</h1>"
REAUTHORIZE = "event: reauthorize\ndata: {}\n\n"


async def storm(fault: Fault, rng: random.Random, *runs: SteeredRun, faults: int = 40) -> None:
    """Let so many faults happen at random moments while the runs go on; in the end nothing is wrong any more."""
    network = fault.network
    kinds: list[Callable[[], object]] = [
        network.drop,
        network.end,
        network.cut,
        lambda: network.say(REAUTHORIZE),
        lambda: network.answer(rng.choice((404, 502, 503)), AWAY, times=rng.randint(1, 3)),
        lambda: network.answer(200, SIGN_IN, times=1),
        lambda: setattr(network, "hold_bytes", rng.choice((0, 0, 500, 5_000))),
        lambda: network.lose(API),
    ]
    for _ in range(faults):
        rng.choice(kinds)()
        for run in runs or (fault.run,):
            await run.go_on(rng.randint(1, 12))
        await asyncio.sleep(rng.random() * 0.15)
    network.heal()
    network.drop()  # what is held back is not given out when it is held back no more


def _steps(words: Iterable[str]) -> list[str]:
    """Return words without those that repeat the one before."""
    steps: list[str] = []
    for word in words:
        if steps[-1:] != [word]:
            steps.append(word)
    return steps


def row_of(test: str, docstring: str, found: dict[str, Any]) -> Row:
    """Return the row of a test."""
    fault, _, done = " ".join(docstring.split()).partition(": ")
    return Row(test=test, fault=fault, done=done, **found)
