"""Gaps: topics and terms that competitors write about, and we hardly do."""

from __future__ import annotations

from typing import Final

import numpy as np

from examples.strategy.analysis.workbench import Workbench, overlapping
from examples.strategy.models import Gap, Topic

TERMS: Final = 14
DOCUMENTS: Final = 3
LEAD: Final = 3.0
"""So many times as often as we do competitors say a term before it is a gap."""

RATE_MIN: Final = 3.0
"""Times per 10,000 words a term is said at least: what they say by the way is no gap."""

TOPIC_LEAD: Final = 0.03
"""Share of their passages by which a topic has to be ahead."""


def gaps(bench: Workbench, topics: list[Topic]) -> list[Gap]:
    """Return the gaps: topics first, then terms, the widest first. Empty without competitors."""
    if not bench.compared:
        return []
    return _topics(bench, topics) + _terms(bench, topics)


def _topics(bench: Workbench, topics: list[Topic]) -> list[Gap]:
    behind = [topic for topic in topics if topic.theirs is not None and topic.theirs - topic.ours >= TOPIC_LEAD]
    behind.sort(key=lambda topic: (topic.ours - (topic.theirs or 0.0), topic.id))
    return [
        Gap(
            kind="topic",
            name=topic.name,
            topic=topic.id,
            ours=topic.ours,
            theirs=topic.theirs or 0.0,
            where=bench.documents_of(topic.terms[0], ours=False, most=DOCUMENTS),
        )
        for topic in behind
    ]


def _terms(bench: Workbench, topics: list[Topic]) -> list[Gap]:
    ours, theirs = bench.rates
    spread = _documents(bench)
    lead = np.where((theirs >= RATE_MIN) & (theirs >= LEAD * ours) & (spread > 1), theirs - ours, 0.0)
    chosen: list[int] = []
    for place in sorted(range(len(lead)), key=lambda at: (-lead[at], at)):
        if lead[place] <= 0 or len(chosen) == TERMS:
            break
        if not overlapping(bench.terms[place], [bench.terms[other] for other in chosen]):
            chosen.append(place)
    return [
        Gap(
            kind="term",
            name=bench.terms[place],
            topic=topic_of(bench.terms[place], topics),
            ours=round(float(ours[place]), 1),
            theirs=round(float(theirs[place]), 1),
            where=bench.documents_of(bench.terms[place], ours=False, most=DOCUMENTS),
        )
        for place in chosen
    ]


def _documents(bench: Workbench) -> np.ndarray:
    """Return in how many documents of theirs each term stands; where there is one document only, that counts twice."""
    names = [passage.document for passage in bench.passages[bench.ours :]]
    rows = bench.counts[bench.ours :]
    seen = np.zeros(rows.shape[1])
    for name in dict.fromkeys(names):
        places = [place for place, other in enumerate(names) if other == name]
        seen += np.asarray(rows[places].sum(axis=0) > 0).ravel()
    return seen if len(set(names)) > 1 else seen * 2


def topic_of(term: str, topics: list[Topic]) -> str:
    """Return the topic a term belongs to: the one that has it or most of its words highest; else the first."""
    words = set(term.split())

    def rank(topic: Topic) -> float:
        return max(
            (len(words & set(other.split())) / len(words) / (2 + place) for place, other in enumerate(topic.terms)),
            default=0.0,
        )

    return max(topics, key=lambda topic: (rank(topic), -topics.index(topic))).id
