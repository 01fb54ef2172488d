"""Companies, and what was found out about them, for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from examples.report.analysis.comparing import compare
from examples.report.analysis.scoring import score
from examples.report.document.findings import Findings, Missing
from examples.report.models import Company, PageFacts, PageKind, Price, Site

TODAY = dt.date(2026, 11, 20)


def page(kind: PageKind = PageKind.HOME, text: str = "", days_old: int | None = None, **facts: Any) -> PageFacts:
    """A page that was read."""
    published = None if days_old is None else TODAY - dt.timedelta(days=days_old)
    url = f"http://a.test/{kind}"
    return PageFacts(
        url=url,
        kind=kind,
        title=f"{kind} page",
        text=text,
        published=published,
        **{"prices": [], "features": [], **facts},
    )


def company(place: int, name: str, *pages: PageFacts) -> Company:
    """A company: the product is the one at place 0."""
    key = f"competitor:{place}" if place else "product"
    return Company(site=Site(key=key, name=name, url=f"http://{name.casefold()}.test/"), pages=list(pages))


def price(plan: str, amount: float, currency: str = "$") -> Price:
    """A price by the month."""
    return Price(plan=plan, amount=amount, currency=currency, period="month")


def some_findings(name: str = "Lantern") -> Findings:
    """A product, a competitor like it, another one, and one that is missing."""
    own = company(
        0,
        name,
        page(text="status pages for calm teams", features=["Status pages", "Email alerts"], prices=[price("Team", 39)]),
    )
    like = company(
        1,
        "Heron",
        page(
            text="status pages for loud teams",
            days_old=5,
            features=["Status page", "On-call"],
            prices=[price("Squad", 79)],
        ),
    )
    other = company(
        2, "Bright", page(text="metrics and logs in a rack", features=["On-call rota"], prices=[price("Pro", 49, "€")])
    )
    companies = [own, like, other]
    gone = Site(key="competitor:3", name="Gone", url="http://gone.test/")
    return Findings(
        name=name,
        companies=companies,
        comparison=compare(companies),
        scores=score([*companies, Company(site=gone, pages=[])], TODAY),
        missing=[Missing(gone, "http://gone.test/ answered 503")],
        made_at=dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC),
    )
