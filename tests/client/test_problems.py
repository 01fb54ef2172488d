"""Answers that are no success, as the errors they stand for."""

import httpx
import pytest

from headway.client.problems import is_ours, problem, retry_after_s, unreachable, words
from headway.errors import (
    Conflict,
    Fenced,
    Forbidden,
    HeadwayError,
    LimitExceeded,
    NotFound,
    RequestError,
    RunNotFound,
    StoreUnavailable,
    TooLarge,
    Unauthenticated,
)


def answer(status: int, json: object = None, headers: dict[str, str] | None = None, text: str = "") -> httpx.Response:
    """An answer to a request with a token in its query."""
    request = httpx.Request("GET", "http://host/v1/runs/run_1?token=secret")
    return httpx.Response(status, json=json, text=None if json is not None else text, headers=headers, request=request)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "forbidden", Forbidden),
        (404, "run_not_found", RunNotFound),
        (409, "conflict", Conflict),
        (409, "execution_superseded", Fenced),
        (429, "too_many_connections", LimitExceeded),
        (503, "store_unavailable", StoreUnavailable),
    ],
)
def test_a_code_gives_its_exact_class(status, code, kind):
    """With its text, its hint and whatever else it says."""
    error = problem(answer(status, {"code": code, "detail": "so it is", "hint": "mend it", "current": "failed"}))
    assert type(error) is kind
    assert (error.code, error.detail, error.hint, error.extra) == (code, "so it is", "mend it", {"current": "failed"})
    assert is_ours(error)


def test_a_code_of_the_future_is_judged_by_its_status():
    """Ours all the same; what it is called is kept."""
    error = problem(answer(422, {"code": "too_clever", "title": "Too clever", "detail": None}))
    assert type(error) is RequestError
    assert not error.retryable
    assert (error.detail, error.extra) == ("Too clever", {"code": "too_clever"})
    assert problem(answer(503, {"code": "tired"})).retryable


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, RequestError, False),
        (401, Unauthenticated, False),
        (403, Forbidden, False),
        (404, NotFound, False),
        (413, TooLarge, False),
        (418, RequestError, False),
        (302, RequestError, False),
        (429, StoreUnavailable, True),
        (500, HeadwayError, True),
        (502, StoreUnavailable, True),
        (503, StoreUnavailable, True),
        (504, StoreUnavailable, True),
    ],
)
@pytest.mark.parametrize("body", ["", "<h1>nginx</h1>", '{"detail":"Not Found"}', "[1]", '{"code":7}'])
def test_a_foreign_answer_is_judged_by_its_status(status, kind, retryable, body):
    """It names the address, never the query: that may hold a token."""
    error = problem(answer(status, text=body))
    assert type(error) is kind
    assert error.retryable is retryable
    assert error.detail.startswith(f"http://host/v1/runs/run_1 answered {status}")
    assert "secret" not in str(error)
    assert not is_ours(error)


def test_a_foreign_answer_hints_at_what_is_wrong():
    """The usual mistakes: a prefix that is missing, http for https."""
    assert "prefix" in (problem(answer(404)).hint or "")
    assert "headway watch http://host" in (problem(answer(404)).hint or ""), "an application with routes of its own"
    moved = problem(answer(308, headers={"Location": "https://host/v1/runs/run_1"}))
    assert moved.hint == "it points to https://host/v1/runs/run_1; use that address"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 0), ("", 0), ("-3", 0), ("1.5", 0), ("٣", 0), ("9" * 400, 300), ("next week", 0)],
)
def test_retry_after(text, seconds):
    """Whole seconds, as the standard says; nothing longer than five minutes."""
    request = httpx.Request("GET", "http://host/")
    assert retry_after_s(httpx.Response(503, headers={"Retry-After": text.encode()}, request=request)) == seconds


def test_broken_connections_in_words():
    """Whoever reads them need not know what a socket is."""
    assert words(httpx.ConnectError("[Errno 111]")) == "the server cannot be reached"
    assert words(httpx.ReadTimeout("")) == words(TimeoutError()) == "the server does not answer"
    assert words(httpx.ReadError("")) == "the connection was cut"
    error = unreachable("http://host", httpx.ConnectError("refused"))
    assert str(error) == "http://host: the server cannot be reached (is it running there?)"
    assert error.retryable
