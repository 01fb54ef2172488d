"""The calendar: twelve weeks of pieces, the topics in turn, gaps before what we are strong in already.

The same analysis and the same Monday give the same calendar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from examples.strategy.analysis.gaps import topic_of
from examples.strategy.models import WEEKS, Gap, Keyword, Piece, Topic

DAYS: Final = {1: (1,), 2: (1, 3), 3: (0, 2, 4)}
"""Days of the week on which pieces come, by how many there are: Tuesday; Tuesday and Thursday; every other day."""

FORMATS: Final = {
    "guide": "{}: a guide",
    "explainer": "{}, explained",
    "step by step": "{} step by step",
    "questions": "{}: questions and answers",
    "checklist": "{}: a checklist",
    "in practice": "{} in practice",
    "comparison": "{}: the ways to do it, compared",
}
_OF_GAP: Final = ("guide", "explainer", "comparison", "questions", "step by step", "checklist", "in practice")
_OF_OURS: Final = ("in practice", "step by step", "checklist", "questions", "explainer", "guide", "comparison")


@dataclass(frozen=True, slots=True)
class _Idea:
    term: str
    gap: bool
    why: str


def calendar(
    start: dt.date, per_week: int, keywords: Sequence[Keyword], topics: Sequence[Topic], gaps: Sequence[Gap]
) -> list[Piece]:
    """Return the pieces of twelve weeks, in order.

    Args:
        start: Monday of the first week.
        per_week: Pieces a week, 1 to 3.
        keywords: Ours.
        topics: Of both sides.
        gaps: What competitors have and we do not.
    """
    turns = _in_turn(topics, _ideas(keywords, topics, gaps))
    pieces = []
    for week in range(1, WEEKS + 1):
        for day in DAYS[per_week]:
            topic, idea, format = next(turns)
            pieces.append(
                Piece(
                    week=week,
                    date=start + dt.timedelta(days=7 * (week - 1) + day),
                    title=titled(FORMATS[format], idea.term),
                    keyword=idea.term,
                    topic=topic,
                    format=format,
                    why=idea.why,
                )
            )
    return pieces


def titled(form: str, term: str) -> str:
    """Return a title."""
    return form.format(term[:1].upper() + term[1:])


def _ideas(keywords: Sequence[Keyword], topics: Sequence[Topic], gaps: Sequence[Gap]) -> dict[str, list[_Idea]]:
    """Return the ideas of each topic, the best first: its gaps, our keywords in it, its own terms."""
    ideas: dict[str, list[_Idea]] = {topic.id: [] for topic in topics}
    taken: set[str] = set()

    def add(topic: str, term: str, why: str, *, gap: bool = False) -> None:
        if term not in taken:
            taken.add(term)
            ideas[topic].append(_Idea(term, gap, why))

    for gap in gaps:
        if gap.kind == "term":
            rates = f"Competitors write it {gap.theirs:g} times per 10,000 words, you {gap.ours:g}"
            add(gap.topic, gap.name, rates, gap=True)
    for keyword in keywords:
        often = f"One of your strongest terms: {keyword.count} times in {keyword.documents} of your texts"
        add(topic_of(keyword.term, list(topics)), keyword.term, often)
    for topic in topics:
        for term in topic.terms:
            add(topic.id, term, _share(topic), gap=topic.theirs is not None and topic.theirs > topic.ours)
    for topic in topics:
        if not ideas[topic.id]:  # all its terms were taken by others
            ideas[topic.id].append(_Idea(topic.name, gap=False, why=_share(topic)))
    return ideas


def _share(topic: Topic) -> str:
    theirs = "" if topic.theirs is None else f", {topic.theirs:.0%} of theirs"
    return f"Part of “{topic.name}”: {topic.ours:.0%} of your text{theirs}"


def _in_turn(topics: Sequence[Topic], ideas: dict[str, list[_Idea]]) -> Iterator[tuple[str, _Idea, str]]:
    """Yield ideas without end, one of each topic in turn; the topic we are furthest behind in is first."""
    order = sorted(topics, key=lambda topic: (topic.ours - (topic.theirs or 0.0), topic.id))
    streams = {topic.id: _formatted(ideas[topic.id], place) for place, topic in enumerate(order)}
    for topic in cycle(order):
        idea, format = next(streams[topic.id])
        yield topic.id, idea, format


def _formatted(ideas: list[_Idea], first: int) -> Iterator[tuple[_Idea, str]]:
    """Yield each idea with a format; when all have had their turn, again with another one."""
    round = 0
    while True:
        for place, idea in enumerate(ideas):
            formats = _OF_GAP if idea.gap else _OF_OURS
            yield idea, formats[(first + place + round) % len(formats)]
        round += 1
