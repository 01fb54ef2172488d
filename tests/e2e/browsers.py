"""The browsers that pages are tested in: Chromium, and Firefox where `E2E_BROWSER=firefox`."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

from tests.e2e import firefox_relay

IS_FIREFOX: Final = os.environ.get("E2E_BROWSER") == "firefox"
FIREFOX: Final = Path(__file__).with_name("firefox")
# No sandbox: root has none in a container. No QUIC, no calls home: the network under test is ours alone.
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.asynccontextmanager
async def running_browser(*without: str) -> AsyncIterator[Browser]:
    """Start the system's browser, Chromium without some of the arguments Playwright gives it, and end it."""
    async with async_playwright() as playwright:
        if IS_FIREFOX:
            browser = await playwright.firefox.launch(channel="moz-firefox", executable_path=FIREFOX)
        else:
            browser = await playwright.chromium.launch(
                executable_path=_chromium(), args=ARGUMENTS, ignore_default_args=list(without)
            )
        yield browser
        await browser.close()


def version() -> str:
    """Return which browser it is: ``Chromium 156.0``."""
    path = firefox_relay.path() if IS_FIREFOX else _chromium()
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return " ".join(told.removeprefix("Mozilla ").split()[:2])


def _chromium() -> str:
    path = os.environ.get("CHROME_BIN") or shutil.which("chromium")
    if path is None:
        pytest.fail("there is no Chromium: run `make test-e2e`, which installs it or says how")
    return path
