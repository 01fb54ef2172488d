"""The page of a trip: what stands on it, and what ought to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Locator, Page, expect

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
ALL_RULES: Final = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS: Final = {"type": "rule", "values": ["color-contrast"]}
PATIENCE_MS: Final = 45_000
SHORT: Final = {"paris": 1, "rome": 1, "lisbon": 1}
LONG: Final = {"paris": 2, "rome": 2}
CONNECTED: Final = re.compile("Connection: (Live|Polling)")
expect.set_options(timeout=PATIENCE_MS)
DASH: Final = "\N{EN DASH}"

STATUS_WORDS: Final = {
    "queued": "Queued",
    "running": "Planning",
    "succeeded": "Planned",
    "partial": "Partly planned",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
HAVE_A_PLAN: Final = ("planned", "enhancing", "enhanced")
"""States of a card whose day is planned, whatever is known of its places."""

READ_PAGE = """() => {
  const text = (node) => node?.textContent ?? "";
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  return {
    title: text(document.querySelector("h1")).replaceAll("\u00a0", " "),
    status: text(document.querySelector(".trip-signs .hw-badge")).replace(/^Trip: /, ""),
    percent: document.querySelector('[role=progressbar][aria-label=Trip]').getAttribute("aria-valuenow"),
    seq: Number(text(document.querySelector("[aria-labelledby=elsewhere] .facts dd"))),
    days: all(".day").map((day) => ({
      key: day.dataset.day,
      state: day.dataset.dayState,
      title: `${text(day.querySelector(".day-place"))}, ${text(day.querySelector(".day-date"))}`,
      stops: all(".stop:not([data-kind])", day).map((stop) => [
        text(stop.querySelector(".stop-name")),
        text(stop.querySelector(".stop-time")),
        stop.dataset.state ?? null,
        text(stop.querySelector(".stop-about")),
      ]),
    })),
    summary: all(".summary p:not(.hw-muted)").map((part) => text(part).trim()),
  };
}"""

RECORD_PERCENT = """() => {
  window.percents = [];
  const look = () => {
    const bar = document.querySelector('[role=progressbar][aria-label=Trip]');
    const now = bar?.getAttribute("aria-valuenow");
    if (now != null && now !== window.percents.at(-1)) window.percents.push(now);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}"""


class TripPage:
    """A browser page with a trip on it.

    Args:
        page: The browser's.
        url: Of the site, or of a network before it.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    # -- getting there

    async def home(self) -> None:
        """Open the form."""
        await self.page.goto(f"{self.url}/")

    async def plan(self, stays: dict[str, int]) -> str:
        """Ask for a trip, and return its id once its page is there."""
        await self.home()
        return await self.fill_in(stays)

    async def fill_in(self, stays: dict[str, int]) -> str:
        """Ask for a trip in the form that is open, and return its id once its page is there."""
        await expect(self.button("Plan this trip")).to_be_visible()
        for _ in range(2):
            await self.page.get_by_role("button", name=re.compile("^Remove")).last.click()
        for at, (city, days) in enumerate(stays.items(), 1):
            if at > 1:
                await self.button("Add a city").click()
            await self.page.get_by_label(f"City {at}", exact=True).select_option(city)
            await self.page.locator(".stay").nth(at - 1).locator("select").nth(1).select_option(str(days))
        await self.button("Plan this trip").click()
        await self.page.wait_for_url("**/#/trips/*")
        await expect(self.days).to_have_count(sum(stays.values()))
        return self.trip

    async def open(self, trip: str) -> None:
        """Open a trip by its address."""
        await self.page.goto(f"{self.url}/#/trips/{trip}")

    # -- what is on it

    @property
    def trip(self) -> str:
        """Id of the trip, from the address bar."""
        return self.page.url.rpartition("/")[2]

    @property
    def days(self) -> Locator:
        """The cards."""
        return self.page.locator(".day")

    def day(self, number: int) -> Locator:
        """One card."""
        return self.page.locator(f'[data-day="day:{number}"]')

    def in_state(self, state: str) -> Locator:
        """Cards by what they show of their day."""
        return self.page.locator(f'.day[data-day-state="{state}"]')

    @property
    def planned(self) -> Locator:
        """Cards whose day is planned, whatever is known of its places."""
        return self.page.locator(", ".join(f'.day[data-day-state="{state}"]' for state in HAVE_A_PLAN))

    def button(self, name: str) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def pill(self) -> Locator:
        """What is said of the connection."""
        return self.page.locator(".trip-signs .hw-badge").nth(1)

    async def status(self, word: str, within_ms: float = PATIENCE_MS) -> None:
        """Wait until the trip stands as wanted."""
        await expect(self.page.locator(".trip-signs .hw-badge").first).to_have_text(f"Trip: {word}", timeout=within_ms)

    async def under_way(self) -> None:
        """Wait until something is planned and something is not."""
        await expect(self.planned.first).to_be_visible(timeout=PATIENCE_MS)
        await self.status("Planning")

    async def read(self) -> dict[str, Any]:
        """Return what the page shows."""
        shown: dict[str, Any] = await self.page.evaluate(READ_PAGE)
        return shown

    async def shows(self, snapshot: dict[str, Any]) -> None:
        """Wait for the last event of an ended trip, and check that the page shows all of it and nothing else."""
        seq = self.page.locator("[aria-labelledby=elsewhere] .facts dd").first
        await expect(seq).to_have_text(str(snapshot["seq"]))
        assert await self.read() == ought_to_show(snapshot)
        assert self.mistakes == []

    # -- for everybody

    async def accessible(self) -> None:
        """Let axe look at the page, and at its colours by night."""
        await self.page.evaluate(AXE.read_text())
        complaints = await self._complaints(ALL_RULES)
        await self.page.emulate_media(color_scheme="dark")
        complaints += await self._complaints(COLOURS)
        await self.page.emulate_media(color_scheme="light")
        assert not complaints, "\n".join(complaints)

    async def _complaints(self, rules: dict[str, Any]) -> list[str]:
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        found = await self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    async def fits(self, width: int) -> None:
        """Nothing sticks out of a screen so wide."""
        size = self.page.viewport_size
        await self.page.set_viewport_size({"width": width, "height": 800})
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= width
        if size is not None:
            await self.page.set_viewport_size(size)


def ought_to_show(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return what the page of an ended trip has to show, from the server's snapshot."""
    items = snapshot["items"]
    days = [item["status"] == "finished" for item in items.values() if item["kind"] == "day"]
    text = snapshot["outputs"].get("summary", {}).get("text", "")
    return {
        "title": snapshot["title"],
        "status": STATUS_WORDS[snapshot["status"]],
        "percent": str(100 * sum(days) // len(days)),
        "seq": snapshot["seq"],
        "days": [_day(key, item, items) for key, item in items.items() if item["kind"] == "day"],
        # the page sets the head of each paragraph off with a full stop
        "summary": [part.strip().replace(": ", ". ", 1) for part in text.split("\n\n") if part.strip()],
    }


def plans(shown: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Return the names and times of all days that are planned, by key: what no trouble may change any more."""
    return {day["key"]: [stop[:2] for stop in day["stops"]] for day in shown["days"] if day["state"] in HAVE_A_PLAN}


def _day(key: str, item: dict[str, Any], items: dict[str, Any]) -> dict[str, Any]:
    visits = ((item["data"] or {}).get("tour") or {}).get("visits", [])
    return {
        "key": key,
        "state": _day_state(item, [other for other in items.values() if other["parent"] == key]),
        "title": item["title"],
        "stops": [
            [
                visit["place"]["name"],
                f"{visit['arrive']}{DASH}{visit['leave']}",
                *_details(items.get(f"{key}/{visit['place']['id']}")),
            ]
            for visit in visits
        ],
    }


def _day_state(item: dict[str, Any], places: list[dict[str, Any]]) -> str:
    if item["status"] != "finished":
        return "failed" if item["status"] == "failed" else "stopped"
    known = [place["status"] == "finished" for place in places]
    return "enhanced" if known and all(known) else "planned"


def _details(place: dict[str, Any] | None) -> tuple[str | None, str]:
    """Return what a stop of an ended trip shows of its place: a state and a text."""
    if place is None:
        return None, ""
    if place["status"] == "finished":
        return "enhanced", place["data"]["about"]
    return ("failed" if place["status"] == "failed" else "stopped"), ""
