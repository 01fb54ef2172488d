"""What all analyses share: the passages of both sides and their weighted terms, made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer

from examples.strategy.analysis.words import Passage, Text, passages_of, usual_forms

PER: Final = 10_000
"""Words to which frequencies are related."""

SEEN_MIN: Final = 3
"""Passages a term has to stand in, where there are enough of them: what is said once is no subject."""


class Workbench:
    """Passages and terms of both sides. Everything is made when it is first asked for; use it in one thread at a time.

    Args:
        own: Our documents.
        theirs: The competitors'; may be empty.
        names: Of those who wrote them: no terms.
    """

    def __init__(self, own: Sequence[Text], theirs: Sequence[Text] = (), names: Iterable[str] = ()) -> None:
        self._texts = (list(own), list(theirs))
        self._names = frozenset(name.casefold() for name in names)

    @cached_property
    def _sides(self) -> tuple[list[Passage], list[Passage]]:
        own, theirs = self._texts
        forms = usual_forms([*own, *theirs])
        return passages_of(own, forms, self._names), passages_of(theirs, forms, self._names)

    @cached_property
    def passages(self) -> list[Passage]:
        """Of both sides, ours first."""
        return self._sides[0] + self._sides[1]

    @property
    def ours(self) -> int:
        """How many of the passages are ours."""
        return len(self._sides[0])

    @property
    def compared(self) -> bool:
        """There is something of competitors to compare with."""
        return len(self.passages) > self.ours

    @cached_property
    def _counted(self) -> tuple[Any, list[str]]:
        vectorizer = DictVectorizer(dtype=np.float64, sort=True)
        matrix = vectorizer.fit_transform([passage.terms for passage in self.passages])
        seen = np.asarray((matrix > 0).sum(axis=0)).ravel()
        least = min(SEEN_MIN, 1 + len(self.passages) // 20)
        names = vectorizer.get_feature_names_out()
        # a phrase that stands in one passage is no phrase, only words beside each other
        wanted = np.array([max(least, 2) if " " in name else least for name in names], dtype=np.int64)
        kept = np.flatnonzero(seen >= wanted)
        return matrix[:, kept].tocsr(), [str(names[place]) for place in kept]

    @property
    def terms(self) -> list[str]:
        """The terms, in alphabetical order."""
        return self._counted[1]

    @property
    def counts(self) -> Any:
        """How often each term stands in each passage."""
        return self._counted[0]

    @cached_property
    def weights(self) -> Any:
        """TF-IDF of each term in each passage, each row of length one."""
        return TfidfTransformer(sublinear_tf=True).fit_transform(self.counts)

    @cached_property
    def rates(self) -> tuple[Any, Any]:
        """Times per 10,000 words, of each term: ours, and theirs."""
        ours = self._rate(self.passages[: self.ours], self.counts[: self.ours])
        return ours, self._rate(self.passages[self.ours :], self.counts[self.ours :])

    def _rate(self, passages: Sequence[Passage], counts: Any) -> Any:
        words = sum(passage.words for passage in passages)
        return np.asarray(counts.sum(axis=0)).ravel() * (PER / words if words else 0.0)

    def documents_of(self, term: str, *, ours: bool, most: int) -> list[str]:
        """Return the documents of one side that say a term most often."""
        passages = self.passages[: self.ours] if ours else self.passages[self.ours :]
        found: Counter[str] = Counter()
        for passage in passages:
            if count := passage.terms.get(term, 0):
                found[passage.document] += count
        return [name for name, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]


def overlapping(term: str, others: Sequence[str]) -> bool:
    """Whether a term shares a word with one of the others."""
    words = set(term.split())
    return any(words & set(other.split()) for other in others)
