"""Capturing the pages of one site: each page a step, kept in the tables; what fails is told, the rest goes on."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from pydantic import BaseModel

from examples.report.capture.fetching import Fetcher
from examples.report.capture.guard import Guard
from examples.report.capture.links import further_pages, kind_of
from examples.report.errors import ReportError
from examples.report.models import Captured, PageKind, Site
from examples.report.settings import ReportSettings
from examples.report.tables.reports import Tables
from headway import Agent, Item, Step

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
    """What an item of the run shows of its site.

    Attributes:
        pages: Captured so far.
        total: Pages that are asked for.
    """

    pages: list[Captured]
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
        first: Kept = await agent.step(self._keep, site, site.url, PageKind.HOME, key=f"page:{site.url}", options=ASK)
        failed, _ = await self._further(agent, site, first)
        return 1 + len(first.links) - len(failed)

    async def competitor(self, item: Item, site: Site) -> SiteCaptured:
        """Capture a competitor's site, shown page by page.

        Raises:
            PageFailed: A page did not come; the others are kept, and are not asked for again.
        """
        first: Kept = await item.step(self._keep, site, site.url, PageKind.HOME, key=f"page:{site.url}", options=ASK)
        failed, kept = await self._further(item, site, first)
        if failed:
            raise failed[0]
        return SiteCaptured(pages=kept, total=len(kept))

    async def _further(self, place: Agent | Item, site: Site, first: Kept) -> tuple[list[ReportError], list[Captured]]:
        """Capture the pages the first one links to; return what failed, and all that came."""
        shown = SiteCaptured(pages=[first.page], total=1 + len(first.links))
        failed: list[ReportError] = []
        slots = asyncio.Semaphore(PAGES_AT_ONCE)
        await _show(place, shown)

        async def one(url: str) -> None:
            async with slots:
                try:
                    kept: Kept = await place.step(self._keep, site, url, kind_of(url), key=f"page:{url}", options=ASK)
                except ReportError as error:
                    failed.append(error)
                    await place.error(
                        error.detail,
                        code=error.code,
                        category=error.category,
                        retryable=error.retryable,
                        item=_key(place),
                    )
                    return
                shown.pages.append(kept.page)
                await _show(place, shown)

        async with asyncio.TaskGroup() as group:
            for url in first.links:
                group.create_task(one(url))
        return failed, shown.pages

    async def _keep(self, site: Site, url: str, kind: PageKind) -> Kept:
        """Ask for a page and keep it."""
        fetched = await self._fetcher.fetch(url)
        page = Captured(
            url=url,
            kind=kind,
            size=fetched.size,
            digest=hashlib.sha256(fetched.html.encode()).hexdigest()[:16],
            captured_at=dt.datetime.now(dt.UTC),
        )
        await self._tables.keep_page(self._report_id, site, page, fetched.html)
        links = await asyncio.to_thread(further_pages, fetched.url, fetched.html) if kind is PageKind.HOME else []
        return Kept(page=page, links=links)


def digest(pages: Sequence[Captured]) -> str:
    """Return a name for just these pages."""
    joined = "\n".join(sorted(f"{page.url} {page.digest}" for page in pages))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


async def _show(place: Agent | Item, shown: SiteCaptured) -> None:
    if isinstance(place, Item):
        await place.update(shown.model_dump(mode="json"))
        await place.progress(len(shown.pages), shown.total, message=shown.pages[-1].url)


def _key(place: Agent | Item) -> str | None:
    return place.key if isinstance(place, Item) else None
