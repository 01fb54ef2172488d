"""Comparing and scoring."""

import datetime as dt

import pytest

from examples.report.analysis.comparing import compare
from examples.report.analysis.scoring import score
from examples.report.models import PageKind
from tests.examples.report.findings import TODAY, company, page, price, some_findings


def test_who_speaks_alike_is_more_alike() -> None:
    """By the cosine of their weighted words; a company's own name does not count."""
    comparison = some_findings().comparison
    assert 1 >= comparison.similarity["competitor:1"] > comparison.similarity["competitor:2"] >= 0
    named = compare([company(0, "Zebra", page(text="zebra stripes")), company(1, "Lion", page(text="zebra lion"))])
    assert "zebra" not in named.terms["product"]


def test_telling_words_are_those_the_others_do_not_use() -> None:
    """At most six, none of them twice in another one."""
    terms = some_findings().comparison.terms
    assert "calm" in terms["product"]
    assert "loud" in terms["competitor:1"]
    assert {"metrics", "logs", "rack"} & set(terms["competitor:2"])
    assert all(len(words) <= 6 for words in terms.values())


def test_features_that_are_called_alike_stand_in_one_row() -> None:
    """The product's own first; two features of one company never share a row."""
    rows = some_findings().comparison.features
    offered = {row.name: set(row.offered) for row in rows}
    assert offered["Status pages"] == {"product", "competitor:1"}
    assert offered["On-call"] == {"competitor:1", "competitor:2"}
    assert offered["Email alerts"] == {"product"}
    assert [row.name for row in rows][-1] == "On-call"
    twice = compare([company(0, "A", page(features=["SMS alerts", "SMS alert"]))])
    assert len(twice.features) == 2


@pytest.mark.parametrize("text", ["", "a an the", "... !!!"])
def test_companies_that_say_nothing_are_compared_all_the_same(text: str) -> None:
    """There is no likeness, and no word."""
    nothing = compare([company(0, "A", page(text=text)), company(1, "B", page(text=text))])
    assert nothing.similarity == {}
    assert nothing.terms == {"product": [], "competitor:1": []}
    assert nothing.features == []


@pytest.mark.parametrize(
    ("pages", "completeness"),
    [
        ([], 0),
        ([page()], 40),
        ([page(links=3)], 10),
        ([page(links=1), page(PageKind.PRICING, prices=[price("A", 1)])], 60),
        ([page(days_old=1, features=["x"], prices=[price("A", 1)])], 100),
    ],
    ids=["nothing came", "only words", "a quarter came", "half of it", "all"],
)
def test_completeness_is_what_came_and_what_was_found(pages: list, completeness: int) -> None:
    """Forty points for pages, twenty each for a price, a feature, a date."""
    scores = score([company(0, "Own", page()), company(1, "Rival", *pages)], TODAY)
    assert (scores.completeness, scores.by_site) == (completeness, {"competitor:1": completeness})


@pytest.mark.parametrize(
    ("ages", "freshness", "word"),
    [
        ([0], 100, "new"),
        ([60], 50, "mixed"),
        ([0, 60], 75, "new"),
        ([240], 6, "old"),
        ([None, 0], 100, "new"),
        ([None], None, "unknown"),
    ],
)
def test_freshness_halves_every_sixty_days(ages: list, freshness: int | None, word: str) -> None:
    """The mean over the competitors that have a date; without any, nothing is claimed."""
    rivals = [company(place, f"R{place}", page(days_old=age)) for place, age in enumerate(ages, 1)]
    scores = score([company(0, "Own", page(days_old=500)), *rivals], TODAY)
    assert (scores.freshness, scores.data_freshness) == (freshness, word)


def test_a_date_to_come_is_as_fresh_as_today() -> None:
    """Whatever clock it was written by."""
    scores = score([company(1, "R", page(days_old=-2))], TODAY)
    assert scores.freshness == 100
    assert dt.date(2026, 11, 20) == TODAY
