"""Keywords: the terms our passages weigh most, by TF-IDF; of a phrase and its words only one is kept."""

from __future__ import annotations

from typing import Final

import numpy as np

from examples.strategy.analysis.workbench import Workbench
from examples.strategy.errors import TextTooShort
from examples.strategy.models import Keyword

KEYWORDS: Final = 30
PHRASE_BONUS: Final = 1.5
"""For each further word of a term: a phrase says more about a text than its words do alone."""

_MORE: Final = "give it more text"

MOSTLY: Final = 0.6
"""Share of a word's occurrences inside a phrase from which on the phrase stands for it."""


def keywords(bench: Workbench, most: int = KEYWORDS) -> list[Keyword]:
    """Return our keywords, the most telling first.

    Raises:
        TextTooShort: No word is said often enough.
    """
    if not bench.terms:
        raise TextTooShort("there are no words of a subject in the text", hint=_MORE)
    ours = bench.weights[: bench.ours]
    counts = np.asarray(bench.counts[: bench.ours].sum(axis=0)).ravel()
    scores = np.asarray(ours.sum(axis=0)).ravel()
    scores = scores * np.array([1 + PHRASE_BONUS * term.count(" ") for term in bench.terms])
    ranked = sorted((place for place in range(len(bench.terms)) if counts[place] > 0), key=lambda at: (-scores[at], at))
    chosen = _without_repetition([(bench.terms[place], float(counts[place]), place) for place in ranked], most)
    if not chosen:
        raise TextTooShort("no word is said often enough to be a keyword", hint=_MORE)
    theirs = bench.rates[1] if bench.compared else None
    return [
        Keyword(
            term=bench.terms[place],
            score=round(float(scores[place]), 4),
            count=round(counts[place]),
            documents=len(bench.documents_of(bench.terms[place], ours=True, most=1_000)),
            ours=round(float(bench.rates[0][place]), 1),
            theirs=None if theirs is None else round(float(theirs[place]), 1),
        )
        for place in chosen
    ]


def _without_repetition(ranked: list[tuple[str, float, int]], most: int) -> list[int]:
    """Leave out a word that stands mostly in a phrase that is chosen, and a phrase whose words are chosen already."""
    chosen: list[tuple[str, float, int]] = []
    for term, count, place in ranked:
        words = set(term.split())
        if any(_says_the_same(words, count, set(other.split()), share) for other, share, _ in chosen):
            continue
        chosen.append((term, count, place))
        if len(chosen) == most:
            break
    return [place for _, _, place in chosen]


def _says_the_same(words: set[str], count: float, others: set[str], their_count: float) -> bool:
    if words < others:  # a word of a phrase
        return their_count >= MOSTLY * count
    if others < words:  # a phrase with a word that is there
        return count >= MOSTLY * their_count or len(others) > 1
    return words == others
