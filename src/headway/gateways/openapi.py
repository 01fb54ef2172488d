"""The OpenAPI document: FastAPI's, and what FastAPI does not see - bodies read by us, and the streams."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from headway.gateways.models import AnswerBody, CancelBody, OpenBody, ReportBody, RetryBody, StartBody, TakeOverBody
from headway.gateways.sse import LIST_MAX
from headway.gateways.system import TransportsBody
from headway.gateways.viewers import NoticeBody, SayBody

_REF: Final = "#/components/schemas/{model}"


class Problem(BaseModel):
    """An error (RFC 9457). Decide by `code` and `retryable`; the rest is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    hint: str | None
    request_id: str


UNSEEN: Final[tuple[type[BaseModel], ...]] = (
    StartBody,
    OpenBody,
    CancelBody,
    RetryBody,
    AnswerBody,
    TakeOverBody,
    ReportBody,
    SayBody,
    NoticeBody,
    TransportsBody,
    Problem,
)
"""Models no route declares to FastAPI."""


def document(app: FastAPI, version: str) -> dict[str, Any]:
    """Return the document of all routes."""
    described = get_openapi(
        title="Headway",
        version=version,
        routes=app.routes,
        description="Live, durable, resumable progress for long-running jobs and AI agents.",
    )
    _, extra = models_json_schema([(model, "validation") for model in UNSEEN], ref_template=_REF)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(extra["$defs"])
    described["paths"].update(_streams())
    for path in described["paths"].values():
        for operation in path.values():
            _problems(operation)
    # made for FastAPI's own answer to wrong requests, which we do not give
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return described


def _problems(operation: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {
        "description": "An error.",
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}},
    }


def _streams() -> dict[str, Any]:
    def stream(summary: str, *parameters: tuple[str, str, str]) -> dict[str, Any]:
        return {
            "get": {
                "tags": ["streams"],
                "summary": summary,
                "parameters": [
                    {"name": name, "in": place, "description": text, "required": place == "path"}
                    | {"schema": {"type": "string"}}
                    for name, place, text in parameters
                ],
                "responses": {
                    "200": {"description": "Server-sent events.", "content": {"text/event-stream": {}}},
                    "204": {"description": "The run has ended and the cursor is its head: nothing will follow."},
                },
            }
        }

    return {
        "/v1/runs/{run_id}/stream": stream(
            "One run: snapshot, then events as they happen.",
            ("run_id", "path", "The run."),
            ("Last-Event-ID", "header", "Cursor to go on from."),
            ("last_event_id", "query", "The same, where headers cannot be set."),
            ("from", "query", "`snapshot` (default), `earliest` or `latest`; without a cursor."),
            ("types", "query", "Families of event types, comma-separated."),
            ("deliver", "query", "`all`: every event, never a snapshot in their place."),
            ("named", "query", "`0`: no event names, for `onmessage`."),
            ("view", "query", "`progress`: one flat object at each change."),
        ),
        "/v1/stream": stream(
            "Several runs on one connection.", ("run", "query", "`<id>` or `<id>@<cursor>`; up to 64.")
        ),
        "/v1/runs/stream": stream(
            "The list of runs, as it changes.",
            ("status", "query", "Repeated, or with commas between them."),
            ("job", "query", "Of this job."),
            ("group", "query", "Of this group."),
            ("limit", "query", f"How many of the newest: 1 to {LIST_MAX} (50)."),
            ("q", "query", "Is refused (400): what is looked for is asked for by `GET /v1/runs?q=`, again and again."),
        ),
    }
