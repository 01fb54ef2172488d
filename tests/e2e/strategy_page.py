"""The page of the strategy example: what stands on it."""

from __future__ import annotations

from typing import Any, Final

from playwright.async_api import Locator, Page, expect

from tests.e2e.report_page import PATIENCE_MS, ReportPage

TROUBLE: Final = r"/time[d -]*out|error|failed|went wrong|cannot be/i"
"""Words of trouble: who only waits is to see none of them."""

_WATCH: Final = """
window.troubles = [];
const look = () => {
  const text = document.body ? document.body.innerText : "";
  const found = %s.exec(text);
  if (found) window.troubles.push(text.slice(Math.max(0, found.index - 60), found.index + 60));
};
new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
"""


class StrategyPage(ReportPage):
    """A browser page.

    Attributes:
        asked: Address and ``Accept`` of every request.
    """

    def __init__(self, page: Page, url: str) -> None:
        super().__init__(page, url)
        self.asked: list[tuple[str, str]] = []
        page.on("request", lambda request: self.asked.append((request.url, request.headers.get("accept", ""))))

    async def home(self) -> None:
        """Open the builder."""
        await self.page.goto(f"{self.url}/#/")
        await expect(self.button("Write the strategy")).to_be_visible(timeout=PATIENCE_MS)

    async def fill(self, own: str, competitors: str | None = None, *, mode: str = "Streaming") -> None:
        """Fill the builder in with sites."""
        await self.choose("Your text", "Site", own)
        if competitors is None:
            await self.side("Competitors' text").get_by_role("radio", name="None").check()
        else:
            await self.choose("Competitors' text", "Site", competitors)
        await self.page.get_by_role("radio", name=mode).check()

    async def choose(self, side: str, kind: str, text: str) -> None:
        """Choose where a side's text comes from, and write it."""
        group = self.side(side)
        await group.get_by_role("radio", name=kind).check()
        await group.get_by_role("combobox" if kind == "Site" else "textbox").fill(text)

    def side(self, name: str) -> Locator:
        """The fields of one side."""
        return self.page.get_by_role("group", name=name)

    async def order(self) -> str:
        """Send the builder; return the run's id."""
        await self.button("Write the strategy").click()
        await self.page.wait_for_url("**/#/strategies/*")
        await expect(self.dialog).to_be_visible(timeout=PATIENCE_MS)
        return self.page.url.rpartition("/")[2].partition("?")[0]

    @property
    def dialog(self) -> Locator:
        """The progress."""
        return self.page.get_by_role("dialog")

    def phase(self, name: str) -> Locator:
        """A phase in the dialog, with how far it is."""
        return self.dialog.locator(".hw-phases li").filter(has_text=name)

    async def over(self, word: str = "Ready") -> None:
        """Wait until the strategy has ended as wanted, and go to it."""
        button = self.button("To the strategy")
        if await self.dialog.is_visible():
            await button.click(timeout=PATIENCE_MS)
        await self.says(word)
        await expect(self.dialog).to_be_hidden()

    async def says(self, word: str) -> None:
        """Wait until the strategy's badge says that and no more ("Ready" is not "Ready, in part")."""
        badge = self.page.locator(".signs .hw-badge").first
        await expect(badge).to_have_text(f"Status: {word}", timeout=PATIENCE_MS)

    async def fits(self, width: int) -> None:
        """Nothing sticks out of a screen so wide, once the page has noticed how wide it is."""
        await self.page.set_viewport_size({"width": width, "height": 800})
        await self.page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)
        await self.page.set_viewport_size({"width": 1280, "height": 900})

    async def watch_for_trouble(self) -> None:
        """From here on, keep every text with a word of trouble in it."""
        await self.page.add_init_script(_WATCH % TROUBLE)

    async def troubles(self) -> list[str]:
        """What was kept."""
        found: list[str] = await self.page.evaluate("window.troubles")
        return found

    def streams(self) -> list[str]:
        """Addresses of streams that were asked for."""
        return [url for url, accept in self.asked if "event-stream" in accept]

    def polls(self, part: str) -> int:
        """How often an address with this in it was asked for."""
        return sum(part in url for url, _ in self.asked)

    async def both(self, streamed: str, polled: str) -> Any:
        """Watch one run by its stream and another by polls, in this page; return both states at their ends."""
        return await self.page.evaluate(_BOTH, [streamed, polled])


_BOTH: Final = """async ([streamed, polled]) => {
  const { Headway } = await import(new URL("headway/client.js", document.baseURI).href);
  const end = (options, id) => new Promise((resolve) => {
    const run = new Headway({ baseUrl: new URL("headway", document.baseURI).href, ...options }).run(id);
    const leave = run.subscribe(() => {
      const { run: state, connection } = run.getSnapshot();
      if (state?.finished_at) {
        setTimeout(leave);
        resolve({ state, transport: connection.transport });
      }
    });
  });
  return Promise.all([end({}, streamed), end({ transport: "poll", pollMs: 10_000 }, polled)]);
}"""
