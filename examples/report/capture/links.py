"""Which further pages of a site are worth a look: its own, and first those of prices, features, news."""

from __future__ import annotations

from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import html as lxml_html
from lxml.etree import LxmlError

from examples.report.models import PageKind

PAGES_MAX: Final = 6
"""Pages of one site, its first one included."""

_WORDS: Final = {
    PageKind.PRICING: ("pric", "plans", "plan", "cost", "buy"),
    PageKind.FEATURES: ("feature", "product", "docs", "solution", "tour"),
    PageKind.NEWS: ("changelog", "blog", "news", "release", "update", "whats-new"),
}
_ORDER: Final = [PageKind.PRICING, PageKind.FEATURES, PageKind.NEWS, PageKind.OTHER]
_NO_PAGES: Final = (".pdf", ".png", ".jpg", ".jpeg", ".svg", ".zip", ".gz", ".xml", ".css", ".js", ".mp4")


def kind_of(url: str, *, first: bool = False) -> PageKind:
    """Return what a page is about, by its address."""
    path = urlsplit(url).path.casefold()
    if first or path in {"", "/", "/index.html"}:
        return PageKind.HOME
    return next((kind for kind, words in _WORDS.items() if any(word in path for word in words)), PageKind.OTHER)


def further_pages(url: str, html: str, most: int = PAGES_MAX - 1) -> list[str]:
    """Return the addresses a page links to on its own site, each once, the most telling first.

    Args:
        url: Of the page.
        html: Of the page.
        most: How many at most.
    """
    found = dict.fromkeys(filter(None, (_absolute(url, link) for link in _links(html))))
    here = _normal(url)
    pages = {_normal(link): link for link in reversed(found) if _is_page_of(link, url)}
    pages.pop(here, None)
    links = list(reversed(pages.values()))  # of addresses for the same page the first is kept
    kinds = [kind_of(link) for link in links if kind_of(link) is not PageKind.HOME]
    links = [link for link in links if kind_of(link) is not PageKind.HOME]
    seen: dict[PageKind, int] = {}
    ranked = []
    for place, (link, kind) in enumerate(zip(links, kinds, strict=True)):
        seen[kind] = seen.get(kind, 0) + 1
        ranked.append((seen[kind], _ORDER.index(kind), place, link))  # one of each kind before the second of any
    return [link for *_, link in sorted(ranked)][:most]


def _absolute(url: str, link: str) -> str | None:
    try:
        return urldefrag(urljoin(url, link)).url
    except ValueError:  # what somebody wrote who was not looked over the shoulder
        return None


def _links(html: str) -> list[str]:
    try:
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=_parser())
    except (LxmlError, ValueError):
        return []
    return [str(link).strip() for link in tree.xpath("//a/@href") if str(link).strip()]


def _parser() -> lxml_html.HTMLParser:
    return lxml_html.HTMLParser(encoding="utf-8", no_network=True)


def _is_page_of(link: str, url: str) -> bool:
    try:
        there, here = urlsplit(link), urlsplit(url)
        same = (there.scheme, there.netloc.casefold()) == (here.scheme, here.netloc.casefold())
    except ValueError:
        return False
    return same and not there.path.casefold().endswith(_NO_PAGES)


def _normal(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc.casefold()}{parts.path.removesuffix('.html').removesuffix('/')}?{parts.query}"
