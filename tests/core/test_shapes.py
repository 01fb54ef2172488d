"""The parts payloads and snapshots are made of."""

import pytest
from pydantic import TypeAdapter, ValidationError

from headway.core.shapes import Error, Item, Name, Output, Payload, Phase, Quantity, Sentence, Title, Weight


@pytest.mark.parametrize("value", [0, 1, 2**53 - 1, 0.5, 0.0])
def test_quantities(value):
    """Whole numbers stay whole."""
    read = TypeAdapter(Quantity).validate_python(value)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("value", [-1, -0.1, 2**53, float("nan"), float("inf"), "many", None])
def test_no_quantities(value):
    """Every number must be the same in every language."""
    with pytest.raises(ValidationError):
        TypeAdapter(Quantity).validate_python(value)


@pytest.mark.parametrize("value", [0, -1, 0.0, 10**9 + 1, float("nan"), float("inf")])
def test_no_weights(value):
    """A phase that weighs nothing could never be seen to move."""
    with pytest.raises(ValidationError):
        TypeAdapter(Weight).validate_python(value)


def test_short_texts_are_counted_in_code_points():
    """As the TypeScript side counts them."""
    assert TypeAdapter(Name).validate_python("😀" * 200)
    assert TypeAdapter(Title).validate_python("") == ""
    for adapter, text in ((Name, "😀" * 201), (Name, ""), (Title, "x" * 201), (Sentence, "x" * 10_001)):
        with pytest.raises(ValidationError):
            TypeAdapter(adapter).validate_python(text)


def test_unknown_fields_are_ignored():
    """Additive change breaks nobody."""
    assert Error.model_validate({"code": "c", "message": "m", "colour": "red"}) == Error(code="c", message="m")


def test_payloads_are_values():
    """Nobody changes one under another's hands."""
    error = Error(code="c", message="m")
    with pytest.raises(ValidationError):
        error.code = "d"  # type: ignore[misc]


@pytest.mark.parametrize("entry", [Phase, Item, Output])
def test_entries_have_no_defaults(entry: type[Payload]):
    """A replacement value is whole: a key that is missing would be assigned as missing."""
    assert all(field.is_required() for field in entry.model_fields.values())
