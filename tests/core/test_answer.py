"""An answer is measured by the schema that went out with the question, as an independent validator measures it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, StringConstraints, TypeAdapter

from headway.core.answer import has_secrets, unfit, without_secrets


class Part(BaseModel):
    """Refers to itself."""

    name: str = Field(min_length=2, max_length=4, pattern="^a")
    parts: list[Part] = Field(default=[], max_length=2)


class Form(BaseModel):
    """Most of what pydantic writes into a schema."""

    count: int = Field(ge=3, lt=9, multiple_of=2)
    share: float = Field(gt=0, le=1)
    colour: Literal["red", "green"] = "red"
    kind: Literal["only"] = "only"
    part: Part | None = None
    tags: list[str] = Field(default=[], min_length=1)
    sizes: dict[str, int] = Field(default={}, max_length=2)
    pair: tuple[int, str] = (1, "a")


class Strict(BaseModel, extra="forbid"):
    """Takes nothing else."""

    yes: bool


FORM = TypeAdapter(Form).json_schema()
GOOD: dict[str, Any] = {"count": 4, "share": 0.5}
LEAVES = st.none() | st.booleans() | st.integers(-3, 12) | st.floats(-1, 2) | st.sampled_from(["red", "ab", "abc", "x"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner))


def places(schema: dict[str, Any], value: Any) -> list[list[Any]]:
    """Where something does not fit."""
    return [each["loc"] for each in unfit(schema, value)]


@given(st.sampled_from(list(Form.model_fields)), VALUES)
def test_what_an_independent_validator_accepts_is_accepted(field: str, value: Any) -> None:
    """The other way round it may be more lenient, as pydantic is: "4" is a number to it."""
    answer = {**GOOD, field: value}
    if jsonschema.Draft202012Validator(FORM).is_valid(answer):
        assert unfit(FORM, answer) == []


@given(st.sampled_from(list(Form.model_fields)), VALUES)
def test_what_fits_the_schema_fits_the_model(field: str, value: Any) -> None:
    """So that a job has no reason to refuse what was accepted for it, and none was refused that it would have taken."""
    answer = {**GOOD, field: value}
    try:
        Form.model_validate_json(TypeAdapter(Any).dump_json(answer))
    except ValueError:
        assert unfit(FORM, answer) != []
    else:
        assert unfit(FORM, answer) == []


def test_all_places_are_told() -> None:
    """With pydantic's words."""
    wrong = {"count": 5, "share": 2, "colour": "blue", "part": {"name": "abc", "parts": [{"name": "b"}]}, "tags": [1]}
    found = unfit(FORM, wrong)
    assert [each["loc"] for each in found] == [
        ["count"],
        ["share"],
        ["colour"],
        ["part", "parts", 0, "name"],
        ["tags", 0],
    ]
    assert found[1]["msg"] == "Input should be less than or equal to 1"
    assert places(FORM, {}) == [["count"], ["share"]]
    assert places(FORM, "no object") == [[]]
    assert places(TypeAdapter(Strict).json_schema(), {"yes": True, "no": False}) == [["no"]]


@pytest.mark.parametrize(
    ("type", "good", "bad"),
    [
        (bool, True, "perhaps"),
        (int | None, None, "x"),
        (Literal[1, "a"] | None, None, 2),
        (dt.date, "2026-01-31", "31.1."),
        (dt.datetime, "2026-01-31T10:00:00Z", "now"),
        (dt.time, "10:00", "ten"),
        (dt.timedelta, "PT5M", "five minutes"),
        (uuid.UUID, "5f0c7a9e-5a0b-4d1c-9a59-0f6a8c1d2e3f", "5f"),
        (list[Part], [{"name": "abc"}], [{"name": "abc", "parts": 1}]),
        (Part, {"name": "abc"}, {"name": "a"}),
        (Part | Strict, {"yes": False}, {"no": False}),
    ],
)
def test_types(type: Any, good: Any, bad: Any) -> None:
    """Whatever a job may ask for."""
    schema = TypeAdapter(type).json_schema()
    assert unfit(schema, good) == []
    assert unfit(schema, bad) != []


@pytest.mark.parametrize(
    "schema",
    [None, {}, {"type": "mystery"}, {"$ref": "https://elsewhere"}, {"type": "string", "pattern": "(?=x)"}, {"not": {}}],
)
def test_what_is_not_understood_lets_everything_pass(schema: Any) -> None:
    """The job looks at the answer, too."""
    assert unfit(schema, "anything") == []


def test_words_of_schemas_other_languages_make() -> None:
    """Reporters may bring schemas pydantic did not write."""
    assert places({"type": ["string", "null"]}, 3) != []
    assert places({"type": ["string", "null"]}, None) == []
    assert places({"type": "array", "items": True}, [None, 3]) == []
    assert places({"allOf": [{"type": "integer"}, {"type": "integer", "minimum": 3}]}, 2) != []


class Account(BaseModel):
    """Has secrets at several depths."""

    user: str
    pin: SecretStr | None = None
    keys: list[SecretStr] = []
    named: dict[str, SecretStr] = {}
    old: Account | None = None


def test_secrets_are_taken_out_at_every_depth() -> None:
    """What is not secret stays as it was given."""
    schema = TypeAdapter(Account).json_schema()
    answer = {"user": "ada", "pin": "1", "keys": ["2"], "named": {"a": "3"}, "old": {"user": "eve", "pin": "4"}}
    assert without_secrets(schema, answer) == {
        "user": "ada",
        "pin": None,
        "keys": [None],
        "named": {"a": None},
        "old": {"user": "eve", "pin": None},
    }
    assert has_secrets(schema, answer)
    assert not has_secrets(schema, {"user": "ada", "keys": []})
    assert not has_secrets(FORM, {**GOOD, "extra": [1, {"a": "b"}]})
    assert not has_secrets(None, answer)
    places = {"type": "array", "prefixItems": [{"type": "string"}, {"type": "string", "writeOnly": True}]}
    assert without_secrets(places, ["a", "b", "c"]) == ["a", None, "c"]
    assert without_secrets({"type": "string", "writeOnly": True}, "hush") is None


class Renamed(BaseModel, populate_by_name=True):
    """Its secret has two names, of which the schema tells one."""

    user: str
    pw: SecretStr = Field(alias="password")
    pwd: SecretStr | None = None
    more: dict[str, int] = {}


class Guest(BaseModel):
    """Nothing of it is secret."""

    nick: str


@pytest.mark.parametrize(
    ("type", "answer", "logged"),
    [
        (dict[Annotated[str, StringConstraints(pattern="^a")], SecretStr], {"ab": "hush"}, {"ab": None}),
        (dict[Annotated[str, StringConstraints(pattern="^a")], SecretStr], {"b": "hush"}, {"b": None}),
        (dict[Annotated[str, StringConstraints(pattern="^a")], int], {"ab": 1, "b": 2}, {"ab": 1, "b": 2}),
        (Renamed, {"user": "ada", "password": "x", "pw": "hush"}, {"user": "ada", "password": None, "pw": None}),
        (Renamed, {"user": "ada", "pdw": "hush", "more": {"a": 1}}, {"user": "ada", "pdw": None, "more": {"a": 1}}),
        (list[Account], [{"user": "ada", "odl": {"pin": "hush"}}], [{"user": "ada", "odl": None}]),
        (Account | Guest, {"nick": "ada", "nik": "hush"}, {"nick": "ada", "nik": None}),
    ],
)
def test_what_may_be_a_secret_under_another_name_is_hidden(type: Any, answer: Any, logged: Any) -> None:
    """A schema that has secrets is asked of each key whether it knows it; one that has none hides nothing."""
    assert without_secrets(TypeAdapter(type).json_schema(), answer) == logged


def test_a_pattern_that_is_not_understood_hides() -> None:
    """As if it fitted every key."""
    schema = {"type": "object", "patternProperties": {"(?=x)": {"writeOnly": True}}, "additionalProperties": {}}
    assert without_secrets(schema, {"a": "hush"}) == {"a": None}
