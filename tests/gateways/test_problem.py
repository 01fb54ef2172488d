"""Errors as answers."""

import orjson
import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from headway.errors import Conflict, HeadwayError, Overloaded, StoreFull
from headway.gateways.problem import as_headway, problem


def test_the_body_has_all_members_of_the_standard_and_ours() -> None:
    """And what the error adds; what it adds cannot hide a member."""
    answer = problem(Conflict("it ended", hint="look first", current="failed", status="x", code="y"), "req-1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = orjson.loads(answer.body)
    assert next(iter(body)) == "type"
    assert body == {
        "type": "urn:headway:problem:conflict",
        "title": "The run's status does not allow this",
        "status": 409,
        "detail": "it ended",
        "code": "conflict",
        "retryable": False,
        "hint": "look first",
        "request_id": "req-1",
        "current": "failed",
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [(Overloaded("busy"), "2"), (Overloaded("busy", retry_after_s=30), "30"), (StoreFull("full"), None)],
)
def test_who_should_come_back_is_told_when(error: HeadwayError, expected: str | None) -> None:
    """Where waiting alone may help."""
    assert problem(error, None).headers.get("retry-after") == expected


def test_what_json_cannot_say_is_said_as_text() -> None:
    """An answer about an error must not fail itself."""
    assert b"object" in problem(Conflict("x", thing=object(), numbers={1: 2}), None).body


def test_an_unknown_error_says_nothing_of_itself() -> None:
    """It may hold anything."""
    error = as_headway(ValueError("the secret is 42"))
    assert (error.code, error.status) == ("internal", 500)
    assert "42" not in str(error)


@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (405, "method_not_allowed"), (400, "bad_request")])
def test_errors_of_the_router_become_ours(status: int, code: str) -> None:
    """With our codes."""
    assert as_headway(HTTPException(status, headers={"Allow": "GET, POST"})).code == code


def test_complaints_name_their_place() -> None:
    """Those about the query have a code of their own."""
    missing = {"msg": "Field required", "type": "missing"}
    query = as_headway(RequestValidationError([{"loc": ("query", "limit"), **missing}]))
    assert (query.code, query.detail) == ("invalid_query", "limit: Field required")
    body = as_headway(RequestValidationError([{"loc": ("body", "phases", 0, "id"), **missing}]))
    assert (body.code, body.detail) == ("bad_request", "phases[0].id: Field required")
    assert body.extra["errors"] == [{"loc": ["phases", 0, "id"], **missing}]


def test_a_complaint_without_a_place_is_about_the_body() -> None:
    """As when it is a list where an object should be."""
    wrong = as_headway(RequestValidationError([{"loc": ("body",), "msg": "wrong", "type": "t"}]))
    assert (wrong.detail, wrong.extra["errors"]) == ("the body: wrong", [{"loc": [], "msg": "wrong", "type": "t"}])
