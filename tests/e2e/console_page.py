"""The console in a browser, and the server it comes from."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Locator, Page, expect

from tests.e2e.trip_page import ALL_RULES, AXE, COLOURS
from tests.integration.servers import ServerProcess

PATIENCE_MS: Final = 45_000
PATIENCE_S: Final = 45
APPLICATION: Final = "tests.e2e.console_app:hw"
CSP_TOO: Final = "Content Security Policy"

STICKING_OUT: Final = """[...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".tab-list, .log"))
  .map((one) => one.outerHTML.slice(0, 80))"""


class Host:
    """A server with the application of `console_app`.

    Args:
        folder: For the store and the server's log.
    """

    def __init__(self, folder: Path) -> None:
        quick = {"HEADWAY_PING_S": "1", "HEADWAY_LEASE_S": "3"}
        self.server = ServerProcess(folder, APPLICATION, HEADWAY_WORKER="inline", **quick)
        self.url = self.server.url
        each_anew = httpx.Limits(max_keepalive_connections=0)  # a server that is killed takes none with it
        self._http = httpx.Client(base_url=self.url, timeout=PATIENCE_S, limits=each_anew)
        self._offline = folder / "offline"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self.server.spawn()
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < deadline, (self.server.folder / "server.log").read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """``kill -9``."""
        self.server.kill()

    def go_offline(self, away: bool) -> None:
        """Take the source of `import_rows` away, or bring it back."""
        if away:
            self._offline.touch()
        else:
            self._offline.unlink(missing_ok=True)

    def run(self, job: str, value: object = None, **about: object) -> str:
        """Start a job; return the id of its run."""
        answer = self._http.post(f"/v1/jobs/{job}/runs", json={"input": value, **about})
        answer.raise_for_status()
        return str(answer.json()["id"])

    def state(self, run_id: str) -> dict[str, Any]:
        """A run as it is now."""
        found: dict[str, Any] = self._http.get(f"/v1/runs/{run_id}").raise_for_status().json()
        return found

    def runs(self, **query: str) -> list[dict[str, Any]]:
        """The list of runs."""
        found: list[dict[str, Any]] = self._http.get("/v1/runs", params=query).raise_for_status().json()["runs"]
        return found

    def events(self, run_id: str, type: str) -> list[dict[str, Any]]:
        """The events of a run that are of a type."""
        answer = self._http.get(f"/v1/runs/{run_id}/events", params={"type": type}).raise_for_status()
        found: list[dict[str, Any]] = answer.json()["events"]
        return found

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop."""
        self._http.post(f"/v1/runs/{run_id}/cancel", json={}).raise_for_status()

    def tell(self, text: str) -> str:
        """Put a notice before everybody who watches; return its id."""
        answer = self._http.post("/v1/notices", json={"text": text, "for_s": 600}).raise_for_status()
        return str(answer.json()["id"])

    def untell(self, notice: str) -> None:
        """Take a notice away."""
        self._http.delete(f"/v1/notices/{notice}").raise_for_status()

    def until(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until a run stands as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while (state := self.state(run_id))["status"] not in statuses:
            assert time.monotonic() < deadline, state["status"]
            time.sleep(0.02)
        return state


class Console:
    """A browser page with the console.

    Args:
        page: The browser's.
        url: Of the server, with the prefix Headway is mounted at.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on("console", lambda said: self.mistakes.append(said.text) if CSP_TOO in said.text else None)

    async def open(self, path: str = "", title: str | None = None) -> None:
        """Open a page by its address, and wait for its heading."""
        await self.page.goto(f"{self.url}/console/{path}")
        heading = self.page.get_by_role("heading", level=1)
        await (expect(heading).to_have_text(title) if title else expect(heading).to_be_visible())

    async def open_run(self, run_id: str, tab: str = "") -> None:
        """Open a run, at one of its tabs, once something of it is there."""
        await self.open(f"runs/{run_id}" + (f"?tab={tab}" if tab else ""))
        await expect(self.page.get_by_role("tab", selected=True)).to_be_visible()

    # -- what is on it

    def button(self, name: str) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def row(self, run_id: str) -> Locator:
        """A run in the list."""
        return self.page.locator(f'tr[data-run="{run_id}"]')

    def part(self, title: str) -> Locator:
        """A row of the timeline."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_text(title, exact=True))

    def tab(self, name: str) -> Locator:
        """A tab of a run's page."""
        return self.page.get_by_role("tab", name=name)

    @property
    def lines(self) -> Locator:
        """The lines of the log that are in the page."""
        return self.page.locator(".log-line")

    async def status(self, word: str) -> None:
        """Wait until the run stands as wanted."""
        await expect(self.page.locator(".run-signs .hw-badge")).to_have_text(f"Run: {word}", timeout=PATIENCE_MS)

    async def pill(self, word: str) -> None:
        """Wait until this is said of the connection."""
        await expect(self.page.get_by_text(f"Connection: {word}")).to_be_visible(timeout=PATIENCE_MS)

    # -- for everybody

    async def accessible(self) -> None:
        """Let axe look at the page by day, and at its colours by night; on a narrow screen, too."""
        await self.page.evaluate(AXE.read_text())
        complaints = await self._complaints(ALL_RULES)
        await self.page.emulate_media(color_scheme="dark")
        complaints += await self._complaints(COLOURS)
        await self.page.emulate_media(color_scheme="light")
        for width in (360, 768):
            await self.page.set_viewport_size({"width": width, "height": 800})
            broad = await self.page.evaluate("document.documentElement.scrollWidth")
            assert broad <= width, f"{self.page.url} is {broad} wide: {await self.page.evaluate(STICKING_OUT)}"
        complaints += await self._complaints(ALL_RULES)
        await self.page.set_viewport_size({"width": 1280, "height": 900})
        assert not complaints, "\n".join(complaints)

    async def _complaints(self, rules: Mapping[str, object]) -> list[str]:
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        found = await self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
