"""Reading a page: its text by trafilatura, its date by htmldate, prices and features by how pages are built.

Plain functions that take tens of milliseconds a page: never called on an event loop.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import trafilatura
from htmldate import find_date
from lxml import html as lxml_html
from lxml.etree import LxmlError

from examples.report.analysis.features import features_in
from examples.report.analysis.prices import prices_in
from examples.report.capture.blocks import Block, blocks_of
from examples.report.capture.links import further_pages
from examples.report.models import PageFacts, PageKind

TEXT_MAX: Final = 50_000
_SPACES: Final = re.compile(r"[^\S\n]+")


def read_page(url: str, kind: PageKind, html: str) -> PageFacts:
    """Return what a page says.

    Args:
        url: Of the page.
        kind: What it is about.
        html: As it was captured.
    """
    blocks = _blocks(html)
    found = trafilatura.bare_extraction(html, url=url, with_metadata=True, favor_recall=True, include_comments=False)
    described = {} if found is None else found if isinstance(found, dict) else found.as_dict()
    plain = "\n".join(block.text for block in blocks)
    text = str(described.get("text") or "")
    if len(text) < len(plain) // 2:  # made for articles; of a page of cards it may keep little
        text = plain
    return PageFacts(
        url=url,
        kind=kind,
        title=str(described.get("title") or (blocks[0].text if blocks else url))[:200],
        text=_SPACES.sub(" ", text)[:TEXT_MAX],
        published=_date(html),
        prices=prices_in(blocks),
        features=features_in(blocks, kind),
        links=len(further_pages(url, html)) if kind is PageKind.HOME else 0,
    )


def _blocks(html: str) -> list[Block]:
    try:
        return blocks_of(lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=_parser()))
    except (LxmlError, ValueError):
        return []


def _parser() -> lxml_html.HTMLParser:
    return lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)


def _date(html: str) -> dt.date | None:
    """Return when a page was last written on: of several dates the newest that stands for its content."""
    found = find_date(html, original_date=False, extensive_search=True, outputformat="%Y-%m-%d")
    if found is None:
        return None
    date = dt.date.fromisoformat(found)
    return date if date <= dt.datetime.now(dt.UTC).date() else None  # a page dated tomorrow says nothing of today
