"""The report as a PDF: the same findings on A4, drawn by fpdf2 with the fonts every reader has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from examples.report.document.findings import Bar, Findings, likeness_bars, price_bars, verdict
from examples.report.models import PRODUCT, Company

_ENCODING: Final = "cp1252"
"""Of the fonts in every reader. Signs they do not have become question marks; the HTML report has them all."""

_INK: Final = (22, 35, 45)
_MUTED: Final = (76, 91, 103)
_OWN: Final = (11, 92, 171)
_RIVAL: Final = (138, 161, 178)
_LABELS: Final = 40.0
_BARS: Final = 80.0
_ROW: Final = 8.0
FEATURES_MAX: Final = 40


def pdf_report(findings: Findings) -> bytes:
    """Return the PDF."""
    paper = _Paper()
    paper.title(f"Competitors of {findings.name}")
    made = f"{findings.made_at:%d %B %Y, %H:%M} UTC".lstrip("0")
    paper.words(f"Made on {made}. Completeness {findings.scores.completeness} of 100.", muted=True)
    for sentence in verdict(findings):
        paper.words(f"-  {sentence}")
    if findings.missing:
        paper.heading("What is missing")
        for it in findings.missing:
            paper.words(f"-  {it.site.name}: {it.reason}")
    paper.heading("What the cheapest plan costs a month, in their own currencies")
    paper.bars(price_bars(findings))
    paper.heading("Who speaks most like the product")
    paper.bars(likeness_bars(findings))
    paper.heading("Features")
    paper.features(findings)
    for company in findings.companies:
        _company(paper, findings, company)
    return bytes(paper.pdf.output())


def _company(paper: _Paper, findings: Findings, company: Company) -> None:
    key = company.site.key
    paper.heading(company.site.name)
    score = "" if key == PRODUCT else f", completeness {findings.scores.by_site.get(key, 0)} of 100"
    newest = f"{company.newest:%d %B %Y}".lstrip("0") if company.newest else "no date found"
    paper.words(f"{len(company.pages)} of {company.tried} pages captured{score}. Newest date: {newest}.")
    paper.words(f"Words of its own: {', '.join(findings.comparison.terms.get(key, [])) or 'none'}")
    for price in company.prices:
        paper.words(f"-  {price.plan or 'Plan'}: {price}")


class _Paper:
    """A document in the making."""

    def __init__(self) -> None:
        self.pdf = FPDF(format="A4")
        self.pdf.core_fonts_encoding = _ENCODING
        self.pdf.set_margin(18)
        self.pdf.set_auto_page_break(auto=True, margin=18)
        self.pdf.add_page()

    def title(self, text: str) -> None:
        self.pdf.set_title(_sound(text))
        self.pdf.set_creator("Headway's report example")
        self._write(text, size=20, style="B", height=10)

    def heading(self, text: str) -> None:
        if self.pdf.get_y() > self.pdf.h - 45:  # no heading alone at the foot of a page
            self.pdf.add_page()
        self.pdf.ln(4)
        self._write(text, size=13, style="B", height=8)

    def words(self, text: str, *, muted: bool = False) -> None:
        self._write(text, size=10, colour=_MUTED if muted else _INK, height=5.5)

    def bars(self, bars: Sequence[Bar]) -> None:
        if not bars:
            self.words("Nothing was found to compare.", muted=True)
        for bar in bars:
            self._bar(bar)

    def features(self, findings: Findings) -> None:
        rows = findings.comparison.features
        if not rows:
            self.words("No lists of features were found.", muted=True)
            return
        self.pdf.set_font("Helvetica", size=8)
        widths = (58, *[116 // len(findings.companies)] * len(findings.companies))
        with self.pdf.table(col_widths=widths, line_height=5, headings_style=FontFace(emphasis="BOLD")) as table:
            table.row([_sound(text) for text in ("Feature", *(company.site.name for company in findings.companies))])
            for row in rows[:FEATURES_MAX]:
                marks = ["yes" if company.site.key in row.offered else "-" for company in findings.companies]
                table.row([_sound(row.name), *marks])
        if len(rows) > FEATURES_MAX:
            self.words(f"{len(rows) - FEATURES_MAX} more are in the HTML report.", muted=True)

    def _bar(self, bar: Bar) -> None:
        pdf, length = self.pdf, max(_BARS * bar.share, 0.8)
        if pdf.get_y() + _ROW > pdf.h - 18:
            pdf.add_page()
        top, left = pdf.get_y(), pdf.l_margin
        pdf.set_font("Helvetica", size=10)
        pdf.set_text_color(*_INK)
        pdf.set_fill_color(*(_OWN if bar.own else _RIVAL))
        pdf.cell(_LABELS, _ROW, _sound(bar.label[:22]))
        pdf.rect(left + _LABELS, top + 1.5, length, _ROW - 3, style="F")
        pdf.set_x(left + _LABELS + length + 2)
        pdf.cell(0, _ROW, _sound(bar.text[:36]), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _write(
        self, text: str, *, size: float, height: float, style: str = "", colour: tuple[int, int, int] = _INK
    ) -> None:
        self.pdf.set_font("Helvetica", style=style, size=size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(0, height, _sound(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _sound(text: str) -> str:
    """Return a text in signs the fonts have."""
    return text.encode(_ENCODING, "replace").decode(_ENCODING)
