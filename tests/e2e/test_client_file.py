"""The browser client as one file."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Page

import headway

STATIC = Path(headway.__file__).parent / "static"


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
