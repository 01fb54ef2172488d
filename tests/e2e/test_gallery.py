"""The gallery of @headway-run/react: every component in every state, for everybody, on every screen."""

import functools
import subprocess
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.test_client_file import QuietHandler

ROOT: Final = Path(__file__).parents[2]
AXE: Final = ROOT / "node_modules/axe-core/axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the gallery, built from the source."""
    built = tmp_path_factory.mktemp("gallery")
    vite = str(ROOT / "node_modules/vite/bin/vite.js")
    command = ["node", vite, "build", str(ROOT / "packages/react/gallery"), "--outDir", str(built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=built)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


async def complaints(page: Page) -> list[str]:
    """Let axe look at the page."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_components_are_for_everybody(
    browser: Browser, gallery: str, scheme: Literal["light", "dark"]
) -> None:
    """Axe finds nothing, nothing sticks out of a narrow screen, and no component makes a mistake."""
    page = await browser.new_page(color_scheme=scheme, reduced_motion="reduce")
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda message: mistakes.append(message.text) if message.type == "error" else None)
    await page.goto(gallery)
    await page.get_by_role("button", name="Cancel").click()  # a command that is refused
    await expect(page.get_by_text("The run has ended already.")).to_be_visible()
    assert await complaints(page) == []
    for width in (1280, 768, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert mistakes == []


async def test_the_dialog_is_used_by_the_keyboard(page: Page, gallery: str) -> None:
    """It takes the focus, keeps the page behind it out of reach, closes by Escape, and gives the focus back."""
    await page.goto(gallery)
    opener = page.get_by_role("button", name="Of one that is lost")
    await opener.press("Enter")
    dialog = page.get_by_role("dialog", name="Connection")
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    assert await complaints(page) == []
    await page.keyboard.press("Tab")
    await expect(dialog.get_by_role("region", name="History")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(opener).to_be_focused()
    await opener.press("Enter")
    await expect(dialog).to_be_visible()


async def test_nothing_moves_for_whom_that_is_too_much(browser: Browser, gallery: str) -> None:
    """With reduced motion no component is animated; without, they are."""
    for reduced, moving in (("reduce", False), ("no-preference", True)):
        page = await browser.new_page(reduced_motion=reduced)  # type: ignore[arg-type] # both are among its values
        await page.goto(gallery)
        await expect(page.locator(".hw-caret").first).to_be_visible()
        assert (await page.evaluate("document.getAnimations().length") > 0) is moving
        await page.close()
