"""The job: a report in six phases, each of which ends at the percentage the requirement gives it.

| phase               | from | to  | what happens                                                     |
|---------------------|------|-----|------------------------------------------------------------------|
| `validation`        | 0    | 10  | is the project complete (5), does the product's site answer (10) |
| `snapshot_capture`  | 10   | 50  | each competitor's pages are captured, several at once            |
| `data_collection`   | 50   | 55  | text, dates, prices and features are read from them              |
| `analysis`          | 55   | 75  | companies are compared, data is scored                           |
| `report_generation` | 75   | 90  | the report is written, as a page and as a PDF                    |
| `completed`         | 90   | 100 | it is stored                                                     |

Whatever takes time is a keyed step, so another worker goes on behind the last that was finished. Steps after the
capture carry the digest of what was captured in their key: when a failed competitor is tried again they are done anew.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from examples.report.analysis.scoring import score
from examples.report.capture.capturing import Capturing, digest
from examples.report.document.findings import Findings, Missing
from examples.report.document.page import html_report
from examples.report.errors import NothingCaptured
from examples.report.models import Captured, Company, Comparison, Order, PageFacts, PageKind, ReportMade, Scores, Site
from examples.report.settings import ReportSettings
from examples.report.tables.reports import Tables
from headway import Failed, Headway, ItemPlanned, Run

JOB: Final = "initial_report"
PHASES: Final = {
    "validation": 10,
    "snapshot_capture": 40,
    "data_collection": 5,
    "analysis": 20,
    "report_generation": 15,
    "completed": 10,
}
USUAL_S: Final = 45.0
"""Expected seconds of a report as long as there is no history."""

SITES_AT_ONCE: Final = 3

log = logging.getLogger(__name__)


def site_item(site: Site) -> ItemPlanned:
    """The placeholder of a competitor, there before anything is captured."""
    return ItemPlanned(key=site.key, kind="competitor", title=site.name, phase="snapshot_capture")


def register(hw: Headway, tables: Tables, settings: ReportSettings) -> None:
    """Register the job."""
    hw.job(
        name=JOB,
        phases=PHASES,
        plan=lambda order: [site_item(site) for site in order.competitors],
        estimate=lambda order: order.expected_s,
        title=lambda order: f"Competitors of {order.name}",
        http=False,  # started by the application, which knows the project
    )(Reporter(tables, settings).make_report)


@dataclass(frozen=True)
class Reporter:
    """Makes reports.

    Attributes:
        tables: Where pages and reports are kept.
        settings: Which sites may be asked, and for how long.
    """

    tables: Tables
    settings: ReportSettings

    async def make_report(self, run: Run, order: Order) -> ReportMade:
        """Capture, read, compare, score, write, store."""
        attempt = run.context.attempt
        try:
            await run.step(_introduce, key=f"worker:{attempt}")
            await self.tables.begin(order.report_id, run.id, attempt, len(order.competitors), _context(run, order))
            made = await self._make(run, order)
        except Exception as error:
            await self.tables.fail(order.report_id, attempt, str(error))
            raise
        log.info("report %s of project %s is made", order.report_id, order.project_id)
        return made

    async def _make(self, run: Run, order: Order) -> ReportMade:
        async with Capturing(self.tables, self.settings, order.report_id) as capturing:
            await self._validate(run, order, capturing)
            captured = await run.map(
                capturing.competitor,
                order.competitors,
                phase="snapshot_capture",
                item=site_item,
                concurrency=SITES_AT_ONCE,
                on_error="partial",
            )
        sites = {site.key: site for site in order.competitors}
        missing = [Missing(sites[it.key], it.error.message) for it in captured if isinstance(it, Failed)]
        companies, version = await self._collect(run, order)
        findings = await self._analyse(run, order, companies, missing, version)
        html, pdf = await _write(run, findings)
        return await self._store(run, order, findings, html, pdf)

    # -- phases

    async def _validate(self, run: Run, order: Order, capturing: Capturing) -> None:
        async with run.phase("validation", total=2, unit="checks") as phase:
            await phase.advance(message=f"{order.name} and {len(order.competitors)} competitors")
            async with run.agent("product") as agent:
                await capturing.product(agent, order.product)
            await phase.advance(message=f"The site of {order.product.name} answers")

    async def _collect(self, run: Run, order: Order) -> tuple[list[Company], str]:
        """Read the pages that were captured; return the companies, and a name for just these pages."""
        pages = await self.tables.pages(order.report_id)
        if all(key == order.product.key for key, *_ in pages):
            hint = "try again when their sites answer"
            raise NothingCaptured("not one page of any competitor was captured", hint=hint)
        read: dict[str, list[PageFacts]] = {}
        async with run.phase("data_collection", total=len(pages), unit="pages") as phase:
            await phase.progress(0, message="Reading what was captured")
            for key, page, facts in pages:
                read.setdefault(key, []).append(facts or await self._read(order, key, page))
                await phase.advance(message=f"Read {page.url}")
        companies = [Company(site=site, pages=read.get(site.key, [])) for site in (order.product, *order.competitors)]
        return companies, digest([page for _, page, _ in pages])

    async def _read(self, order: Order, key: str, page: Captured) -> PageFacts:
        """Read a page. What was read stands in its row, so this needs no step to be done once."""
        html = await self.tables.page_html(order.report_id, key, page.url)
        facts = await asyncio.to_thread(_read_page, page.url, page.kind, html or "")
        await self.tables.keep_facts(order.report_id, key, facts)
        return facts

    async def _analyse(
        self, run: Run, order: Order, companies: list[Company], missing: Sequence[Missing], version: str
    ) -> Findings:
        there = [company for company in companies if company.pages]
        async with run.phase("analysis", total=2, unit="steps") as phase:
            await phase.progress(0, message="Comparing words and features")
            comparison: Comparison = await run.step(_compare, there, key=f"compare:{version}")
            await phase.advance(message="Scoring the data")
            scored: Scored = await run.step(_score, companies, key=f"score:{version}")
            await phase.advance(message=f"Completeness {scored.scores.completeness} of 100")
        return Findings(order.name, there, comparison, scored.scores, missing, scored.at)

    async def _store(self, run: Run, order: Order, findings: Findings, html: str, pdf: bytes) -> ReportMade:
        scores, total = findings.scores, len(order.competitors)
        captured = total - len(findings.missing)
        reasons = {it.site.key: it.reason for it in findings.missing}
        context = _context(run, order) | {"completeness_by_site": scores.by_site, "missing": reasons}
        async with run.phase("completed", total=1) as phase:
            await self.tables.complete(
                order.report_id,
                run.context.attempt,
                html=html,
                pdf=pdf,
                scores=scores,
                captured=captured,
                context=context,
            )
            await phase.advance(message="The report is stored")
        return ReportMade(
            report_id=order.report_id,
            completeness=scores.completeness,
            data_freshness=scores.data_freshness,
            captured=captured,
            total=total,
        )


class Scored(BaseModel):
    """Scores, and when they were given: freshness is of that day."""

    scores: Scores
    at: dt.datetime


def _read_page(url: str, kind: PageKind, html: str) -> PageFacts:
    """Read a page, in a thread: loading what reads takes a second, too, the first time."""
    from examples.report.capture.reading import read_page

    return read_page(url, kind, html)


def _compare(companies: list[Company]) -> Comparison:
    """Compare, in a thread: loading scikit-learn takes seconds, too, the first time."""
    from examples.report.analysis.comparing import compare

    return compare(companies)


def _write_pdf(findings: Findings) -> bytes:
    from examples.report.document.pdf import pdf_report

    return pdf_report(findings)


def _score(companies: list[Company]) -> Scored:
    now = dt.datetime.now(dt.UTC)
    return Scored(scores=score(companies, now.date()), at=now)


async def _write(run: Run, findings: Findings) -> tuple[str, bytes]:
    """Write both forms. They follow from the findings alone and take a moment: another attempt writes them again."""
    async with run.phase("report_generation", total=2, unit="documents") as phase:
        await phase.progress(0, message="Writing the page")
        html = await asyncio.to_thread(html_report, findings)
        await phase.advance(message="Writing the PDF")
        pdf = await asyncio.to_thread(_write_pdf, findings)
        await phase.advance(message="Both are written")
    return html, pdf


async def _introduce(run: Run) -> None:
    """Say which process works on the run: whoever watches a take-over wants to see that it is another one."""
    await run.custom("worker", _worker())


def _worker() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid()}


def _context(run: Run, order: Order) -> dict[str, Any]:
    """Return what a row notes of how its report came about."""
    context = run.context
    noted: dict[str, Any] = {"run_id": context.run_id, "execution_id": context.execution_id, "attempt": context.attempt}
    noted["expected_s"] = order.expected_s
    return {**noted, "correlation_id": context.correlation_id, "worker": _worker()}
