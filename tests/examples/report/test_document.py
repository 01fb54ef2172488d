"""The report as a page and as a PDF, the PDF read back."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

from lxml import html as lxml_html

from examples.report.document.findings import entry_price, price_bars
from examples.report.document.page import html_report
from examples.report.document.pdf import pdf_report
from examples.report.models import Comparison
from tests.examples.report.findings import company, page, price, some_findings

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """Read what a PDF shows, in the order it is drawn: its streams unpacked, the operands of ``Tj``."""
    found = []
    for match in _STREAM.finditer(pdf):
        try:
            content = zlib.decompress(match[1])
        except zlib.error:
            continue
        found += [re.sub(rb"\\(.)", rb"\1", shown).decode("cp1252") for shown in _SHOWN.findall(content)]
    return " ".join(found)


def test_the_pdf_says_what_was_found() -> None:
    """Title, scores, sentences, prices in their currencies, features, what is missing."""
    pdf = pdf_report(some_findings())
    assert pdf.startswith(b"%PDF-")
    text = text_of(pdf)
    for words in (
        "Competitors of Lantern", "20 November 2026, 09:30 UTC",
        "2 of 3 competitors were captured wholly, 2 pages in all.",
        "Gone: http://gone.test/ answered 503", "Team: $39 a month", "Pro: €49 a month", "On-call", "yes",
    ):  # fmt: skip
        assert words in text, words


def test_the_pdf_draws_a_bar_for_each_price() -> None:
    """Three prices, three bars; the dearest is the longest, and the product's has a colour of its own."""
    bars = price_bars(some_findings())
    assert [(bar.label, bar.own) for bar in bars] == [("Lantern", True), ("Heron", False), ("Bright", False)]
    assert max(bars, key=lambda bar: bar.share).label == "Heron"
    content = b"".join(zlib.decompress(match[1]) for match in _STREAM.finditer(pdf_report(some_findings())))
    assert content.count(b" re f") >= len(bars) + 2  # likeness has two more


def test_signs_the_fonts_do_not_have_do_no_harm() -> None:
    """They become question marks in the PDF, and stay what they are on the page."""
    findings = some_findings("Zażółć 日本 🚀")
    assert "Competitors of Za?ó?? ?? ?" in re.sub(r"\?+", lambda run: run[0], text_of(pdf_report(findings)))
    assert "Zażółć 日本 🚀" in html_report(findings)


def test_the_page_says_what_was_found() -> None:
    """Sentences, charts with words for who cannot see them, tables, what is missing."""
    tree = lxml_html.document_fromstring(html_report(some_findings()))
    text = " ".join(tree.text_content().split())
    assert "2 of 3 competitors were captured" in text
    assert "Completeness 60 of 100" in text
    charts = tree.xpath("//*[@role='img']/@aria-label")
    assert len(charts) == 2
    assert "Heron, Squad: $79 a month" in charts[0]
    assert tree.xpath("//section[@class='missing']")[0].text_content().endswith("http://gone.test/ answered 503")
    assert tree.xpath("//th[@scope='row']/text()")[:1] == ["Status pages"]


def test_what_a_site_says_cannot_become_part_of_the_page() -> None:
    """Names, plans, features and titles are escaped, wherever they stand."""
    evil = "<script>alert(1)</script>\"'"
    bad = company(1, evil, page(text=evil, features=[evil], prices=[price(evil, 5)]))
    findings = replace(some_findings(evil), companies=[some_findings().companies[0], bad])
    html = html_report(findings)
    assert "<script" not in html.replace("&lt;script", "")
    assert lxml_html.document_fromstring(html).xpath("//script") == []


def test_a_report_of_next_to_nothing_is_written_all_the_same() -> None:
    """No prices, no features, no likeness."""
    bare = replace(
        some_findings(),
        companies=[company(0, "Own", page()), company(1, "Rival", page())],
        comparison=Comparison(similarity={}, terms={}, features=[]),
        missing=[],
    )
    assert "Nothing was found to compare" in html_report(bare)
    assert "No lists of features were found" in text_of(pdf_report(bare))


def test_the_cheapest_plan_is_the_cheapest_that_costs_anything() -> None:
    """A free plan is no price to compare."""
    cheapest = entry_price(company(1, "R", page(prices=[price("Free", 0), price("Big", 90), price("Small", 9)])))
    assert cheapest is not None
    assert cheapest.plan == "Small"
    assert entry_price(company(1, "R", page(prices=[price("Free", 0)]))) is None
