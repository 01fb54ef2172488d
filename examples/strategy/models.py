"""What a strategy is asked for with, and what comes of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

WEEKS = 12
SOURCES_MAX = 80
TITLE_MAX = 120

Side = Literal["own", "competitors"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(_Frozen):
    """A text in the library.

    Attributes:
        id: Of its content: the same text has the same id.
        name: For people: a file's name, a page's title.
        words: In it.
    """

    id: Annotated[str, Field(pattern=r"^txt_[0-9a-f]{24}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    words: Annotated[int, Field(ge=0)]


class Sources(_Frozen):
    """Where one side's text comes from.

    Attributes:
        sites: Addresses of sites; the pages they link to are read, too.
        documents: Texts of the library: uploaded, pasted, or of the sample.
    """

    sites: Annotated[list[Annotated[str, Field(max_length=2_000)]], Field(max_length=5)] = []
    documents: Annotated[list[Document], Field(max_length=SOURCES_MAX)] = []

    def __bool__(self) -> bool:
        return bool(self.sites or self.documents)


class Brief(_Frozen):
    """What a strategy is asked for with.

    Attributes:
        title: Of the strategy.
        own: Our text.
        competitors: Theirs, for the gap analysis; empty: there is none.
        start: Monday of the first week.
        per_week: Pieces a week.
    """

    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX)]
    own: Sources
    competitors: Sources = Sources()
    start: dt.date
    per_week: Annotated[int, Field(ge=1, le=3)] = 2

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if not self.own:
            raise ValueError("there is no text to begin with: name a site, paste a text or upload a document")
        if self.start.weekday() != 0:
            raise ValueError(f"{self.start} is a {self.start:%A}; the first week begins on a Monday")
        for side in (self.own, self.competitors):
            ids = [document.id for document in side.documents]
            if len(set(ids)) < len(ids) or len(set(side.sites)) < len(side.sites):
                raise ValueError("the same text, or the same site, is named twice")
        return self


# ------------------------------------------------------------------------------------------------ what is found out


class Keyword(BaseModel):
    """A word or phrase that matters in our text.

    Attributes:
        term: One to three words.
        score: Sum of its TF-IDF weights over our passages.
        count: How often we write it.
        documents: In how many of our documents.
        ours, theirs: Times per 10,000 words; `theirs` is None without competitors.
    """

    term: str
    score: float
    count: int
    documents: int
    ours: float
    theirs: float | None = None


class Topic(BaseModel):
    """Words that go together, found by factorising all passages.

    Attributes:
        id: ``topic:1`` and so on, the one with most of our text first.
        name: Its two most telling terms.
        terms: The most telling terms.
        ours, theirs: Share of the passages that are about it, 0 to 1; `theirs` is None without competitors.
        documents: Of ours that say most about it.
    """

    id: str
    name: str
    terms: list[str]
    ours: float
    theirs: float | None = None
    documents: list[str] = []


class Topics(BaseModel):
    """The topics, and why there are so many.

    Attributes:
        coherence: Mean NPMI of their terms, -1 to 1.
        tried: Coherence of each number of topics that was tried.
    """

    topics: list[Topic]
    coherence: float
    tried: dict[int, float]


class Gap(BaseModel):
    """What competitors write about and we do not.

    Attributes:
        kind: A whole topic, or a term.
        name: Of the topic, or the term.
        topic: Id of the topic it belongs to.
        ours, theirs: Of a topic, share of the passages (0 to 1); of a term, times per 10,000 words.
        where: Documents of theirs that say most about it.
    """

    kind: Literal["topic", "term"]
    name: str
    topic: str
    ours: float
    theirs: float
    where: list[str]


class Piece(BaseModel):
    """A piece of the calendar.

    Attributes:
        week: 1 to 12.
        date: When it is published.
        keyword: What it is found by.
        topic: Id of its topic.
        format: What it is.
        why: The figures that speak for it.
    """

    week: int
    date: dt.date
    title: str
    keyword: str
    topic: str
    format: str
    why: str


class Section(BaseModel):
    """A written section.

    Attributes:
        key: Of its item and its output.
        text: Markdown.
        by: Who wrote it: the name of the language model, or ``templates``.
    """

    key: str
    title: str
    text: str
    by: str


class Corpus(BaseModel):
    """What was read of one side."""

    documents: int = 0
    words: int = 0


class Strategy(BaseModel):
    """The finished strategy: the result of the run.

    Attributes:
        missing: Keys of sources that could not be read and of sections that could not be written.
    """

    title: str
    own: Corpus
    competitors: Corpus | None
    keywords: list[Keyword]
    topics: Topics
    gaps: list[Gap]
    calendar: list[Piece]
    sections: list[Section]
    missing: list[str]


def site_name(url: str) -> str:
    """Return what people call a site: its host."""
    return (urlsplit(url).hostname or url)[:200]
