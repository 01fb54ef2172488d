"""What pydantic finds wrong with a value, in words for whoever sent it as JSON.

Pydantic speaks of Python: of dictionaries, of instances of classes the sender never heard of, of every branch of a
union it tried. Nobody who sent JSON knows those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

_IN_JSON: Final = {
    "dataclass_type": "Input should be an object",
    "dict_type": "Input should be an object",
    "model_type": "Input should be an object",
    "list_type": "Input should be a list",
}
_OF_VALIDATORS: Final = {"value_error": "Value error, ", "assertion_error": "Assertion failed, "}
"""What pydantic puts before the words of a validator, which are sentences themselves."""


def complaints(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return pydantic's complaints as ``{loc, msg, type}``."""
    return [{"loc": list(each["loc"]), "msg": _words(each), "type": each["type"]} for each in errors]


def _words(error: Mapping[str, Any]) -> str:
    kind, msg = error["type"], str(error["msg"])
    return _IN_JSON.get(kind) or msg.removeprefix(_OF_VALIDATORS.get(kind, ""))


def misfits(error: ValidationError, value: Any, *place: str | int) -> list[dict[str, Any]]:
    """Return what does not fit, each once, at a place that can be found in the value.

    Where no branch of a union fits, those that got furthest are the ones that were meant.

    Args:
        error: The complaints.
        value: What was validated, as it came from JSON.
        place: Where the value itself stands.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in complaints(error.errors(include_url=False, include_context=False, include_input=False)):
        loc = [*place, *_findable(each["loc"], value, missing=each["type"] == "missing")]
        found.setdefault((*loc, each["msg"]), {**each, "loc": loc})
    places = [each["loc"] for each in found.values()]
    return [each for each in found.values() if not any(_is_below(loc, each["loc"]) for loc in places)]


def _findable(loc: Sequence[int | str], value: Any, *, missing: bool) -> Iterator[int | str]:
    """Yield the parts of a place that lead into the value, or to what is missing in it; the others name branches."""
    for index, part in enumerate(loc):
        there = part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))
        if there:
            value = value[part]
        if there or (missing and index == len(loc) - 1):
            yield part


def _is_below(loc: Sequence[int | str], other: Sequence[int | str]) -> bool:
    return len(loc) > len(other) and loc[: len(other)] == other


def path_of(loc: Sequence[str | int]) -> str:
    """Return a place as people write it: ``events[3].data.done``; "" for the whole."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
