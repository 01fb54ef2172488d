"""Conditional requests and what clients like to read."""

import pytest

from headway.gateways.answers import json_answer, matches, preferred

OFFERS = ("application/json", "application/x-ndjson", "text/event-stream")


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        (None, False),
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b" ,W/"a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
    ],
)
def test_tags_are_compared_weakly(if_none_match: str | None, expected: bool) -> None:
    """Each of a list, with or without ``W/``."""
    assert matches(if_none_match, '"a"') == expected
    assert matches(if_none_match, 'W/"a"') == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, 0),
        ("", 0),
        ("*/*", 0),
        ("application/x-ndjson", 1),
        ("application/*", 0),
        ("text/*", 2),
        ("text/event-stream, application/json;q=0.9", 2),
        ("application/json;q=0.1, application/x-ndjson;q=0.2", 1),
        ("application/json;q=0, */*", 1),
        ("text/plain", 0),
        ("application/x-ndjson;q=nonsense", 0),
        ("APPLICATION/X-NDJSON; charset=utf-8", 1),
        (";;;,,,", 0),
    ],
)
def test_the_best_that_is_offered(accept: str | None, expected: int) -> None:
    """The first when the client does not care, or wants what is not there."""
    assert preferred(accept, OFFERS) == OFFERS[expected]


def test_answers_are_not_stored_unless_told() -> None:
    """They belong to one user."""
    assert json_answer({"a": 1}).headers["cache-control"] == "no-store"
    answer = json_answer(b'{"a":1}', 201, {"Cache-Control": "private"})
    assert (answer.status_code, answer.body, answer.headers["cache-control"]) == (201, b'{"a":1}', "private")
