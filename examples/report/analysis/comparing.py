"""Comparing companies by their words (TF-IDF, cosine similarity) and by their features. Plain functions, CPU-bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from examples.report.models import PRODUCT, Company, Comparison, FeatureRow

TERMS: Final = 6
_WORD: Final = r"(?u)\b[^\W\d]\w{2,}\b"
SAME_FEATURE: Final = 0.55
"""Cosine of two names from which on they mean the same feature ("HTTP uptime checks", "Uptime checks by HTTP")."""


def compare(companies: Sequence[Company]) -> Comparison:
    """Compare all companies with the product, which is one of them."""
    return Comparison(similarity=_similarity(companies), terms=_terms(companies), features=_features(companies))


def _weights(companies: Sequence[Company]) -> tuple[Any, Sequence[str]] | None:
    """Return a row of weighted words per company, and the words; None where nobody says anything."""
    vectorizer = TfidfVectorizer(stop_words="english", ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD)
    try:
        weights = vectorizer.fit_transform([_said(company) for company in companies])
    except ValueError:  # an empty vocabulary
        return None
    return weights, vectorizer.get_feature_names_out()


def _said(company: Company) -> str:
    """Return a company's text without its name, by which of course it differs from all others."""
    return company.text.casefold().replace(company.site.name.casefold(), " ")


def _similarity(companies: Sequence[Company]) -> dict[str, float]:
    weighted = _weights(companies)
    own = next((place for place, company in enumerate(companies) if company.site.key == PRODUCT), None)
    if weighted is None or own is None:
        return {}
    row = cosine_similarity(weighted[0][own], weighted[0])[0]
    return {
        company.site.key: round(float(value), 4)
        for company, value in zip(companies, row, strict=True)
        if company.site.key != PRODUCT
    }


def _terms(companies: Sequence[Company]) -> dict[str, list[str]]:
    """Return the words each company uses more than the others do, the most telling first."""
    weighted = _weights(companies)
    if weighted is None:
        return {company.site.key: [] for company in companies}
    weights, words = weighted[0].toarray(), weighted[1]
    total = weights.sum(axis=0)
    others = max(len(companies) - 1, 1)
    return {
        company.site.key: _telling(weights[place] - (total - weights[place]) / others, words)
        for place, company in enumerate(companies)
    }


def _telling(lead: Any, words: Sequence[str]) -> list[str]:
    chosen: list[str] = []
    for place in np.argsort(-lead, kind="stable"):
        term = str(words[place])
        if lead[place] <= 0 or len(chosen) == TERMS:
            break
        if not any(set(term.split()) & set(other.split()) for other in chosen):
            chosen.append(term)
    return chosen


def _features(companies: Sequence[Company]) -> list[FeatureRow]:
    """Return the features, those that are called alike in one row; the product's own first, then the most common."""
    named = [(company.site.key, feature) for company in companies for feature in company.features]
    if not named:
        return []
    likeness = _likeness([feature for _, feature in named])
    rows: list[list[int]] = []
    for place, (key, _) in enumerate(named):
        fitting = [
            row
            for row in rows
            if likeness[place, row[0]] >= SAME_FEATURE and key not in {named[other][0] for other in row}
        ]
        best = max(fitting, key=lambda row: float(likeness[place, row[0]]), default=None)
        if best is None:
            rows.append([place])
        else:
            best.append(place)
    table = [
        FeatureRow(name=named[row[0]][1], offered={named[place][0]: named[place][1] for place in row}) for row in rows
    ]
    return sorted(table, key=lambda row: (PRODUCT not in row.offered, -len(row.offered)))


def _likeness(names: Sequence[str]) -> Any:
    """By pieces of words, so that "alert" and "alerts" are alike."""
    try:
        return cosine_similarity(TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit_transform(names))
    except ValueError:
        return np.eye(len(names))
