"""A page of the system's Chromium. `make test-e2e` says where that is."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

# No sandbox: root has none in a container. No QUIC, no calls home: the network under test is ours alone.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Start the system's Chromium, and end it."""
    path = os.environ.get("HEADWAY_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("there is no Chromium: run `make test-e2e`, which installs it or says how")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own for each test: nothing is left over from the one before."""
    async with running_browser() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> Page:
    """An empty page that waits at most 15 s for anything."""
    page = await browser.new_page()
    page.set_default_timeout(15_000)
    return page
