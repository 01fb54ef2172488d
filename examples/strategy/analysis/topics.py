"""Topics: the passages of both sides, factorised (NMF). How many there are is what their terms' coherence says.

Coherence is NPMI: whether the terms of a topic stand in the same passages more often than by chance. Everything is
deterministic: where NMF needs random numbers, they have a seed.
"""

from __future__ import annotations

import warnings
from typing import Any, Final

import numpy as np
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from examples.strategy.analysis.workbench import Workbench, overlapping
from examples.strategy.models import Topic, Topics

COUNTS: Final = (5, 6, 7, 8, 9)
"""Numbers of topics that are tried."""

TERMS: Final = 8
DOCUMENTS: Final = 3

_DIGITS: Final = 4


def numbers_for(bench: Workbench) -> list[int]:
    """Return which numbers of topics are worth a try: of few passages, few topics."""
    most = max(2, len(bench.passages) // 4)
    return [number for number in COUNTS if number <= most] or [most]


def coherence(bench: Workbench, number: int) -> float:
    """Return how well the terms of so many topics go together."""
    _, words = _factorised(bench, number)
    seen = (bench.counts > 0).astype(np.float64)
    return round(float(np.mean([_npmi(seen, _top(bench, row)) for row in words])), _DIGITS)


def topics(bench: Workbench, tried: dict[int, float]) -> Topics:
    """Return the topics.

    Args:
        bench: The passages.
        tried: Coherence of the numbers that were tried; of equal ones the smaller number is taken.
    """
    number = min(tried, key=lambda one: (-tried[one], one))
    shares, words = _factorised(bench, number)
    ours = _shares(shares[: bench.ours])
    theirs = _shares(shares[bench.ours :]) if bench.compared else None
    order = sorted(range(len(words)), key=lambda at: (-ours[at], at))
    found = [
        Topic(
            id=f"topic:{place}",
            name=_name(top := [bench.terms[term] for term in _top(bench, words[at])]),
            terms=top,
            ours=round(float(ours[at]), _DIGITS),
            theirs=None if theirs is None else round(float(theirs[at]), _DIGITS),
            documents=_documents(bench, shares[: bench.ours, at]),
        )
        for place, at in enumerate(order, 1)
    ]
    return Topics(topics=found, coherence=tried[number], tried=tried)


def _factorised(bench: Workbench, number: int) -> tuple[Any, Any]:
    rows, columns = bench.weights.shape
    number = max(1, min(number, rows, columns))
    model = NMF(n_components=number, init="nndsvda", max_iter=400, random_state=0)
    # what is left of a few passages is 0 within the errors of arithmetic, and its root is asked for
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # as good as it gets in 400 rounds is good enough
        shares = model.fit_transform(bench.weights)
    return shares, model.components_


def _top(bench: Workbench, row: Any) -> list[int]:
    """Return the most telling terms of a topic; of a phrase and its words the first."""
    chosen: list[int] = []
    for place in sorted(range(len(row)), key=lambda at: (-row[at], at)):
        if row[place] <= 0 or len(chosen) == TERMS:
            break
        words = set(bench.terms[place].split())
        if not any(words <= (set(bench.terms[other].split())) for other in chosen):
            chosen.append(place)
    return chosen


def _npmi(seen: Any, terms: list[int]) -> float:
    """Return the mean normalised pointwise mutual information of each pair of terms."""
    columns = seen[:, terms]
    total = columns.shape[0]
    together = np.asarray((columns.T @ columns).todense()) / total
    alone = np.diag(together)
    values = []
    for one in range(len(terms)):
        for other in range(one + 1, len(terms)):
            both = together[one, other]
            chance = alone[one] * alone[other]
            values.append(-1.0 if both == 0 else float(np.log(both / chance) / max(-np.log(both), 1e-9)))
    return float(np.mean(values)) if values else -1.0


def _shares(rows: Any) -> Any:
    """Return the share of each topic in passages: each passage counts as one, divided among its topics."""
    sums = rows.sum(axis=1, keepdims=True)
    parts = np.divide(rows, sums, out=np.zeros_like(rows), where=sums > 0)
    total = parts.sum()
    return parts.sum(axis=0) / total if total else np.full(rows.shape[1], 1 / rows.shape[1])


def _name(terms: list[str]) -> str:
    chosen: list[str] = []
    for term in terms:
        if not overlapping(term, chosen):
            chosen.append(term)
    return " & ".join(chosen[:2])


def _documents(bench: Workbench, column: Any) -> list[str]:
    said: dict[str, float] = {}
    for passage, share in zip(bench.passages[: bench.ours], column, strict=True):
        said[passage.document] = said.get(passage.document, 0.0) + float(share)
    ranked = sorted(said.items(), key=lambda pair: (-round(pair[1], 9), pair[0]))
    return [name for name, share in ranked[:DOCUMENTS] if share > 0]
