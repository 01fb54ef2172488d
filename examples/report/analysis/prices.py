"""Prices on a page: in rows of a table (plans down or across), on cards below a heading, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from examples.report.capture.blocks import Block
from examples.report.models import Price

_PRICE: Final = re.compile(
    r"(?P<currency>[$€£])\s?(?P<amount>\d{1,3}(?:[,.]\d{3})+(?:\.\d{1,2})?|\d+(?:[.,]\d{1,2})?)"
    r"(?P<per>\s*(?:/|per\b|a\b|each\b|every\b)\s*(?P<period>month|mo\b|year|yr\b|annum))?"
)
_NAMED: Final = re.compile(r"(?P<plan>[A-Z][\w+-]*(?: [A-Z][\w+-]*){0,3}),?(?: for [\w ]{3,40},)?(?: is| costs)?\s*$")
_PERIODS: Final[dict[str, Literal["month", "year"]]] = {
    "month": "month", "mo": "month", "year": "year", "yr": "year", "annum": "year",
}  # fmt: skip
PRICES_MAX: Final = 24
PLAN_MAX: Final = 60


def prices_in(blocks: Sequence[Block]) -> list[Price]:
    """Return the prices of a page, each with what it is for, as far as that can be told."""
    found: dict[tuple[str | None, float, str], Price] = {}
    header: tuple[str, ...] = ()
    for block in blocks:
        if block.form == "row":
            if not _PRICE.search(block.text):
                header = header or block.cells
            prices = _of_row(block, header)
        else:
            header = ()
            prices = _of_text(block)
        for price in prices:
            found.setdefault((price.plan, price.amount, price.period), price)
    return list(found.values())[:PRICES_MAX]


def _of_row(block: Block, header: Sequence[str]) -> Iterator[Price]:
    """A row per plan, or a column per plan below a row with their names."""
    matches = [(place, match) for place, cell in enumerate(block.cells) for match in _PRICE.finditer(cell)]
    for place, match in matches:
        across = len(matches) > 1 and place < len(header)
        yield _price(match, header[place] if across else block.cells[0])


def _of_text(block: Block) -> Iterator[Price]:
    """On a card the heading says what it is for; in a sentence what stands before the price does."""
    matches = list(_PRICE.finditer(block.text))
    start = 0
    for match in matches:
        named = _NAMED.search(block.text[start : match.start()])
        start = match.end()
        short = len(block.text) <= PLAN_MAX
        yield _price(match, named["plan"] if named and not short else (block.heading or None))


def _price(match: re.Match[str], plan: str | None) -> Price:
    period = _PERIODS.get(match["period"] or "", "once") if match["per"] else "once"
    return Price(
        plan=(plan or "")[:PLAN_MAX].strip() or None,
        amount=_amount(match["amount"]),
        currency=match["currency"],
        period=period,
    )


def _amount(text: str) -> float:
    """Read ``1,200.50``, ``1.200`` and ``9,50``: a point or comma before three digits groups them."""
    text = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", text)
    return float(text.replace(",", "."))
