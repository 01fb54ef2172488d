"""A page's prose, by trafilatura. Takes tens of milliseconds a page, and loading takes a second: called in threads."""

from __future__ import annotations

from dataclasses import dataclass

import trafilatura
from lxml import html as lxml_html
from lxml.etree import LxmlError

from examples.strategy.reading.plain import of_text, words_in


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says.

    Attributes:
        title: Of the page; "" when it has none.
        text: Its prose.
    """

    title: str
    text: str


def text_of_page(html: str) -> PageText:
    """Return the prose of a page."""
    found = trafilatura.bare_extraction(html, with_metadata=True, favor_recall=True, include_comments=False)
    described = {} if found is None else found if isinstance(found, dict) else found.as_dict()
    text = of_text(str(described.get("text") or "").replace("\n", "\n\n"))
    plain = _all_text(html)
    if words_in(text) < words_in(plain) // 2:  # made for articles; of a page of cards it may keep little
        text = plain
    return PageText(str(described.get("title") or "")[:200], text)


def _all_text(html: str) -> str:
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (LxmlError, ValueError):
        return ""
    for unseen in tree.xpath("//script | //style | //noscript | //template | //nav | //footer"):
        unseen.drop_tree()
    blocks = tree.xpath("//h1 | //h2 | //h3 | //h4 | //p | //li | //td | //dt | //dd | //blockquote")
    return of_text("\n\n".join(" ".join(block.text_content().split()) for block in blocks))
