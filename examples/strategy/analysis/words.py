"""From texts to terms: passages, words in their usual form, and phrases that do not reach over a stop word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

PHRASE_WORDS: Final = 3
PASSAGE_WORDS: Final = 80
"""A passage is closed when it has as many; a topic shows in a passage, not in a chapter."""

PASSAGE_MIN: Final = 15

_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:[-'\u2019][^\W\d_]{2,})*")
_BREAK: Final = re.compile(r"[.,;:!?()\[\]{}<>\"“”=/|]+|\n\s*\n|\s[-\u2013\u2014]\s")
_OF_NO_SUBJECT: Final = frozenset((Path(__file__).with_name("stop-words.txt")).read_text(encoding="utf-8").split())
"""Words of explaining, which every manual has; what a text is about stands beside them."""

STOP: Final = ENGLISH_STOP_WORDS | _OF_NO_SUBJECT


@dataclass(frozen=True, slots=True)
class Text:
    """A document as it is analysed."""

    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document.

    Attributes:
        document: Name of the document.
        words: Of the passage, all of them counted.
        terms: Its words and phrases, each as often as it stands there.
    """

    document: str
    words: int
    terms: Mapping[str, int]


def passages_of(texts: Sequence[Text], forms: Mapping[str, str], names: Container[str] = ()) -> list[Passage]:
    """Cut documents into passages."""
    return [
        Passage(text.name, len(_WORD.findall(piece)), Counter(terms_of(piece, forms, names)))
        for text in texts
        for piece in _pieces(text.body)
    ]


def _pieces(body: str) -> Iterator[str]:
    held: list[str] = []
    words = 0
    for paragraph in body.split("\n\n"):
        held.append(paragraph)
        words += len(_WORD.findall(paragraph))
        if words >= PASSAGE_WORDS:
            yield "\n\n".join(held)
            held, words = [], 0
    if words >= PASSAGE_MIN:
        yield "\n\n".join(held)


def usual_forms(texts: Sequence[Text]) -> dict[str, str]:
    """Return, for words that occur in the singular and the plural, the form that is written more often."""
    counts = Counter(word for text in texts for word in _lowered(text.body))
    forms: dict[str, str] = {}
    for word in sorted(counts):
        plural = next((form for form in _plurals(word) if form in counts), None)
        if plural is not None and len(word) > 2:
            usual = word if counts[word] >= counts[plural] else plural
            forms[word] = forms[plural] = usual
    return forms


def _plurals(word: str) -> tuple[str, ...]:
    if word.endswith("y"):
        return (word[:-1] + "ies",)
    return (word + "es",) if word.endswith(("s", "x", "ch", "sh")) else (word + "s",)


def _lowered(text: str) -> list[str]:
    return [word.casefold().replace("\u2019", "'").partition("'")[0] for word in _WORD.findall(text)]


def terms_of(text: str, forms: Mapping[str, str], names: Container[str] = ()) -> Iterator[str]:
    """Yield words, and phrases of up to three words: none reaches over a stop word or a full stop.

    Args:
        text: What they stand in.
        forms: Usual form of words.
        names: Of whoever wrote the text; by these of course it differs from others.
    """
    for clause in _BREAK.split(text):
        row: list[str] = []
        for word in [*_lowered(clause), ""]:
            if word not in STOP and word not in names and len(word) > 2:
                row.append(forms.get(word, word))
                continue
            for place in range(len(row)):
                for end in range(place + 1, min(place + PHRASE_WORDS, len(row)) + 1):
                    yield " ".join(row[place:end])
            row = []
