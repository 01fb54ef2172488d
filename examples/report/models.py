"""What a report is about, and what is found out for it."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

COMPETITORS_MAX = 8
PRODUCT = "product"


class Site(BaseModel):
    """A company's site.

    Attributes:
        key: ``product``, or ``competitor:<n>``.
        name: Of the company.
        url: Where its capture begins.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    url: str


class Order(BaseModel):
    """What a worker is told: one report, of one project.

    Attributes:
        expected_s: How long such a report usually takes.
    """

    project_id: str
    report_id: str
    name: str
    product: Site
    competitors: Annotated[list[Site], Field(min_length=1, max_length=COMPETITORS_MAX)]
    expected_s: float


class PageKind(StrEnum):
    """What a page is about, as far as its address says."""

    HOME = "home"
    PRICING = "pricing"
    FEATURES = "features"
    NEWS = "news"
    OTHER = "other"


class Captured(BaseModel):
    """A page that was captured; its HTML is in the tables.

    Attributes:
        digest: Of its HTML.
    """

    url: str
    kind: PageKind
    size: int
    digest: str
    captured_at: dt.datetime


class Price(BaseModel):
    """A price that stands on a page.

    Attributes:
        plan: What is sold for it, as far as the page says.
        amount: For one period.
        currency: ``$``, ``€`` or ``£``.
        period: What is paid for.
    """

    plan: str | None
    amount: float
    currency: str
    period: Literal["month", "year", "once"]

    @property
    def monthly(self) -> float | None:
        """Return what it is for a month; None for what is paid once."""
        return {"month": self.amount, "year": self.amount / 12, "once": None}[self.period]

    def __str__(self) -> str:
        amount = f"{self.amount:,.2f}".removesuffix(".00")
        return f"{self.currency}{amount}" + ("" if self.period == "once" else f" a {self.period}")


class PageFacts(BaseModel):
    """What a page says.

    Attributes:
        published: Its date, as far as it has one that can be found.
        links: How many further pages it led to, where it is the first of its site.
    """

    url: str
    kind: PageKind
    title: str
    text: str
    published: dt.date | None
    prices: list[Price]
    features: list[str]
    links: int = 0


class Company(BaseModel):
    """A site with what its pages say."""

    site: Site
    pages: list[PageFacts]

    @property
    def tried(self) -> int:
        """How many of its pages were asked for."""
        return 1 + sum(page.links for page in self.pages if page.kind is PageKind.HOME)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(page.text for page in self.pages)

    @property
    def prices(self) -> list[Price]:
        """Return the prices, each once, in the order of the pages."""
        return list(
            {(price.plan, price.amount, price.period): price for page in self.pages for price in page.prices}.values()
        )

    @property
    def features(self) -> list[str]:
        """Return the features, each once."""
        return list({feature.casefold(): feature for page in self.pages for feature in page.features}.values())

    @property
    def newest(self) -> dt.date | None:
        """Return the newest date on any of its pages."""
        return max((page.published for page in self.pages if page.published), default=None)


class FeatureRow(BaseModel):
    """A feature, and who offers it.

    Attributes:
        name: As one of them calls it.
        offered: Keys of the sites, each with what they call it.
    """

    name: str
    offered: dict[str, str]


class Comparison(BaseModel):
    """What came of comparing.

    Attributes:
        similarity: How like the product's own words a competitor's are, from 0 to 1, by site.
        terms: Words by which a site differs from the others, by site.
        features: All features.
    """

    similarity: dict[str, float]
    terms: dict[str, list[str]]
    features: list[FeatureRow]


class Scores(BaseModel):
    """How much the report stands on.

    Attributes:
        completeness: 0 to 100: pages reached, and what was found on them.
        freshness: 0 to 100: by the newest date of each competitor; null when no page has a date.
        data_freshness: The same in a word.
        by_site: Completeness of each competitor.
    """

    completeness: int
    freshness: int | None
    data_freshness: Literal["new", "mixed", "old", "unknown"]
    by_site: dict[str, int]


class ReportMade(BaseModel):
    """Result of the run."""

    report_id: str
    completeness: int
    data_freshness: str
    captured: int
    total: int
