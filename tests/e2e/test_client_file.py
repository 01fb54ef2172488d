"""The browser client as one file."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

import headway
from tests.e2e.outbox_site import running_site

STATIC = Path(headway.__file__).parent / "static"
RECIPE = Path(__file__).parents[2] / "docs" / "examples" / "browser" / "plain.html"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *args: object) -> None:
        """Leave the terminal to the tests."""


@pytest.fixture
def origin() -> Iterator[str]:
    """The address of a server of nothing but the built files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=STATIC)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_it_loads_without_a_bundler(page: Page, origin: str) -> None:
    """A page imports it by its address; it asks for no other module."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{origin}/")
    asked.clear()
    names = await page.evaluate(f"async () => Object.keys(await import('{origin}/client.js'))")
    assert names
    assert asked == [f"{origin}/client.js"]


async def test_the_recipe_without_a_bundler_shows_a_run(page: Page, tmp_path: Path) -> None:
    """``browser/plain.html``, as the front-end guide prints it, beside a mounted Headway."""
    with running_site(tmp_path) as site:
        await page.route(f"{site.url}/", lambda route: route.fulfill(path=RECIPE))
        started = await page.request.post(f"{site.url}/headway/v1/jobs/asking/runs", data={"input": None})
        await page.goto(f"{site.url}/#{(await started.json())['id']}")
        await expect(page.get_by_role("status")).to_have_text("waiting")
        await page.goto("about:blank")
        await page.goto(f"{site.url}/#run_none")
        await expect(page.get_by_role("status")).to_contain_text("run_none")
