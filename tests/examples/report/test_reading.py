"""What is read from pages: text, date, prices, features; and which pages are worth reading."""

from __future__ import annotations

import datetime as dt

import pytest
from lxml import html as lxml_html

from examples.report.analysis.features import features_in
from examples.report.analysis.prices import prices_in
from examples.report.capture.blocks import Block, blocks_of
from examples.report.capture.links import further_pages, kind_of
from examples.report.capture.reading import read_page
from examples.report.models import PageKind

TODAY = dt.datetime.now(dt.UTC).date()


def blocks(html: str) -> list[Block]:
    """A page's blocks."""
    return blocks_of(lxml_html.document_fromstring(html))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h3>Pro</h3><p>$29/month</p>", [("Pro", "$29 a month")]),
        ("<h3>Pro</h3><p>$1,290.50 per year</p>", [("Pro", "$1,290.50 a year")]),
        ("<h3>Lifetime</h3><p>€199</p>", [("Lifetime", "€199")]),
        ("<p>Acme Pro is €49 per month for each server, and costs nothing else.</p>", [("Acme Pro", "€49 a month")]),
        ("<h2>Prices</h2><p>£9,50 a month</p>", [("Prices", "£9.50 a month")]),
        (
            "<table><tr><th>Plan<th>Price<tr><td>Solo<td>$5/mo<tr><td>Team<td>$15/mo</table>",
            [("Solo", "$5 a month"), ("Team", "$15 a month")],
        ),
        (
            "<table><tr><th></th><th>Solo</th><th>Team</th></tr><tr><th>Price</th><td>$5/mo</td><td>$15/mo</td></tr></table>",
            [("Solo", "$5 a month"), ("Team", "$15 a month")],
        ),
        ("<p>It costs $5/month, yes $5/month.</p>", [(None, "$5 a month")]),
        ("<p>Version 2 of 2026, 100 % more, call 0800 12345.</p>", []),
        ("<nav><a>$5/month</a></nav><script>price = '$7/month'</script>", []),
    ],
)
def test_prices(html: str, expected: list[tuple[str | None, str]]) -> None:
    """Rows down or across, cards, sentences; what is no price stays out."""
    assert [(price.plan, str(price)) for price in prices_in(blocks(html))] == expected


def test_a_price_by_the_year_is_a_twelfth_of_it_by_the_month() -> None:
    """What is paid once has none."""
    yearly, once = prices_in(blocks("<h3>A</h3><p>$120/year</p><h3>B</h3><p>$99</p>"))
    assert (yearly.monthly, once.monthly) == (10.0, None)


def test_features_are_items_below_a_heading_that_announces_them() -> None:
    """Sentences are none, and neither are items of other lists."""
    page = blocks(
        "<h2>Every plan includes</h2><ul><li>Status pages</li><li>status pages</li><li>This is a sentence.</li></ul>"
        "<h2>Our offices</h2><ul><li>Berlin</li></ul>"
    )
    assert features_in(page, PageKind.HOME) == ["Status pages"]
    assert features_in(page, PageKind.FEATURES) == ["Status pages", "Berlin"]
    assert features_in(page, PageKind.PRICING) == []


def test_cards_of_a_page_of_features_are_features() -> None:
    """Their headings name them."""
    cards = blocks("<h1>Features</h1><div><h3>SMS alerts</h3><p>A hundred a month.</p></div><div><h3>API</h3></div>")
    assert features_in(cards, PageKind.FEATURES) == ["SMS alerts", "API"]
    assert features_in(cards, PageKind.HOME) == []


@pytest.mark.parametrize(
    ("html", "days"),
    [
        (f'<meta property="article:published_time" content="{TODAY - dt.timedelta(days=12)}T08:00:00Z">', 12),
        (f'<meta name="date" content="{TODAY - dt.timedelta(days=300)}">', 300),
        (
            "<dl>"
            + "".join(
                f'<dt><time datetime="{TODAY - dt.timedelta(days=days)}"></time></dt><dd>Something.</dd>'
                for days in (3, 90)
            )
            + "</dl>",
            3,
        ),
        (f'<meta name="date" content="{TODAY + dt.timedelta(days=40)}">', None),
        ("<p>Nothing here has a date.</p>", None),
    ],
    ids=["published", "meta", "newest of several", "in the future", "none"],
)
def test_dates(html: str, days: int | None) -> None:
    """The newest that stands for the content; a date to come says nothing."""
    page = read_page("http://a.test/news", PageKind.NEWS, f"<html><head></head><body>{html}<p>Words.</p></body></html>")
    assert page.published == (None if days is None else TODAY - dt.timedelta(days=days))


@pytest.mark.parametrize("html", ["", "<", "\x00", "<html></html>", "plain words", "<p>" * 500, "<svg></svg>"])
def test_whatever_a_site_sends_can_be_read(html: str) -> None:
    """Worthless pages have no facts, and do no harm."""
    page = read_page("http://a.test/", PageKind.HOME, html)
    assert (page.prices, page.features) == ([], [])


def test_links_of_the_own_site_are_followed_the_most_telling_first() -> None:
    """One of each kind before the second of any; nothing of other sites, no files, no page twice."""
    html = """<a href="/about">a</a><a href="/blog/one">b</a><a href="/blog/two">b</a><a href="/pricing#top">p</a>
    <a href="/pricing">p</a><a href="https://other.test/pricing">o</a><a href="//other.test/x">o</a><a href="/">h</a>
    <a href="/brochure.pdf">f</a><a href="mailto:x@a.test">m</a><a href="javascript:alert(1)">j</a>
    <a href="features.html">f</a><a href="http://a.test:81/x">port</a><a href="http://[bad/">bad</a>"""
    found = further_pages("http://a.test/", html, most=4)
    assert found == [
        "http://a.test/pricing", "http://a.test/features.html", "http://a.test/blog/one", "http://a.test/about",
    ]  # fmt: skip
    assert further_pages("http://a.test/", "") == []


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://a.test", "home"), ("http://a.test/index.html", "home"), ("http://a.test/plans", "pricing"),
        ("http://a.test/product/features", "features"), ("http://a.test/Changelog.html", "news"),
        ("http://a.test/about", "other"),
    ],
)  # fmt: skip
def test_an_address_says_what_a_page_is_about(url: str, kind: str) -> None:
    """As far as it does."""
    assert kind_of(url) == kind
