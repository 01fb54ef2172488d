"""The report as one page of HTML: no script, nothing loaded from elsewhere, readable by day, by night and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from examples.report.document.findings import Bar, Findings, likeness_bars, price_bars, verdict
from examples.report.models import PRODUCT, Company

STYLE: Final = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style></head><body><main>{body}</main></body></html>"
)
_ROW: Final = 34
_LABELS: Final = 150
_BARS: Final = 300


def html_report(findings: Findings) -> str:
    """Return the page. All that comes from a site is escaped."""
    title = f"Competitors of {findings.name}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(_about(findings))}</p>',
        f"<ul class=verdict>{''.join(f'<li>{escape(sentence)}</li>' for sentence in verdict(findings))}</ul>",
        *_missing(findings),
        "<h2>What the cheapest plan costs</h2>",
        _chart("Cheapest paid plan a month", price_bars(findings)),
        '<p class="note">As it stands on their pages, in their own currencies.</p>',
        "<h2>Who speaks most like the product</h2>",
        _chart("Likeness to the product's own words", likeness_bars(findings)),
        '<p class="note">Cosine similarity of TF-IDF weights over all captured pages.</p>',
        "<h2>Features</h2>",
        _features(findings),
        "<h2>One by one</h2>",
        *(_company(findings, company) for company in findings.companies),
    ]
    return _PAGE.format(title=escape(title), style=STYLE, body="".join(parts))


def _about(findings: Findings) -> str:
    scores = findings.scores
    made = f"{findings.made_at:%d %B %Y, %H:%M} UTC".lstrip("0")
    fresh = (
        "no page has a date"
        if scores.freshness is None
        else f"freshness {scores.freshness} of 100 ({scores.data_freshness})"
    )
    return f"Made on {made}. Completeness {scores.completeness} of 100, {fresh}."


def _missing(findings: Findings) -> Iterable[str]:
    if findings.missing:
        rows = "".join(f"<li><b>{escape(it.site.name)}</b>: {escape(it.reason)}</li>" for it in findings.missing)
        yield f'<section class="missing"><h2>What is missing</h2><ul>{rows}</ul></section>'


def _chart(title: str, bars: Sequence[Bar]) -> str:
    if not bars:
        return '<p class="note">Nothing was found to compare.</p>'
    height = _ROW * len(bars)
    rows = "".join(_bar(bar, place * _ROW) for place, bar in enumerate(bars))
    said = "; ".join(f"{bar.label}, {bar.text}" for bar in bars)
    return (
        f'<svg class="chart" viewBox="0 0 {_LABELS + _BARS + 230} {height}" role="img" '
        f'aria-label="{escape(f"{title}: {said}")}">{rows}</svg>'
    )


def _bar(bar: Bar, top: int) -> str:
    kind, length, middle = "own" if bar.own else "rival", max(_BARS * bar.share, 2), top + 21
    return (
        f'<text x="{_LABELS - 10}" y="{middle}" text-anchor="end">{escape(_short(bar.label, 20))}</text>'
        f'<rect class="{kind}" x="{_LABELS}" y="{top + 6}" width="{length:.1f}" height="{_ROW - 12}" rx="3"/>'
        f'<text x="{_LABELS + length + 8:.1f}" y="{middle}">{escape(_short(bar.text, 34))}</text>'
    )


def _features(findings: Findings) -> str:
    heads = "".join(f'<th scope="col">{escape(company.site.name)}</th>' for company in findings.companies)
    rows = "".join(
        f'<tr><th scope="row">{escape(row.name)}</th>'
        + "".join(_offered(company.site.key in row.offered) for company in findings.companies)
        + "</tr>"
        for row in findings.comparison.features
    )
    if not rows:
        return '<p class="note">No lists of features were found.</p>'
    table = f'<table><thead><tr><th scope="col">Feature</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="wide" tabindex="0" role="region" aria-label="Features">{table}</div>'


def _offered(yes: bool) -> str:
    return '<td class="yes">yes</td>' if yes else '<td class="no">-</td>'


def _company(findings: Findings, company: Company) -> str:
    key, site = company.site.key, company.site
    prices = "".join(f"<li>{escape(price.plan or 'Plan')}: {escape(str(price))}</li>" for price in company.prices)
    terms = ", ".join(findings.comparison.terms.get(key, [])) or "none"
    newest = f"{company.newest:%d %B %Y}".lstrip("0") if company.newest else "no date found"
    pages = "".join(
        f'<li><a href="{escape(page.url)}" rel="noreferrer nofollow">{escape(page.title)}</a></li>'
        for page in company.pages
    )
    score = "" if key == PRODUCT else f", completeness {findings.scores.by_site.get(key, 0)} of 100"
    return (
        f"<section><h3>{escape(site.name)}</h3>"
        f"<p>{len(company.pages)} of {company.tried} pages captured{score}. Newest date: {escape(newest)}.</p>"
        f"<p><b>Words of its own:</b> {escape(terms)}</p>"
        + (f"<ul>{prices}</ul>" if prices else "<p>No prices found.</p>")
        + f"<details><summary>Pages</summary><ul>{pages}</ul></details></section>"
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
