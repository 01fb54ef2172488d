"""Pictures of the report's page, taken of the real thing: `make screenshots`.

Every state at three widths in both colour schemes goes into ``.screenshots/``, some of them into ``docs/images/``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal, get_args

from playwright.async_api import Browser, expect

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import running_browser  # noqa: E402 - found only now
from tests.e2e.report_page import PATIENCE_MS, ReportPage  # noqa: E402
from tests.examples.report.running import Demo, running_demo  # noqa: E402

Scheme = Literal["light", "dark"]

EVERYTHING: Final = ROOT / ".screenshots"
PUBLISHED_IN: Final = ROOT / "docs" / "images"
HEIGHTS: Final = {360: 760, 768: 1024, 1280: 860}
PUBLISHED: Final = {
    "report-running-1280-light.png",
    "report-partial-768-dark.png",
    "report-degraded-1280-light.png",
}
STILL_S: Final = 30
"""Nothing moves while it is photographed."""


async def take(browser: Browser, demo: Demo) -> None:
    """Bring the page into one state after the other, and take each."""
    context = await browser.new_context(viewport={"width": 1280, "height": HEIGHTS[1280]})
    view = ReportPage(await context.new_page(), demo.url)
    await view.home()
    await shoot("form", view)
    demo.turn(latency_s=0.8)
    await view.ask()
    await expect(view.captured.nth(4)).to_be_visible(timeout=PATIENCE_MS)
    demo.turn(latency_s=STILL_S, broken=["heronping/blog"])
    await shoot("running", view)
    await view.button("Kill its worker").click()
    demo.turn(latency_s=0)
    await view.status("Ready, in part")
    await expect(view.page.frame_locator("iframe").get_by_text("What is missing")).to_be_visible()
    await shoot("partial", view)
    with demo.frozen_database():
        await expect(view.page.locator("#degraded")).to_be_visible(timeout=PATIENCE_MS)
        await shoot("degraded", view)
    await expect(view.page.locator("#degraded")).to_be_hidden(timeout=PATIENCE_MS)
    await view.open("proj_unknown")
    await expect(view.page.get_by_role("heading", name="There is no such project")).to_be_visible()
    await shoot("unknown", view)
    await context.close()


async def shoot(state: str, view: ReportPage) -> None:
    """Take a state at every width in both schemes."""
    for width, height in HEIGHTS.items():
        await view.page.set_viewport_size({"width": width, "height": height})
        for scheme in get_args(Scheme):
            await view.page.emulate_media(color_scheme=scheme)
            name = f"report-{state}-{width}-{scheme}.png"
            await view.page.screenshot(path=EVERYTHING / name, full_page=True, animations="disabled")
            if name in PUBLISHED:
                await view.page.screenshot(path=PUBLISHED_IN / name, animations="disabled")
    await view.page.set_viewport_size({"width": 1280, "height": HEIGHTS[1280]})
    await view.page.emulate_media(color_scheme="light")
    print(state)


async def main() -> None:
    """Take all pictures."""
    for folder in (EVERYTHING, PUBLISHED_IN):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, running_demo(Path(place)) as demo:
        async with running_browser() as browser:
            await take(browser, demo)
    print(f"in {EVERYTHING} and {PUBLISHED_IN}")


if __name__ == "__main__":
    asyncio.run(main())
