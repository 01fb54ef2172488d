"""What one can learn while one waits: notes beside the progress, each with figures of this very text."""

from __future__ import annotations

from typing import NamedTuple

from examples.strategy.models import Corpus, Gap, Keyword, Piece, Section, Topics


class Lesson(NamedTuple):
    """A note of kind ``educational``."""

    title: str
    body: str


def of_beginning(sources: int) -> Lesson:
    """What a strategy is made of."""
    return Lesson(
        "Three questions",
        "What are you known for, what are others found by and you are not, and what is to be written next? All three "
        f"are answered out of text, which is read first, from {sources} source{'' if sources == 1 else 's'}.",
    )


def of_reading(own: Corpus, competitors: Corpus | None) -> Lesson:
    """What is read, and why so much of a page is left out."""
    beside = (
        ""
        if competitors is None
        else f" Competitors bring {competitors.words:,} words in {competitors.documents} texts."
    )
    return Lesson(
        "Only prose counts",
        f"{own.words:,} words of yours were read, in {own.documents} texts.{beside} Menus, code and markup are left "
        "out: they repeat themselves on every page and would look like your most important words.",
    )


def of_keywords(keywords: list[Keyword]) -> Lesson:
    """What TF-IDF does."""
    first = keywords[0]
    return Lesson(
        "Why the most frequent word is not the best keyword",
        "TF-IDF weighs a term by how often it stands in a passage, and by how few passages have it at all. "
        f"“{first.term}” comes first here: {first.count} times, in {first.documents} of your texts.",
    )


def of_topics(topics: Topics) -> Lesson:
    """What topics are, and why there are so many."""
    tried = ", ".join(f"{number}: {value:.2f}" for number, value in topics.tried.items())
    return Lesson(
        "How many topics a text has",
        "Topics are words that stand in the same passages. How many there are nobody says, so several numbers are "
        f"tried, and the one whose words go together best is taken ({tried}). Here that is {len(topics.topics)}.",
    )


def of_gaps(gaps: list[Gap]) -> Lesson:
    """What a gap is, and what it is not."""
    terms = [gap for gap in gaps if gap.kind == "term"]
    if not terms:
        return Lesson("No gap is a result, too", "Competitors say nothing much more often than you do.")
    widest = terms[0]
    return Lesson(
        "A gap is a question, not an order",
        f"Competitors write “{widest.name}” {widest.theirs:g} times per 10,000 words, you {widest.ours:g}. Whether "
        "your readers miss it is for you to say: some gaps are what makes you different.",
    )


def of_calendar(pieces: list[Piece]) -> Lesson:
    """Why the topics come in turn."""
    return Lesson(
        "Topics in turn",
        f"{len(pieces)} pieces in twelve weeks, every topic before any comes again. Readers and search engines learn "
        "what you know about from many pieces that belong together, not from one that is long.",
    )


def of_section(section: Section) -> Lesson | None:
    """What goes with a section; None where nothing does."""
    return _OF_SECTIONS.get(section.key)


_OF_SECTIONS = {
    "section:pillars": Lesson(
        "One page that leads to all others",
        "A pillar page says in short what there is to say about a topic and links to the pieces about its parts. Each "
        "of those links back. Write it first, and let it grow with the calendar.",
    ),
    "section:measuring": Lesson(
        "Count what can change",
        "Twelve weeks are enough to see whether a topic has grown in your own text; they are short for search engines. "
        "Run the analysis again at the end, on the same sources, and compare the bars.",
    ),
}
