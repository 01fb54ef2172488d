"""What pydantic finds wrong, in words for whoever sent JSON."""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from headway.core.complaints import misfits, path_of


class Inner(BaseModel):
    """Part of a model."""

    n: int | float


@dataclass
class Plain:
    """Another one."""

    n: int


class Outer(BaseModel):
    """A model."""

    items: list[Inner] = []
    plain: Plain | None = None
    weights: dict[str, int] | list[str | Inner] | None = None
    even: int = 0

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value >= 100:
            raise AssertionError("should be below 100")
        if value % 2:
            raise ValueError("should be even")
        return value


def wrong(value: Any, *place: str | int) -> list[dict[str, Any]]:
    """What does not fit the model."""
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value)
    return misfits(caught.value, value, *place)


def test_places_can_be_found_in_what_was_sent() -> None:
    """Pydantic names the branches of a union, too; nobody sent those. One complaint of a kind is enough."""
    found = wrong({"items": [{"n": 1}, {"n": "x"}, {}]}, "body")
    assert found[0]["loc"] == ["body", "items", 1, "n"]
    assert found[-1]["loc"] == ["body", "items", 2, "n"]
    assert len(found) == len({str(each) for each in found})


@pytest.mark.parametrize(
    ("weights", "place"),
    [
        ({"a": "x"}, ["weights", "a"]),
        ([1], ["weights", 0]),
        (["a", {"n": None}], ["weights", 1, "n"]),
        ([{}], ["weights", 0, "n"]),
    ],
)
def test_the_branch_that_got_furthest_was_meant(weights: Any, place: list[str | int]) -> None:
    """What other branches say of the whole is no help."""
    assert {path_of(each["loc"]) for each in wrong({"weights": weights})} == {path_of(place)}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "Input should be an object"),
        ({"items": {}}, "Input should be a list"),
        ({"items": [1]}, "Input should be an object"),
        ({"plain": 1}, "Input should be an object"),
        ({"even": 1}, "should be even"),
        ({"even": 100}, "should be below 100"),
        ({"even": "x"}, "Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_words_are_for_people_who_sent_json(value: Any, said: str) -> None:
    """No classes, no dictionaries; what a validator says stands for itself."""
    assert said in [each["msg"] for each in wrong(value)]


@pytest.mark.parametrize(
    ("loc", "path"), [([], ""), (["a"], "a"), (["a", 0, "b"], "a[0].b"), ([3, "type"], "[3].type")]
)
def test_places_are_written_as_people_do(loc: list[str | int], path: str) -> None:
    """Indexes in brackets, fields behind dots."""
    assert path_of(loc) == path
