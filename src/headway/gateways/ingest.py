"""Ingest: events reported by processes elsewhere, in any language that can send JSON.

One request is one batch and one transaction: all of it is written, or nothing. Every event is checked before anything
is written, and the answer to a wrong one names its place (``events[3].data.done``).
"""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from headway.core.clock import format_ms
from headway.core.complaints import misfits, path_of
from headway.core.events import PAYLOADS, REPORTED_TYPES, NewEvent, new_event
from headway.core.limits import BATCH_EVENTS_MAX, EVENT_BYTES_MAX, NAME_MAX
from headway.errors import EventNotAllowed, EventTooLarge, InvalidEvent, TooLarge, UnknownEventType
from headway.gateways.answers import json_answer
from headway.gateways.body import accepts, parse_json, read_body
from headway.gateways.exchange import Asked, ExecutionId
from headway.gateways.models import Appended, ReportBody
from headway.gateways.problem import said
from headway.types import RunId

_YEARS: Final = range(1970, 9_999)

router = APIRouter(tags=["ingest"])


@router.post(
    "/v1/runs/{run_id}/events",
    status_code=202,
    responses={202: {"model": Appended}},
    openapi_extra=accepts(ReportBody),
)
async def report(run_id: RunId, request: Request, asked: Asked, execution_id: ExecutionId = None) -> Response:
    """Append a batch of events. The answer says where the log stands and whether somebody wants the run to stop."""
    asked.services.transports.require("ingest")
    asked.principal.require("runs:write")
    if not asked.principal.is_admin:  # who sees all runs need not be asked whose this one is
        await asked.run(run_id, "runs:write")
    body = parse_json(await read_body(request, asked.services.settings.max_body_bytes))
    named, events = parse_report(body)
    appended = await asked.services.commands.report(run_id, named or execution_id, events)
    return json_answer(appended.answer(), 202)


def parse_report(body: Any) -> tuple[str | None, list[NewEvent]]:
    """Check a batch; return the execution it names and its events.

    Args:
        body: The parsed JSON: ``{execution_id?, events: [{type, data, key?, at?}]}``. Unknown fields are ignored.

    Raises:
        InvalidEvent, UnknownEventType, EventNotAllowed, EventTooLarge, TooLarge: the text names the place.
    """
    if not isinstance(body, dict):
        raise _invalid([], "should be an object", hint='send {"events": [{"type": ..., "data": {...}}]}')
    execution_id = body.get("execution_id")
    if execution_id is not None and not isinstance(execution_id, str):
        raise _invalid(["execution_id"], "should be a string or null")
    events = body.get("events")
    if not isinstance(events, list):
        raise _invalid(["events"], "should be a list", hint="an empty list is a heartbeat")
    if len(events) > BATCH_EVENTS_MAX:
        raise TooLarge(
            f"a batch of {len(events)} events; {BATCH_EVENTS_MAX} are allowed",
            hint="send them in several batches",
            limit=BATCH_EVENTS_MAX,
        )
    return execution_id, [_event(event, index) for index, event in enumerate(events)]


def _invalid(loc: list[str | int], msg: str, *, hint: str | None = None) -> InvalidEvent:
    found = [{"loc": loc, "msg": msg, "type": "value_error"}]
    return InvalidEvent(said(found), hint=hint, errors=found)


def _event(event: Any, index: int) -> NewEvent:
    place: list[str | int] = ["events", index]
    if not isinstance(event, dict):
        raise _invalid(place, "should be an object")
    type = _type(event.get("type"), place)
    key, at = event.get("key"), event.get("at")
    if key is not None and not (isinstance(key, str) and 1 <= len(key) <= NAME_MAX):
        raise _invalid([*place, "key"], f"should be a string of 1 to {NAME_MAX} characters")
    data = event.get("data")
    if not isinstance(data, dict):
        raise _invalid([*place, "data"], "should be an object")
    try:
        made = new_event(type, data, key=key, at=None if at is None else _at(at, place))
    except ValidationError as error:
        found = misfits(error, data, *place, "data")
        raise InvalidEvent(f"{said(found)} ({type})", hint="see the event's schema", errors=found) from error
    except ValueError as error:  # a number or a depth JSON should not have
        raise _invalid([*place, "data"], str(error)) from error
    if len(made.data) > EVENT_BYTES_MAX:
        raise EventTooLarge(
            f"{path_of(place)}: {len(made.data)} bytes; an event may have {EVENT_BYTES_MAX}",
            hint="send a reference to what is large, or several events",
            limit=EVENT_BYTES_MAX,
        )
    return made


def _type(type: Any, place: list[str | int]) -> str:
    loc = [*place, "type"]
    if not isinstance(type, str):
        raise _invalid(loc, "should be a string")
    if type in REPORTED_TYPES:
        return type
    if type in PAYLOADS:
        raise EventNotAllowed(
            f"{path_of(loc)}: {type!r} is written by Headway itself", hint="use the commands: cancel, retry, executions"
        )
    raise UnknownEventType(f"{path_of(loc)}: there is no event type {type[:64]!r}", hint=_meant(type[:64]))


def _meant(type: str) -> str:
    own = 'an application\'s own events are {"type": "custom", "data": {"name": ..., "data": ...}}'
    close = get_close_matches(type, sorted(REPORTED_TYPES), n=1)
    return f"did you mean {close[0]!r}? Otherwise: {own}" if close else own


def _at(at: Any, place: list[str | int]) -> str:
    """Return a time as it is stored: UTC with milliseconds."""
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
        raise _invalid([*place, "at"], "should be a time with its zone", hint="RFC 3339: 2026-11-21T09:36:00Z")
    return format_ms(int(moment.timestamp() * 1000))
