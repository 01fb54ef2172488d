"""Reading a site: its first page and the pages it links to, asked for one after the other, as robots.txt allows.

Addresses pass the guard of the report's capture: not one request leaves for what is not public, redirects included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

from pydantic import BaseModel

from examples.report.capture.fetching import Fetcher
from examples.report.capture.guard import Guard
from examples.report.capture.links import further_pages
from examples.report.errors import PageDown, PageFailed
from examples.strategy.errors import SiteClosed, StrategyError
from examples.strategy.library import Library
from examples.strategy.models import Document, site_name
from examples.strategy.reading.documents import checked
from examples.strategy.settings import StrategySettings
from headway import Item, Step

if TYPE_CHECKING:
    from examples.strategy.reading.pages import PageText

AGENT: Final = "HeadwayStrategyExample"
ASK: Final = Step(retries=2, backoff=0.5, max_backoff=4.0)
"""A page: read once, it is not asked for again, whoever goes on with the run."""

ROBOTS_BYTES: Final = 500_000


class PageRead(BaseModel):
    """A page that is in the library now.

    Attributes:
        document: Its text; None when there is hardly a word on it.
        links: Further pages of the site, where this is its first.
    """

    document: Document | None
    links: list[str]


class Sites:
    """Reads sites into the library; an async context manager.

    Args:
        library: Where texts are kept.
        settings: How many pages, for how long, and which sites on this machine may be asked.
    """

    def __init__(self, library: Library, settings: StrategySettings) -> None:
        self._library = library
        self._settings = settings
        guard = Guard(settings.allowed)
        self._pages = Fetcher(guard, timeout_s=settings.page_s, agent=f"{AGENT}/1.0 (an example program)")
        self._robots = Fetcher(
            guard, timeout_s=settings.page_s, max_bytes=ROBOTS_BYTES, kinds=frozenset({"text/plain"})
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pages.__aexit__(kind, error, trace)
        await self._robots.__aexit__(kind, error, trace)

    async def read(self, item: Item, url: str) -> list[Document]:
        """Read a site, shown page by page. A further page that does not come is told and left out.

        Raises:
            PageFailed: Its first page does not come.
            SiteClosed: It asks programs not to read it.
            TextTooShort: There is hardly a word on it.
        """
        rules = await self._rules(url)
        if not rules.can_fetch(AGENT, url):
            raise SiteClosed(f"{site_name(url)} asks programs not to read {url}", hint="paste its text instead")
        until = time.monotonic() + self._settings.site_s
        first: PageRead = await item.step(self._page, url, 1, key="page:1", options=ASK)
        links = [link for link in first.links if rules.can_fetch(AGENT, link)]
        await item.progress(1, 1 + len(links), message=url)
        documents = [first.document, *await self._further(item, links, until)]
        read = [document for document in documents if document is not None]
        if not read:
            checked(site_name(url), "")
        return list({document.id: document for document in read}.values())

    async def _further(self, item: Item, links: Sequence[str], until: float) -> list[Document | None]:
        """Read the pages the first one links to, one after the other: it is somebody else's server."""
        documents: list[Document | None] = []
        for number, link in enumerate(links, 2):
            if time.monotonic() > until:
                left = f"{len(links) - number + 2} pages of {site_name(link)} were left out: it answers slowly"
                await item.error(left, code="site_slow", severity="warning", category="site", item=item.key)
                break
            try:
                page: PageRead = await item.step(self._page, link, number, key=f"page:{number}", options=ASK)
                documents.append(page.document)
            except (PageFailed, StrategyError) as error:
                await item.error(
                    error.detail, code=error.code, severity="warning", category=error.category, item=item.key
                )
            await item.progress(number, 1 + len(links), message=link)
        return documents

    async def _page(self, url: str, number: int) -> PageRead:
        """Ask for a page and keep its text."""
        fetched = await self._pages.fetch(url)
        page = await asyncio.to_thread(_text_of, fetched.html)
        links = further_pages(fetched.url, fetched.html, self._settings.site_pages - 1) if number == 1 else []
        try:
            text = checked(page.title or url, page.text)
        except StrategyError:
            return PageRead(document=None, links=links)
        return PageRead(document=await self._library.add(page.title or url, text), links=links)

    async def _rules(self, url: str) -> RobotFileParser:
        """Return what the site lets programs read; everything, when it does not say.

        Raises:
            PageDown: It does not answer.
            AddressRefused: It must not be asked.
        """
        rules = RobotFileParser()
        try:
            fetched = await self._robots.fetch(urljoin(url, "/robots.txt"))
            rules.parse(fetched.html.splitlines())
        except PageDown:
            raise
        except PageFailed as error:
            if error.code == "address_refused":
                raise
            rules.parse([])
        return rules


def _text_of(html: str) -> PageText:
    from examples.strategy.reading.pages import text_of_page

    return text_of_page(html)
