"""Which sections a strategy has, and what each is to say: facts in, text out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from examples.strategy.models import Brief, Corpus, Gap, Keyword, Piece, Topics


class Findings(NamedTuple):
    """All that was found out before the sections are written."""

    title: str
    own: Corpus
    competitors: Corpus | None
    keywords: list[Keyword]
    topics: Topics
    gaps: list[Gap]
    calendar: list[Piece]


class Plan(NamedTuple):
    """A section to be written.

    Attributes:
        key: Of its item and its output.
        about: For a language model: what to say.
    """

    key: str
    title: str
    about: str


_GAPS: Final = Plan(
    "section:gaps", "What competitors write and you do not", "the gaps, and which of them to close first"
)
_ALWAYS: Final = (
    Plan("section:standing", "Where you stand", "how much text there is and what it is about"),
    Plan("section:pillars", "Topics to be known for", "each topic, its terms and its share"),
    Plan("section:keywords", "Words to be found by", "the strongest keywords and how they are used"),
    Plan("section:weeks", "The first four weeks", "the pieces of weeks 1 to 4, and why each comes then"),
    Plan("section:measuring", "How to tell that it works", "what to measure after twelve weeks, with today's figures"),
)


def plans_of(brief: Brief) -> list[Plan]:
    """Return the sections of a strategy, in order."""
    plans = list(_ALWAYS)
    if brief.competitors:
        plans.insert(2, _GAPS)
    return plans


def facts(plan: Plan, findings: Findings) -> dict[str, Any]:
    """Return what there is to say in a section: figures and names, as JSON takes them."""
    chosen: dict[str, Any] = {
        "section:standing": lambda: {
            "own": findings.own.model_dump(),
            "competitors": None if findings.competitors is None else findings.competitors.model_dump(),
            "topics": [{"name": topic.name, "share": topic.ours} for topic in findings.topics.topics],
        },
        "section:pillars": lambda: [topic.model_dump(exclude={"id"}) for topic in findings.topics.topics],
        "section:gaps": lambda: [gap.model_dump(exclude={"topic"}) for gap in findings.gaps],
        "section:keywords": lambda: [keyword.model_dump(exclude={"score"}) for keyword in findings.keywords[:12]],
        "section:weeks": lambda: [
            piece.model_dump(mode="json", exclude={"topic"}) for piece in findings.calendar if piece.week <= 4
        ],
        "section:measuring": lambda: {
            "topics": [{"name": topic.name, "share": topic.ours} for topic in findings.topics.topics],
            "gaps": [gap.model_dump(exclude={"topic", "where"}) for gap in findings.gaps[:6]],
        },
    }
    return {"section": plan.title, "strategy": findings.title, "facts": chosen[plan.key]()}


# ------------------------------------------------------------------------------------------------ by templates


def sentences(plan: Plan, findings: Findings) -> Iterator[str]:
    """Yield the text of a section in pieces, as Markdown: what the figures say, and nothing they do not."""
    return _TEMPLATES[plan.key](findings)


def _standing(findings: Findings) -> Iterator[str]:
    own, theirs, topics = findings.own, findings.competitors, findings.topics.topics
    yield f"You have {own.words:,} words in {_count(own.documents, 'text')}. "
    if theirs is not None:
        yield f"Your competitors have {theirs.words:,} words in {_count(theirs.documents, 'text')}. "
    first = topics[0]
    yield f"Most of yours is about **{first.name}**: {first.ours:.0%} of your passages. "
    if len(topics) > 1:
        yield f"Then come {_listed([f'{topic.name} ({topic.ours:.0%})' for topic in topics[1:4]])}. "
    ahead = [topic for topic in topics if topic.theirs is not None and topic.ours > 2 * topic.theirs]
    if ahead:
        yield "\n\n"
        yield f"You say more than twice as much as they do about {_listed([topic.name for topic in ahead])}. "
        yield "That is yours to defend."


def _pillars(findings: Findings) -> Iterator[str]:
    yield f"The text falls into {_count(len(findings.topics.topics), 'topic')}.\n\n"
    for topic in findings.topics.topics:
        theirs = "" if topic.theirs is None else f", {topic.theirs:.0%} of theirs"
        yield f"- **{topic.name}**, {topic.ours:.0%} of your text{theirs}. Its words: {', '.join(topic.terms)}. "
        if topic.documents:
            yield f"You say most about it in {_listed(topic.documents)}."
        yield "\n"


def _gaps(findings: Findings) -> Iterator[str]:
    topics = [gap for gap in findings.gaps if gap.kind == "topic"]
    terms = [gap for gap in findings.gaps if gap.kind == "term"]
    if findings.competitors is None:
        yield "No text of competitors could be read, so there is nothing to compare with."
        return
    if not findings.gaps:
        yield "There is nothing competitors write about much more often than you do."
        return
    for gap in topics:
        yield f"- **{gap.name}** fills {gap.theirs:.0%} of their text and {gap.ours:.0%} of yours. "
        yield f"See {_listed(gap.where)}.\n" if gap.where else "\n"
    if terms:
        widest = [f"{gap.name} ({gap.theirs:g} to {gap.ours:g})" for gap in terms[:6]]
        yield f"\nThe widest gaps in words, per 10,000, theirs to yours: {_listed(widest)}. "
        yield "Close those your readers ask for; leave the others to them."


def _keywords(findings: Findings) -> Iterator[str]:
    for keyword in findings.keywords[:8]:
        yield f"- **{keyword.term}**: {keyword.count} times in {_count(keyword.documents, 'text')}"
        if keyword.theirs is not None:
            yield f"; per 10,000 words you write it {keyword.ours:g} times, they {keyword.theirs:g}"
        yield ".\n"
    only = [keyword.term for keyword in findings.keywords if keyword.theirs == 0.0]
    if only:
        yield f"\nOnly you write about {_listed(only[:6])}."


def _weeks(findings: Findings) -> Iterator[str]:
    for week in range(1, 5):
        for piece in findings.calendar:
            if piece.week == week:
                yield f"- **{piece.date.day} {piece.date:%B}: {piece.title}** ({piece.format}). {piece.why}.\n"


def _measuring(findings: Findings) -> Iterator[str]:
    last = findings.calendar[-1]
    yield f"After {last.date.day} {last.date:%B %Y}, run the analysis again on the same sources. Today's figures:\n\n"
    for topic in findings.topics.topics:
        yield f"- {topic.name}: {topic.ours:.1%} of your text\n"
    terms = [gap for gap in findings.gaps if gap.kind == "term"][:6]
    if terms:
        yield f"\nPer 10,000 words you write {_listed([f'{gap.name} {gap.ours:g} times' for gap in terms])}. "
        yield "A gap that was worth closing has a higher number then."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


_TEMPLATES: Final = {
    "section:standing": _standing,
    "section:pillars": _pillars,
    "section:gaps": _gaps,
    "section:keywords": _keywords,
    "section:weeks": _weeks,
    "section:measuring": _measuring,
}
