"""Features on a page: items of lists below a heading that announces them, and headings of cards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from examples.report.capture.blocks import Block
from examples.report.models import PageKind

FEATURES_MAX: Final = 40
_ANNOUNCED: Final = re.compile(r"feature|includ|what you get|capabilit|checks|incidents|for the company", re.IGNORECASE)
_LONGEST: Final = 60


def features_in(blocks: Sequence[Block], kind: PageKind) -> list[str]:
    """Return the features a page names, each once, as it names them."""
    found: dict[str, str] = {}
    on_feature_page = kind is PageKind.FEATURES
    lists = any(block.form == "item" for block in blocks)
    for block in blocks:
        listed = block.form == "item" and (on_feature_page or _ANNOUNCED.search(block.heading))
        carded = block.form == "heading" and block.level >= 3 and on_feature_page and not lists
        if (listed or carded) and kind is not PageKind.PRICING and _is_name(block.text):
            found.setdefault(block.text.casefold(), block.text)
    return list(found.values())[:FEATURES_MAX]


def _is_name(text: str) -> bool:
    """A feature is a few words, not a sentence."""
    return 3 <= len(text) <= _LONGEST and not text.endswith((".", "!", "?")) and len(text.split()) <= 8
