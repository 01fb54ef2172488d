"""Answers that say what is wrong, as problem+json (RFC 9457) with a stable code, like Headway's own."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from headway import HeadwayError

from .errors import ProviderError


class Problem(Exception):
    """A request that is answered by a problem.

    Attributes:
        status: HTTP status.
        code: Stable name.
        detail: What is wrong.
        hint: How to mend it.
    """

    def __init__(self, status: int, code: str, detail: str, hint: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint


def answer_problems(app: FastAPI) -> None:
    """Have an application answer our errors, the provider's and Headway's."""

    @app.exception_handler(Problem)
    async def ours(_: Request, error: Problem) -> JSONResponse:
        return problem(error.status, error.code, error.detail, error.hint)

    @app.exception_handler(ProviderError)
    async def provider(_: Request, error: ProviderError) -> JSONResponse:
        """The provider is at fault, not this application."""
        return problem(503 if error.retryable else 502, error.code, error.detail, error.hint)

    @app.exception_handler(HeadwayError)
    async def headway(_: Request, error: HeadwayError) -> JSONResponse:
        return problem(error.status, error.code, error.detail, error.hint)


def problem(status: int, code: str, detail: str, hint: str | None) -> JSONResponse:
    """Return the answer of a problem."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    return JSONResponse({**body, "detail": detail, "hint": hint}, status, media_type="application/problem+json")
