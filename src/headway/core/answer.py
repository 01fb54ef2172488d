"""What an answer to a question is measured by: the JSON Schema that went out with the question, and nothing else.

Whoever takes the answer need not have the job's code. The schema becomes a validator of pydantic's core, so that what
is said of an answer that does not fit reads as what is said of an input. What a schema cannot say, such as a validator
of the job's own, is left to the job: its question is then asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import CoreSchema, SchemaError, SchemaValidator, core_schema

from headway.core.complaints import misfits

Schema = Mapping[str, Any]

_FORMATS: Final[Mapping[str, Callable[[], Any]]] = {
    "date": core_schema.date_schema,
    "date-time": core_schema.datetime_schema,
    "time": core_schema.time_schema,
    "duration": core_schema.timedelta_schema,
    "uuid": core_schema.uuid_schema,
}
_BOUNDS: Final = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
}


def unfit(schema: Schema | None, value: Any) -> list[dict[str, Any]]:
    """Return what does not fit, as ``{loc, msg, type}``, each once; an empty list: it fits.

    Args:
        schema: As pydantic makes them; None: anything fits. A part of it that is not understood lets everything pass.
        value: The answer, as it came from JSON.
    """
    if schema is None:
        return []
    referred = [_core(inner) | {"ref": f"#/$defs/{name}"} for name, inner in schema.get("$defs", {}).items()]
    try:
        validator = SchemaValidator(core_schema.definitions_schema(_core(schema), referred))
    except SchemaError:
        return []
    try:
        validator.validate_python(value)
    except ValidationError as error:
        return misfits(error, value)
    return []


def _core(schema: Any) -> Any:
    """Return a schema as pydantic's core has it, a `CoreSchema`."""
    if not isinstance(schema, Mapping):
        return core_schema.any_schema()
    combined = next((make for word, make in _COMBINED.items() if word in schema), None)
    if combined is not None:
        return combined(schema)
    kind = schema.get("type")
    if isinstance(kind, list):
        return core_schema.union_schema([_core({**schema, "type": each}) for each in kind])
    make = _KINDS.get(str(kind))
    return core_schema.any_schema() if make is None else make(schema)


def _text(schema: Schema) -> Any:
    make = _FORMATS.get(schema.get("format", ""))
    if make is not None:
        return make()
    return core_schema.str_schema(
        min_length=schema.get("minLength"), max_length=schema.get("maxLength"), pattern=schema.get("pattern")
    )


def _number(schema: Schema) -> CoreSchema:
    return core_schema.float_schema(allow_inf_nan=False, **_bounds(schema))


def _whole(schema: Schema) -> CoreSchema:
    return core_schema.int_schema(**_bounds(schema))


def _bounds(schema: Schema) -> dict[str, Any]:
    return {_BOUNDS[name]: bound for name, bound in schema.items() if name in _BOUNDS}


def _list(schema: Schema) -> CoreSchema:
    if "prefixItems" in schema:
        places = [_core(inner) for inner in schema["prefixItems"]]
        return core_schema.tuple_schema(places)
    items = _core(schema.get("items"))
    return core_schema.list_schema(items, min_length=schema.get("minItems"), max_length=schema.get("maxItems"))


def _object(schema: Schema) -> CoreSchema:
    further = schema.get("additionalProperties", True)
    if "properties" not in schema:
        return core_schema.dict_schema(
            core_schema.str_schema(),
            _core(further),
            min_length=schema.get("minProperties"),
            max_length=schema.get("maxProperties"),
        )
    required = schema.get("required", ())
    fields = {
        name: core_schema.typed_dict_field(_core(inner), required=name in required)
        for name, inner in schema["properties"].items()
    }
    behaviour: Any = "forbid" if further is False else "allow" if isinstance(further, Mapping) else "ignore"
    extras = _core(further) if isinstance(further, Mapping) else None
    return core_schema.typed_dict_schema(fields, extra_behavior=behaviour, extras_schema=extras)


_COMBINED: Final[Mapping[str, Callable[[Schema], Any]]] = {
    "$ref": lambda schema: core_schema.definition_reference_schema(schema["$ref"]),
    "const": lambda schema: core_schema.literal_schema([schema["const"]]),
    "enum": lambda schema: core_schema.literal_schema(list(schema["enum"])),
    "anyOf": lambda schema: core_schema.union_schema([_core(inner) for inner in schema["anyOf"]]),
    "oneOf": lambda schema: core_schema.union_schema([_core(inner) for inner in schema["oneOf"]]),
    "allOf": lambda schema: core_schema.chain_schema([_core(inner) for inner in schema["allOf"]]),
}
_KINDS: Final[Mapping[str, Callable[[Schema], Any]]] = {
    "string": _text,
    "number": _number,
    "integer": _whole,
    "boolean": lambda _schema: core_schema.bool_schema(),
    "null": lambda _schema: core_schema.none_schema(),
    "array": _list,
    "object": _object,
}


def without_secrets(schema: Schema | None, value: Any) -> Any:
    """Return an answer as the log may keep it: what the schema calls ``writeOnly`` is null."""
    return value if schema is None else _hidden(schema, value, schema.get("$defs", {}))


def has_secrets(schema: Schema | None, value: Any) -> bool:
    """Tell whether something of an answer must not stand in the log."""
    return bool(without_secrets(schema, value) != value)


def _hidden(schema: Any, value: Any, definitions: Mapping[str, Any]) -> Any:
    if not isinstance(schema, Mapping):
        return value
    if schema.get("writeOnly"):
        return None
    if "$ref" in schema:
        value = _hidden(definitions.get(schema["$ref"].removeprefix("#/$defs/")), value, definitions)
    for several in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(several, ()):
            value = _hidden(inner, value, definitions)
    if isinstance(value, dict):
        named, further = schema.get("properties", {}), schema.get("additionalProperties")
        return {name: _hidden(named.get(name, further), inner, definitions) for name, inner in value.items()}
    if isinstance(value, list):
        places, items = schema.get("prefixItems", ()), schema.get("items")
        return [
            _hidden(places[place] if place < len(places) else items, inner, definitions)
            for place, inner in enumerate(value)
        ]
    return value
