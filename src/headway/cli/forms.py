"""Asking on a terminal for what a JSON Schema describes: a line for each field of an object, else one for the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import typer
from rich.text import Text

from headway.cli.terminal import err
from headway.cli.words import one_line
from headway.core.answer import unfit
from headway.core.complaints import path_of

Schema = Mapping[str, Any]

_KINDS: Final = {"boolean": "yes or no", "integer": "a whole number", "number": "a number", "array": "a list, as JSON"}

_TYPES: Final = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}


def fill_in(schema: Schema | None) -> Any:
    """Ask until what was typed fits, and return it. Raises `typer.Abort`: Ctrl-C, or nothing more can be typed."""
    whole = schema or {}
    fields = _without_ref(whole, whole).get("properties")
    if fields is None:
        return _ask("answer", whole, whole, required=True)
    required = _without_ref(whole, whole).get("required", ())
    answer = {name: _ask(name, field, whole, required=name in required) for name, field in fields.items()}
    return {name: value for name, value in answer.items() if value is not None or name in required}


def reading(schema: Schema | None, text: str) -> Any:
    """Return what was typed as data: JSON, else the text itself; whatever of the two fits."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return text if unfit(schema, value) and not unfit(schema, text) else value


def described(schema: Schema | None) -> str:
    """Return what an answer looks like: a line for each field of an object, else one for the whole."""
    whole = schema or {}
    shape = _without_ref(whole, whole)
    fields = shape.get("properties")
    if fields is None:
        return f"the answer is {_type(shape, whole)}"
    required = shape.get("required", ())
    lines = [_line(name, _without_ref(field, whole), whole, name in required) for name, field in fields.items()]
    return "\n".join(["the answer has these fields:", *lines])


def _line(name: str, field: Schema, whole: Schema, required: bool) -> str:
    about = [_type(field, whole), "" if required else _default(field), one_line(field.get("description"))]
    return f"  {one_line(name)}: {', '.join(filter(None, about))}"


def _type(field: Schema, whole: Schema) -> str:
    """Return the kind of a value in words."""
    choices = [field["const"]] if "const" in field else field.get("enum", [])
    if choices:
        return " | ".join(one_line(orjson.dumps(choice).decode()) for choice in choices)
    several = [_type(_without_ref(inner, whole), whole) for inner in field.get("anyOf", field.get("oneOf", ()))]
    if several:
        return " or ".join(dict.fromkeys(several))
    kinds = field.get("type", ())
    return " or ".join(_TYPES.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)) or "anything"


def _ask(name: str, field: Schema, whole: Schema, *, required: bool) -> Any:
    """Ask for one value; None where nothing was typed and nothing is needed."""
    schema = {"$defs": whole.get("$defs", {}), **field}
    secret = bool(_without_ref(field, whole).get("writeOnly") or field.get("writeOnly"))
    label = f"{one_line(name)}{_told_of(_without_ref(field, whole), required=required)}"
    while True:
        text = typer.prompt(label, default="", show_default=False, hide_input=secret, err=True)
        if not text and not required:
            return None
        value = reading(schema, text)
        wrong = unfit(schema, value)
        if not wrong:
            return value
        for each in wrong:
            say = ": ".join(filter(None, [path_of(each["loc"]), each["msg"]]))
            err().print(Text.assemble(("  ", ""), (one_line(say), "red")), soft_wrap=True)


def _told_of(field: Schema, *, required: bool) -> str:
    """Return what is expected, in brackets."""
    choices = [field["const"]] if "const" in field else field.get("enum", [])
    told = [one_line(field.get("description")), " | ".join(one_line(choice) for choice in choices)]
    told += [_kind(field) if not choices else "", "" if required else _default(field)]
    words = ", ".join(filter(None, told))
    return f" ({words})" if words else ""


def _kind(field: Schema) -> str:
    kinds: Sequence[str] = [field["type"]] if isinstance(field.get("type"), str) else ()
    return _KINDS.get(kinds[0], "") if kinds else ""


def _default(field: Schema) -> str:
    default = field.get("default")
    return "may be left out" if default is None else f"else {one_line(orjson.dumps(default).decode())}"


def _without_ref(field: Schema, whole: Schema) -> Schema:
    """Follow a reference to where the field is described."""
    name = str(field.get("$ref", "")).removeprefix("#/$defs/")
    found: Schema = whole.get("$defs", {}).get(name, field)
    return found
