"""A page as a list of blocks: headings, list items, rows and paragraphs, each below the heading it stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from lxml.html import HtmlElement

Form = Literal["heading", "item", "row", "text"]

_HEADINGS: Final = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS: Final = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
        "form", "header", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th",
        "thead", "tr", "ul", *_HEADINGS,
    }
)  # fmt: skip
_SILENT: Final = frozenset({"script", "style", "noscript", "template", "head", "svg", "nav", "select", "button"})
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page.

    Attributes:
        form: What it is.
        text: Its text, without line breaks.
        heading: Text of the nearest heading above; "" where there is none.
        level: Of the heading it is, 1 to 6; 0 for anything else.
        cells: Of a row.
    """

    form: Form
    text: str
    heading: str = ""
    level: int = 0
    cells: tuple[str, ...] = ()


def blocks_of(tree: HtmlElement) -> list[Block]:
    """Return the blocks of a page in the order one reads them; navigation is left out."""
    blocks: list[Block] = []
    heading = ""
    for element in _readable(tree):
        tag = str(element.tag)
        if tag == "tr":
            cells = tuple(_text(cell) for cell in element if cell.tag in ("td", "th"))
            if any(cells):
                blocks.append(Block("row", " ".join(filter(None, cells)), heading, cells=cells))
            continue
        text = _own_text(element)
        if not text:
            continue
        if tag in _HEADINGS:
            heading = _text(element)
            blocks.append(Block("heading", heading, level=_HEADINGS[tag]))
        else:
            blocks.append(Block("item" if tag in ("li", "dd") else "text", text, heading))
    return blocks


def _readable(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the block elements; of rows only the row itself."""
    if not isinstance(element.tag, str) or element.tag in _SILENT:
        return
    if element.tag in _BLOCKS:
        yield element
    if element.tag == "tr":
        return
    for child in element:
        yield from _readable(child)


def _own_text(element: HtmlElement) -> str:
    """Return the text that stands in an element itself, not in blocks inside it."""
    return _clean("".join(_inline(element)))


def _inline(element: HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _BLOCKS and child.tag not in _SILENT:
            yield from _inline(child)
        yield child.tail or ""


def _text(element: HtmlElement) -> str:
    return _clean(str(element.text_content()))


def _clean(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
