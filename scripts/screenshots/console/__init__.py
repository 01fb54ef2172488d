"""Pictures of the console: every page and state, each page with a server of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser

from scripts.screenshots.console import broken, jobs, run, runs, system
from scripts.screenshots.console.album import ALBUM
from tests.e2e.browsers import running_browser
from tests.e2e.console_page import Console, Host


async def take() -> None:
    """Take all of them."""
    async with running_browser() as browser:
        for page in (runs, run, jobs, system, broken):
            await _take(page.take, browser)


async def _take(states: Callable[[Console, Host], Awaitable[None]], browser: Browser) -> None:
    with tempfile.TemporaryDirectory() as place:
        host = Host(Path(place))
        host.start()
        try:
            async with ALBUM.page(browser) as page:
                await states(Console(page, host.url), host)
        finally:
            host.kill()
