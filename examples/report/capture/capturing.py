"""Capturing the pages of one site: each page a step, kept in the tables; what fails is told, the rest goes on."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import itertools
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from pydantic import BaseModel

from examples.report.capture.fetching import Fetcher
from examples.report.capture.guard import Guard
from examples.report.capture.links import further_pages, kind_of
from examples.report.errors import ReportError
from examples.report.models import PRODUCT, Captured, PageKind, Site
from examples.report.settings import ReportSettings
from examples.report.tables.reports import Tables
from headway import Agent, Item, Run, Step

PAGES_AT_ONCE: Final = 2
"""Of one site: it is somebody else's server."""

ASK: Final = Step(retries=2, backoff=0.5, max_backoff=4.0)
"""A page: captured once, it is not asked for again, whoever goes on with the run."""


class Kept(BaseModel):
    """A page that is in the tables now.

    Attributes:
        links: Further pages of the site, where this is its first.
    """

    page: Captured
    links: list[str]


class SiteCaptured(BaseModel):
    """What the item of a competitor shows in the end.

    Attributes:
        pages: Captured.
        total: Pages that were asked for.
    """

    pages: int
    total: int


class Capturing:
    """Captures sites for one report; an async context manager.

    Args:
        tables: Where pages are kept.
        settings: Which sites on this machine may be asked, and for how long.
        report_id: The report.
    """

    def __init__(self, tables: Tables, settings: ReportSettings, report_id: str) -> None:
        self._tables = tables
        self._report_id = report_id
        self._fetcher = Fetcher(Guard(settings.allowed), timeout_s=settings.page_s)

    async def __aenter__(self) -> Self:
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._fetcher.__aexit__(kind, error, trace)

    async def product(self, agent: Agent, site: Site) -> int:
        """Capture the product's own site; return how many pages came.

        Raises:
            PageFailed: Its first page did not; others may be missing.
        """
        first = await self._page(agent, site, site.url, PageKind.HOME)
        failed = await self._further(agent, site, first)
        return 1 + len(first.links) - len(failed)

    async def competitor(self, item: Item, site: Site) -> SiteCaptured:
        """Capture a competitor's site, shown page by page.

        Raises:
            PageFailed: A page did not come; the others are kept, and are not asked for again.
        """
        first = await self._page(item, site, site.url, PageKind.HOME)
        await item.progress(1, 1 + len(first.links), message=site.url)
        failed = await self._further(item, site, first)
        if failed:
            raise failed[0]
        return SiteCaptured(pages=1 + len(first.links), total=1 + len(first.links))

    async def _further(self, place: Agent | Item, site: Site, first: Kept) -> list[ReportError]:
        """Capture the pages the first one links to; return what failed."""
        failed: list[ReportError] = []
        slots, done = asyncio.Semaphore(PAGES_AT_ONCE), itertools.count(2)

        async def one(url: str) -> None:
            async with slots:
                try:
                    await self._page(place, site, url, kind_of(url))
                except ReportError as error:
                    failed.append(error)
                    await _tell(place, error)
                    return
            if isinstance(place, Item):
                await place.progress(next(done), 1 + len(first.links), message=url)

        async with asyncio.TaskGroup() as group:
            for url in first.links:
                group.create_task(one(url))
        return failed

    async def _page(self, place: Agent | Item, site: Site, url: str, kind: PageKind) -> Kept:
        kept: Kept = await place.step(self._keep, site, url, kind, key=f"page:{url}", options=ASK)
        return kept

    async def _keep(self, run: Run, site: Site, url: str, kind: PageKind) -> Kept:
        """Ask for a page, keep it, and show it: inside the step, so that whoever takes over does not withdraw it."""
        fetched = await self._fetcher.fetch(url)
        page = Captured(
            url=url,
            kind=kind,
            size=fetched.size,
            digest=hashlib.sha256(fetched.html.encode()).hexdigest()[:16],
            captured_at=dt.datetime.now(dt.UTC),
        )
        await self._tables.keep_page(self._report_id, site, page, fetched.html)
        parent = None if site.key == PRODUCT else site.key
        shown = run.item(f"{site.key}/page/{page_key(url)}", kind="page", title=url[:200], parent=parent)
        await shown.plan()
        await shown.finish(page.model_dump(mode="json"))
        links = await asyncio.to_thread(further_pages, fetched.url, fetched.html) if kind is PageKind.HOME else []
        return Kept(page=page, links=links)


def page_key(url: str) -> str:
    """Return a short name for an address: keys are shorter than addresses may be."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def digest(pages: Sequence[Captured]) -> str:
    """Return a name for just these pages."""
    joined = "\n".join(sorted(f"{page.url} {page.digest}" for page in pages))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


async def _tell(place: Agent | Item, error: ReportError) -> None:
    await place.error(
        error.detail,
        code=error.code,
        category=error.category,
        retryable=error.retryable,
        item=place.key if isinstance(place, Item) else None,
    )
