"""The job: a strategy in six phases.

| phase      | what happens                                                                    |
|------------|---------------------------------------------------------------------------------|
| `read`     | texts are taken from the library, sites are read page by page                    |
| `keywords` | terms are weighed by TF-IDF                                                      |
| `topics`   | passages are factorised, several numbers of topics are tried                     |
| `gaps`     | our terms and topics are compared with the competitors'                          |
| `calendar` | twelve weeks are planned                                                         |
| `write`    | sections are written, each an item, and streamed as outputs                      |

Whatever takes time is a keyed step, so another worker goes on behind the last that was finished. Steps after the
reading carry the digest of what was read in their key: when a source that failed is tried again, they are done anew.
What scikit-learn does, it does in threads, as plain steps; what they find out they show at once, as `custom` events.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel

from examples.strategy import teaching
from examples.strategy.errors import NothingRead
from examples.strategy.library import Library
from examples.strategy.models import (
    Brief,
    Corpus,
    Document,
    Gap,
    Keyword,
    Piece,
    Section,
    Side,
    Sources,
    Strategy,
    Topics,
    site_name,
)
from examples.strategy.reading.site import Sites
from examples.strategy.settings import StrategySettings
from examples.strategy.writing.plans import Findings, Plan, plans_of
from examples.strategy.writing.writer import Writer
from headway import Failed, Headway, Item, ItemPlanned, Plain, Run

Bench: TypeAlias = Any
"""`analysis.workbench.Workbench`: to name it here would load scikit-learn into every server, and what a step returns is
read by its annotations."""

JOB: Final = "strategy"
PHASES: Final = {"read": 30, "keywords": 20, "topics": 25, "gaps": 5, "calendar": 5, "write": 15}
"""Weights by time, as measured on the sample and on sites of six pages, loading scikit-learn included; a language model
takes longer to write."""

SOURCES_AT_ONCE: Final = 3
SECTIONS_AT_ONCE: Final = 2


class Source(BaseModel):
    """One place text comes from: all documents of a side, or one of its sites."""

    key: str
    side: Side
    title: str
    site: str | None = None
    documents: list[Document] = []


class SourceRead(BaseModel):
    """What the item of a source shows in the end, and what was read of it."""

    side: Side
    words: int
    documents: list[Document]


def sources_of(brief: Brief) -> list[Source]:
    """Return where the text of a brief comes from."""
    return [*_of_side("own", brief.own), *_of_side("competitors", brief.competitors)]


def _of_side(side: Side, sources: Sources) -> list[Source]:
    found = []
    if documents := sources.documents:
        title = documents[0].name if len(documents) == 1 else f"{len(documents)} texts"
        found.append(Source(key=f"source:{side}/texts", side=side, title=title, documents=documents))
    for number, url in enumerate(sources.sites, 1):
        found.append(Source(key=f"source:{side}/site:{number}", side=side, title=site_name(url), site=url))
    return found


def source_item(source: Source) -> ItemPlanned:
    """The placeholder of a source."""
    return ItemPlanned(key=source.key, kind="source", title=source.title, phase="read")


def section_item(plan: Plan) -> ItemPlanned:
    """The placeholder of a section, there before anything is read."""
    return ItemPlanned(key=plan.key, kind="section", title=plan.title, phase="write")


def register(hw: Headway, library: Library, settings: StrategySettings) -> None:
    """Register the job."""
    hw.job(
        name=JOB,
        phases=PHASES,
        plan=lambda brief: [*map(source_item, sources_of(brief)), *map(section_item, plans_of(brief))],
        title=lambda brief: brief.title,
    )(Strategist(library, settings, Writer(settings.model)).make)


@dataclass(frozen=True)
class Strategist:
    """Makes strategies.

    Attributes:
        library: Where texts are.
        settings: Which sites may be asked, and for how long.
        writer: Writes the sections.
    """

    library: Library
    settings: StrategySettings
    writer: Writer

    async def make(self, run: Run, brief: Brief) -> Strategy:
        """Read, weigh, sort, compare, plan, write."""
        await run.step(_begin, len(sources_of(brief)), key="begin")
        read, missing = await self._read(run, brief)
        version = _digest(read)
        findings = await self._analyse(run, brief, read, version)
        sections = await self._write(run, brief, findings, version)
        written = [section for section in sections if isinstance(section, Section)]
        missing += [section.key for section in sections if isinstance(section, Failed)]
        return Strategy(**findings._asdict(), sections=written, missing=missing)

    async def _read(self, run: Run, brief: Brief) -> tuple[list[SourceRead], list[str]]:
        """Read all sources; return what came of them, and the keys of those that failed."""
        async with Sites(self.library, self.settings) as sites:

            async def read(item: Item, source: Source) -> SourceRead:
                documents = source.documents if source.site is None else await sites.read(item, source.site)
                await self.library.texts(documents)  # each is there, or this source fails, and not the analysis
                return SourceRead(side=source.side, words=sum(one.words for one in documents), documents=documents)

            found = await run.map(
                read,
                sources_of(brief),
                phase="read",
                item=source_item,
                concurrency=SOURCES_AT_ONCE,
                on_error="partial",
            )
        came = [one for one in found if isinstance(one, SourceRead)]
        failed = [one for one in found if isinstance(one, Failed)]
        if not any(one.side == "own" for one in came):
            raise NothingRead(
                f"none of your own texts could be read: {failed[0].error.message}", hint=failed[0].error.hint
            )
        return came, [one.key for one in failed]

    async def _analyse(self, run: Run, brief: Brief, read: Sequence[SourceRead], version: str) -> Findings:
        own, theirs = _corpus(read, "own"), _corpus(read, "competitors")
        competitors = theirs if theirs.documents else None
        async with run.phase("keywords", total=1) as phase:
            bench = await self._bench(brief, read)
            keywords: list[Keyword] = await run.step(_keywords, bench, own, competitors, key=f"keywords:{version}")
            await phase.advance(message=f"{len(keywords)} keywords")
        topics = await _topics(run, bench, version)
        async with run.phase("gaps", total=1) as phase:
            gaps: list[Gap] = await run.step(_gaps, bench, topics, key=f"gaps:{version}")
            await phase.advance(message=f"{len(gaps)} gaps" if competitors else "There is nobody to compare with")
        async with run.phase("calendar", total=1) as phase:
            pieces: list[Piece] = await run.step(_calendar, brief, keywords, topics, gaps, key=f"calendar:{version}")
            await phase.advance(message=f"{len(pieces)} pieces in twelve weeks")
        return Findings(brief.title, own, competitors, keywords, topics, gaps, pieces)

    async def _bench(self, brief: Brief, read: Sequence[SourceRead]) -> Bench:
        """Return the texts, ready to be analysed. Nothing is computed before it is asked for."""
        own, theirs = _documents(read, "own"), _documents(read, "competitors")
        texts = await self.library.texts([*own, *theirs])
        names = names_in(brief, [*own, *theirs])
        return await asyncio.to_thread(_workbench, own, theirs, texts, names)

    async def _write(self, run: Run, brief: Brief, findings: Findings, version: str) -> list[Section | Failed]:
        async def write(item: Item, plan: Plan) -> Section:
            section = await self.writer.write(item, plan, findings)
            if (lesson := teaching.of_section(section)) is not None:
                await item.note(lesson.body, kind="educational", title=lesson.title)
            return section

        write.__name__ = f"write:{version}"  # the name of the step: of another corpus it is another section
        return await run.map(
            write,
            plans_of(brief),
            phase="write",
            item=section_item,
            concurrency=SECTIONS_AT_ONCE,
            on_error="partial",
        )


def _documents(read: Sequence[SourceRead], side: Side) -> list[Document]:
    """Return the documents of a side, each once."""
    return list({one.id: one for source in read if source.side == side for one in source.documents}.values())


def _digest(read: Sequence[SourceRead]) -> str:
    """Return a name for just these texts."""
    joined = "\n".join(f"{source.side} {one.id}" for source in read for one in source.documents)
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


def names_in(brief: Brief, documents: Sequence[Document]) -> set[str]:
    """Return the names of whoever wrote the texts: hosts of sites, and the first folder of a document's name."""
    hosts = [urlsplit(url).hostname or "" for url in (*brief.own.sites, *brief.competitors.sites)]
    folders = [one.name.partition("/")[0] for one in documents if "/" in one.name and "://" not in one.name]
    return {*(label for host in hosts for label in host.split(".")[:-1]), *folders}


# ------------------------------------------------------------------------------------------------ analysis, in threads


def _workbench(own: list[Document], theirs: list[Document], texts: list[str], names: set[str]) -> Bench:
    """Loading scikit-learn takes seconds the first time: here, in a thread."""
    from examples.strategy.analysis.words import Text
    from examples.strategy.analysis.workbench import Workbench

    named = [Text(document.name, text) for document, text in zip([*own, *theirs], texts, strict=True)]
    return Workbench(named[: len(own)], named[len(own) :], names)


async def _topics(run: Run, bench: Bench, version: str) -> Topics:
    """Try several numbers of topics, each a step, and take the best."""
    numbers: list[int] = await run.step(_numbers, bench, key=f"numbers:{version}")
    tried: dict[int, float] = {}
    async with run.phase("topics", total=len(numbers) + 1, unit="trials") as phase:
        for number in numbers:
            await phase.progress(len(tried), message=f"Trying {number} topics")
            tried[number] = await run.step(_coherence, bench, number, key=f"topics:{number}:{version}")
        await phase.progress(len(tried), message="Sorting the text into topics")
        topics: Topics = await run.step(_sorted, bench, tried, key=f"topics:{version}")
        await phase.advance(message=f"{len(topics.topics)} topics")
    return topics


def _corpus(read: Sequence[SourceRead], side: Side) -> Corpus:
    documents = _documents(read, side)
    return Corpus(documents=len(documents), words=sum(one.words for one in documents))


def _begin(run: Plain, sources: int) -> None:
    _teach(run, teaching.of_beginning(sources))


def _keywords(run: Plain, bench: Bench, own: Corpus, competitors: Corpus | None) -> list[Keyword]:
    from examples.strategy.analysis.keywords import keywords

    _teach(run, teaching.of_reading(own, competitors))
    found = keywords(bench)
    _show(run, "keywords", [one.model_dump() for one in found])
    _teach(run, teaching.of_keywords(found))
    return found


def _numbers(bench: Bench) -> list[int]:
    from examples.strategy.analysis.topics import numbers_for

    return numbers_for(bench)


def _coherence(bench: Bench, number: int) -> float:
    from examples.strategy.analysis.topics import coherence

    return coherence(bench, number)


def _sorted(run: Plain, bench: Bench, tried: dict[int, float]) -> Topics:
    from examples.strategy.analysis.topics import topics

    found = topics(bench, tried)
    _show(run, "topics", found.model_dump(mode="json"))
    _teach(run, teaching.of_topics(found))
    return found


def _gaps(run: Plain, bench: Bench, topics: Topics) -> list[Gap]:
    from examples.strategy.analysis.gaps import gaps

    found = gaps(bench, topics.topics)
    _show(run, "gaps", [one.model_dump() for one in found])
    if bench.compared:
        _teach(run, teaching.of_gaps(found))
    return found


def _calendar(run: Plain, brief: Brief, keywords: list[Keyword], topics: Topics, gaps: list[Gap]) -> list[Piece]:
    from examples.strategy.analysis.calendar import calendar

    pieces = calendar(brief.start, brief.per_week, keywords, topics.topics, gaps)
    _show(run, "calendar", [one.model_dump(mode="json") for one in pieces])
    _teach(run, teaching.of_calendar(pieces))
    return pieces


def _show(run: Plain, what: str, data: Any) -> None:
    """Show what was found out, as soon as it was: `custom.found` in the snapshot."""
    run.custom("found", data, key=what)


def _teach(run: Plain, lesson: teaching.Lesson) -> None:
    run.note(lesson.body, kind="educational", title=lesson.title)
