"""How much a report stands on: completeness by what was reached and found, freshness by the dates on the pages.

**Completeness** of a competitor is 100 when all of its pages that were asked for came (40 points), and a price (20), a
feature (20) and a date (20) were found on them; of the report it is the mean over its competitors.

**Freshness** of a competitor falls from 100 by half every 60 days since the newest date on any of its pages; of the
report it is the mean over the competitors that have a date. In a word: ``new`` from 67 on, ``mixed`` from 34 on, else
``old``; ``unknown`` when nobody has a date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, Literal

from examples.report.models import PRODUCT, Company, Scores

HALF_LIFE_DAYS: Final = 60
NEW_FROM: Final = 67
MIXED_FROM: Final = 34


def score(companies: Sequence[Company], today: dt.date) -> Scores:
    """Score what was found out about the competitors."""
    rivals = [company for company in companies if company.site.key != PRODUCT]
    by_site = {company.site.key: _completeness(company) for company in rivals}
    dates = [company.newest for company in rivals if company.newest is not None]
    freshness = round(sum(_freshness(date, today) for date in dates) / len(dates)) if dates else None
    completeness = round(sum(by_site.values()) / len(by_site)) if by_site else 0
    return Scores(completeness=completeness, freshness=freshness, data_freshness=_word(freshness), by_site=by_site)


def _completeness(company: Company) -> int:
    reached = min(len(company.pages) / company.tried, 1.0)
    found = [bool(company.prices), bool(company.features), company.newest is not None]
    return round(40 * reached + 20 * sum(found))


def _freshness(date: dt.date, today: dt.date) -> float:
    return float(100 * 0.5 ** (max((today - date).days, 0) / HALF_LIFE_DAYS))


def _word(freshness: int | None) -> Literal["new", "mixed", "old", "unknown"]:
    if freshness is None:
        return "unknown"
    return "new" if freshness >= NEW_FROM else "mixed" if freshness >= MIXED_FROM else "old"
