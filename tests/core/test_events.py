"""Payloads, envelopes, and the bytes of both."""

import datetime as dt
import math
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from headway.core import events
from headway.core.events import (
    CONTROL_TYPES,
    DELTA_TYPES,
    ENDING_TYPES,
    FAMILIES,
    PAYLOADS,
    REPORTED_TYPES,
    AttemptDiscarded,
    Custom,
    Discarded,
    Error,
    ItemFinished,
    Note,
    RunWaiting,
    StoredEvent,
    encode,
    new_event,
)
from headway.core.limits import DEPTH_MAX
from headway.core.shapes import Item

ENVELOPE: dict[str, Any] = {"run_id": "run_1", "seq": 7, "time": "t", "execution_id": "exe_1", "correlation_id": "c"}


def data(event: events.NewEvent) -> Any:
    """The payload as it is sent."""
    return orjson.loads(event.data)


def test_closed_lists_are_made_of_types():
    """And every type has its family and its writer."""
    assert set(PAYLOADS) >= CONTROL_TYPES | ENDING_TYPES | DELTA_TYPES
    assert {type.partition(".")[0] for type in PAYLOADS} == set(FAMILIES)
    assert set(PAYLOADS) == REPORTED_TYPES | CONTROL_TYPES | {"attempt.discarded", "step.finished"}
    assert not REPORTED_TYPES & CONTROL_TYPES


def test_all_keys_are_present():
    """Null means unknown; a key never just stays away."""
    assert data(new_event("phase.progressed", {"id": "a", "done": 1})) == {
        "id": "a",
        "done": 1,
        "total": None,
        "unit": None,
        "message": None,
    }


def test_a_payload_may_be_given_as_a_model():
    """It was checked when it was made."""
    event = new_event("note", Note(body="b"), key="k", step="s", agent="planner.route", at="2026-01-01T00:00:00.000Z")
    assert data(event) == {"kind": "info", "title": None, "body": "b"}
    assert (event.type, event.key, event.step, event.agent, event.at) == (
        "note",
        "k",
        "s",
        "planner.route",
        "2026-01-01T00:00:00.000Z",
    )


def test_a_model_of_another_type_is_refused():
    """The fold trusts that data fits its type."""
    with pytest.raises(TypeError, match=r"the data of note is a Note, not a Custom"):
        new_event("note", Custom(name="n"))


def test_unknown_types_are_refused():
    """Readers carry them, writers do not make them."""
    with pytest.raises(KeyError):
        new_event("run.paused", {})
    with pytest.raises(KeyError):
        new_event("run.paused", Note(body="b"))


@pytest.mark.parametrize(
    ("type", "wrong"),
    [
        ("item.planned", {}),
        ("item.planned", {"key": ""}),
        ("phase.progressed", {"id": "a", "done": math.nan}),
        ("phase.progressed", {"id": "a", "done": -1}),
        ("run.planned", {"phases": [{"id": "a", "weight": 0}]}),
        ("run.planned", {"phases": [{"id": str(n)} for n in range(101)]}),
        ("run.failed", {}),
        ("attempt.discarded", {"attempt": 1, "set": {"items": {"a": {}}}}),
        ("attempt.discarded", {"attempt": 1, "set": {"outputs": {"a": {"text": "t"}}}}),
        ("log", {"text": "t", "level": "loud"}),
    ],
)
def test_data_that_does_not_fit(type, wrong):
    """Refused where it is written, so that no reader ever meets it."""
    with pytest.raises(ValidationError):
        new_event(type, wrong)


def test_aliases_are_those_of_the_wire():
    """``schema`` is a name pydantic keeps for itself."""
    event = new_event("run.waiting", RunWaiting(ask_id="a", prompt="?", schema_={"type": "string"}))
    assert data(event)["schema"] == {"type": "string"}
    assert data(new_event("run.waiting", {"ask_id": "a", "prompt": "?", "schema": {}}))["schema"] == {}


def test_python_values_become_json():
    """What has an obvious form in JSON gets it."""
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    value = {"when": moment, 1: (1, 2), "set": {3}, "of": Error(code="c", message="m")}
    event = new_event("custom", {"name": "n", "data": value})
    assert data(event)["data"] == {
        "when": "2026-01-01T00:00:00Z",
        "1": [1, 2],
        "set": [3],
        "of": {"code": "c", "message": "m", "category": "application", "retryable": False, "hint": None},
    }


def test_numbers_that_are_none_become_null():
    """JSON has no word for them, and null means unknown."""
    assert data(new_event("custom", {"name": "n", "data": [math.nan, math.inf, 1.5]}))["data"] == [None, None, 1.5]


@pytest.mark.parametrize("value", [2**53, -(2**53), 10**30])
def test_integers_a_browser_would_misread_are_refused(value):
    """2^53 + 1 would silently become another number."""
    with pytest.raises(ValueError, match="JSON cannot say this"):
        new_event("item.updated", {"key": "a", "data": {"id": value}})


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, 1e300, 5e-324])
def test_numbers_every_language_reads_alike(value):
    """The largest and the smallest."""
    assert data(new_event("item.updated", {"key": "a", "data": value}))["data"] == value


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, object(), lambda: None])
def test_what_json_cannot_say_is_refused(value):
    """Half an emoji, or something that is no data at all."""
    with pytest.raises(ValueError):
        new_event("custom", {"name": "n", "data": value})


def test_a_value_that_holds_itself_is_refused():
    """It has no end."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError):
        new_event("custom", {"name": "n", "data": loop})


def nested(levels: int) -> Any:
    """Lists and objects in turn, so deep."""
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"in": value, "flat": 2}
    return value


def test_depth_is_limited():
    """Deeper data would fold, and then break the encoder at the snapshot."""
    new_event("custom", {"name": "n", "data": nested(DEPTH_MAX - 1)})
    with pytest.raises(ValueError, match="nested more than 32 levels"):
        new_event("custom", {"name": "n", "data": nested(DEPTH_MAX)})
    with pytest.raises(ValueError):
        new_event("custom", {"name": "n", "data": nested(5_000)})


def test_a_withdrawal_may_be_deeper_by_what_it_wraps():
    """Or a run whose deepest data must be put back could never be taken over."""
    event = new_event("item.finished", ItemFinished(key="a", data=nested(DEPTH_MAX - 1)))
    item = Item(
        kind="item",
        title="a",
        parent=None,
        phase=None,
        status="running",
        progress=None,
        data=data(event)["data"],
        error=None,
        attempt=1,
        seq=1,
    )
    discarded = AttemptDiscarded(attempt=1, set=Discarded(items={"a": item}))
    assert data(new_event("attempt.discarded", discarded))["set"]["items"]["a"]["data"] == nested(DEPTH_MAX - 1)


def test_the_envelope():
    """Every key, in one order; the data as it was encoded."""
    event = new_event("item.started", {"key": "a"}, key="not sent", step="s", agent="x", at="2026-01-01T00:00:00.000Z")
    assert encode(event, run_id="run_1", seq=7, time="t", execution_id="exe_1", correlation_id=None) == (
        b'{"run_id":"run_1","seq":7,"type":"item.started","time":"t","at":"2026-01-01T00:00:00.000Z",'
        b'"execution_id":"exe_1","correlation_id":null,"agent":"x","step":"s","data":{"key":"a"}}'
    )


def test_a_stored_event_parses_anew_at_every_call():
    """Nobody's change is another's surprise."""
    body = encode(new_event("item.started", {"key": "a"}), **ENVELOPE)
    stored = StoredEvent(seq=7, tag="9f", type="item.started", body=body, total=100, step=None)
    assert stored.cursor == "7.9f"
    first = stored.envelope()
    first["data"]["key"] = "changed"
    assert stored.envelope()["data"] == {"key": "a"}
