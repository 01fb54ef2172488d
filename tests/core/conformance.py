"""Reads the cases of conformance/, as conformance/README.md describes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2] / "conformance"


def cases(pattern: str) -> dict[str, dict[str, Any]]:
    """All cases of the files that match, by file and name; abbreviated values stay as they are."""
    found = {
        f"{path.stem}: {case['name']}": case
        for path in sorted(ROOT.glob(pattern))
        for case in json.loads(path.read_text(encoding="utf-8"))
    }
    assert found, f"no cases in conformance/{pattern}"
    return found


def expand(value: Any) -> Any:
    """Write out ``$text``."""
    if isinstance(value, dict):
        if value.keys() == {"$text"}:
            return "".join(piece * times for piece, times in value["$text"])
        return {key: expand(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [expand(inner) for inner in value]
    return value


def groups(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """For each entry of ``events`` the events it stands for: one, or as many as ``repeat`` says."""
    for entry in events:
        if "repeat" not in entry:
            yield [expand(entry)]
            continue
        template = expand(entry)
        repeated = []
        for n in range(template["repeat"]):
            seq = template["event"]["seq"] + n
            one = {name: _filled(template[name], seq, n) for name in template if name != "repeat"}
            one["event"]["seq"] = seq
            repeated.append(one)
        yield repeated


def _filled(value: Any, seq: int, n: int) -> Any:
    if isinstance(value, str):
        return value.replace("{seq}", str(seq)).replace("{n}", str(n))
    if isinstance(value, dict):
        return {key: _filled(inner, seq, n) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, seq, n) for inner in value]
    return value


def as_bytes(value: str | dict[str, str]) -> bytes:
    """Bytes written as a string, or as ``{"base64": ...}``."""
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])


def normal(value: Any) -> Any:
    """A value that equals another exactly when JSON says so: Python takes ``True`` for 1."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, dict):
        return {key: normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    return value
