"""Twelve weeks: from the stated Monday, so many pieces a week, the topics in turn."""

import datetime as dt
from collections import Counter

import pytest

from examples.strategy.analysis.calendar import calendar
from examples.strategy.models import Gap, Keyword, Piece, Topic
from tests.examples.strategy.making import MONDAY

TOPICS = [
    Topic(id="topic:1", name="bread & oven", terms=["bread", "oven", "crust"], ours=0.7, theirs=0.2),
    Topic(id="topic:2", name="coffee & grinder", terms=["coffee", "grinder"], ours=0.2, theirs=0.3),
    Topic(id="topic:3", name="cheese & cellar", terms=["cheese", "cellar", "bread"], ours=0.1, theirs=0.5),
]
KEYWORDS = [Keyword(term="sourdough bread", score=9, count=12, documents=3, ours=40, theirs=2)]
GAPS = [Gap(kind="term", name="goat cheese", topic="topic:3", ours=0, theirs=30, where=["theirs/cheese"])]


def planned(per_week: int = 2, start: dt.date = MONDAY) -> list[Piece]:
    """A calendar."""
    return calendar(start, per_week, KEYWORDS, TOPICS, GAPS)


@pytest.mark.parametrize(("per_week", "days"), [(1, {1}), (2, {1, 3}), (3, {0, 2, 4})])
def test_every_week_has_its_pieces_on_its_days(per_week: int, days: set[int]) -> None:
    """Twelve weeks, in order, from the Monday on."""
    pieces = planned(per_week)
    assert Counter(piece.week for piece in pieces) == dict.fromkeys(range(1, 13), per_week)
    assert {piece.date.weekday() for piece in pieces} == days
    assert [piece.date for piece in pieces] == sorted({piece.date for piece in pieces})
    assert all((piece.date - MONDAY).days // 7 == piece.week - 1 for piece in pieces)


def test_topics_are_balanced() -> None:
    """None has two pieces more than another."""
    counts = Counter(piece.topic for piece in planned(3)).values()
    assert max(counts) - min(counts) <= 1
    assert len(counts) == len(TOPICS)


def test_the_widest_gap_comes_first() -> None:
    """With the figures that speak for it."""
    first = planned()[0]
    assert (first.topic, first.keyword) == ("topic:3", "goat cheese")
    assert first.why == "Competitors write it 30 times per 10,000 words, you 0"


def test_no_piece_comes_twice() -> None:
    """A term comes again only in another format."""
    pieces = planned(3)
    assert len({(piece.keyword, piece.format) for piece in pieces}) == len(pieces)
    assert len({piece.title for piece in pieces}) == len(pieces)


def test_the_same_input_gives_the_same_calendar() -> None:
    """And another Monday moves the dates only."""
    assert planned() == planned()
    later = planned(start=MONDAY + dt.timedelta(days=7))
    assert [piece.title for piece in later] == [piece.title for piece in planned()]
    assert later[0].date - planned()[0].date == dt.timedelta(days=7)


def test_a_topic_whose_terms_are_all_taken_has_pieces_too() -> None:
    """By its name."""
    twin = Topic(id="topic:4", name="bread & bread", terms=["bread"], ours=0.1)
    pieces = calendar(MONDAY, 1, [], [*TOPICS, twin], [])
    assert {piece.keyword for piece in pieces if piece.topic == "topic:4"} == {"bread & bread"}
