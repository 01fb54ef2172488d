"""What a report says, and the bars it shows: the same for the page and for the PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from examples.report.models import PRODUCT, Company, Comparison, FeatureRow, Price, Scores, Site


@dataclass(frozen=True, slots=True)
class Missing:
    """A competitor that was not captured, or not wholly.

    Attributes:
        reason: Why, in a sentence.
    """

    site: Site
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found out.

    Attributes:
        name: Of the project.
        companies: The product first, then its competitors.
        missing: Who was not captured as wished.
        made_at: When.
    """

    name: str
    companies: Sequence[Company]
    comparison: Comparison
    scores: Scores
    missing: Sequence[Missing]
    made_at: dt.datetime

    @property
    def rivals(self) -> list[Company]:
        """The competitors."""
        return [company for company in self.companies if company.site.key != PRODUCT]

    def gaps(self) -> list[FeatureRow]:
        """Return what competitors offer and the product does not, the most common first."""
        return [row for row in self.comparison.features if PRODUCT not in row.offered]

    def own(self) -> list[FeatureRow]:
        """Return what only the product offers."""
        return [row for row in self.comparison.features if set(row.offered) == {PRODUCT}]

    def who(self, row: FeatureRow) -> str:
        """Return the names of those who offer a feature."""
        return ", ".join(company.site.name for company in self.companies if company.site.key in row.offered)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        share: Of the longest, 0 to 1.
        text: What stands beside it.
        own: It is the product's.
    """

    label: str
    share: float
    text: str
    own: bool


def entry_price(company: Company) -> Price | None:
    """Return a company's cheapest plan that costs anything by the month."""
    priced = [(price.monthly, price) for price in company.prices if price.monthly]
    return min(priced, key=lambda pair: pair[0] or 0.0)[1] if priced else None


def price_bars(findings: Findings) -> list[Bar]:
    """Return what the cheapest plan of each company costs a month. Currencies are not converted."""
    entries = [(company, entry_price(company)) for company in findings.companies]
    known = [(company, price, price.monthly or 0.0) for company, price in entries if price is not None]
    longest = max((amount for *_, amount in known), default=1.0)
    return [
        Bar(company.site.name, amount / longest, f"{price.plan or 'cheapest'}: {price}", company.site.key == PRODUCT)
        for company, price, amount in known
    ]


def likeness_bars(findings: Findings) -> list[Bar]:
    """Return how like the product's words each competitor's are."""
    similarity = findings.comparison.similarity
    longest = max(similarity.values(), default=0.0) or 1.0
    known = [(company.site.name, similarity[company.site.key]) for company in findings.rivals if similarity]
    return [Bar(name, value / longest, f"{100 * value:.0f} %", own=False) for name, value in known]


def verdict(findings: Findings) -> list[str]:
    """Return the report in a few sentences, each of which follows from a number in it."""
    rivals = findings.rivals
    missing = {it.site.key for it in findings.missing}
    total = len(missing | {company.site.key for company in rivals})
    pages = sum(len(company.pages) for company in rivals)
    sentences = [f"{total - len(missing)} of {total} competitors were captured wholly, {pages} pages in all."]
    similarity = findings.comparison.similarity
    if similarity:
        nearest = max(rivals, key=lambda company: similarity.get(company.site.key, 0.0))
        sentences.append(f"{nearest.site.name} speaks most like {findings.companies[0].site.name}.")
    if gaps := findings.gaps():
        common = [row for row in gaps if len(row.offered) > 1]
        first = (common or gaps)[0]
        among = f"among them “{first.name}” ({findings.who(first)})"
        sentences.append(f"{len(gaps)} features are offered by competitors only, {among}.")
    if own := findings.own():
        sentences.append(f"{len(own)} features are the product's alone, among them “{own[0].name}”.")
    return sentences
