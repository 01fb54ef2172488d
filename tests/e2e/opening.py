"""Pages in contexts of their own: other browsers, as far as a server can tell, and sooner there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from playwright.async_api import Browser, Page


class View(Protocol):
    """What tests know of a page.

    Attributes:
        page: The browser's.
        mistakes: What its scripts did not catch.
    """

    page: Page
    mistakes: list[str]


V = TypeVar("V", bound=View)
P = ParamSpec("P")


@asynccontextmanager
async def opening(
    browser: Browser, make: Callable[Concatenate[Page, P], V], patience_ms: float
) -> AsyncIterator[Callable[P, Awaitable[V]]]:
    """Give what opens pages; in the end they are closed, and none of them has made a mistake.

    They want no motion: without a graphics card each picture of an animation is drawn by the cores the tests run on.

    Args:
        browser: Where to open them.
        make: Makes a view of a page; takes what the opener is called with besides.
        patience_ms: How long a page waits for anything.
    """
    views: list[V] = []

    async def open_one(*args: P.args, **kwargs: P.kwargs) -> V:
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(patience_ms)
        views.append(make(page, *args, **kwargs))
        return views[-1]

    yield open_one
    for view in views:
        await view.page.context.close()
    assert [mistake for view in views for mistake in view.mistakes] == []
