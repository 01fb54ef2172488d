"""What an answer to a question is measured by: the JSON Schema that went out with the question, and nothing else.

Whoever takes the answer need not have the job's code. The schema becomes a validator of pydantic's core, so that what
is said of an answer that does not fit reads as what is said of an input. What a schema cannot say, such as a validator
of the job's own, is left to the job: its question is then asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """Return an answer as the log may keep it: what the schema calls ``writeOnly`` is null.

    Where a schema has secrets, so is every key it does not know: it may be a secret under another name, or mistyped.
    """
    if schema is None:
        return value
    definitions = schema.get("$defs", {})
    return _hidden([schema], value, definitions) if _tells_of_secrets(schema, definitions) else value


def has_secrets(schema: Schema | None, value: Any) -> bool:
    """Tell whether something of an answer must not stand in the log."""
    return bool(without_secrets(schema, value) != value)


def _hidden(schemas: Sequence[Any], value: Any, definitions: Mapping[str, Any]) -> Any:
    """Hide what any of the schemas of a value calls secret."""
    parts = [part for schema in schemas for part in _parts(schema, definitions)]
    if any(part.get("writeOnly") for part in parts):
        return None
    if isinstance(value, dict):
        guarded = any(_tells_of_secrets(part, definitions) for part in parts)
        found = {name: [inner for part in parts for inner in _of_key(part, name)] for name in value}
        return {
            name: None if guarded and not found[name] else _hidden(found[name], inner, definitions)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _hidden([_of_place(part, place) for part in parts], inner, definitions) for place, inner in enumerate(value)
        ]
    return value


def _parts(schema: Any, definitions: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[Schema]:
    """Yield a schema and those it refers to or is combined of: what may be said of one value."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    ref = schema.get("$ref")
    if ref is not None and ref not in seen:
        yield from _parts(definitions.get(ref.removeprefix("#/$defs/")), definitions, seen | {ref})
    for several in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(several, ()):
            yield from _parts(inner, definitions, seen)


def _of_key(schema: Schema, name: str) -> list[Any]:
    """Return what a schema of an object says of a key of it."""
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    found = [named[name]] if name in named else []
    found += [inner for pattern, inner in patterns.items() if _matches(pattern, name)]
    further = schema.get("additionalProperties")
    return found or ([further] if isinstance(further, Mapping) else [])


def _of_place(schema: Schema, place: int) -> Any:
    places = schema.get("prefixItems", ())
    return places[place] if place < len(places) else schema.get("items")


def _matches(pattern: str, name: str) -> bool:
    try:
        # pydantic's own expressions take no longer than the name is long
        return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python(name)
    except SchemaError:
        return True  # it cannot be told, and what may be secret is hidden


def _tells_of_secrets(schema: Any, definitions: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> bool:
    if isinstance(schema, list):
        return any(_tells_of_secrets(inner, definitions, seen) for inner in schema)
    if not isinstance(schema, Mapping):
        return False
    if schema.get("writeOnly") is True:
        return True
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in seen:
        seen |= {ref}
        if _tells_of_secrets(definitions.get(ref.removeprefix("#/$defs/")), definitions, seen):
            return True
    return any(_tells_of_secrets(inner, definitions, seen) for word, inner in schema.items() if word != "$defs")
