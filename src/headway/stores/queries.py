"""The ``.sql`` files of the stores: named statements and numbered migrations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema. `number` is the schema's version afterwards."""

    number: int
    text: str


def _folder(dialect: str) -> Traversable:
    return files("headway.stores") / "sql" / dialect


@cache
def queries(dialect: str) -> dict[str, str]:
    """Return all named statements of a dialect, without comments and surplus white space."""
    parts = _NAME.split((_folder(dialect) / "queries.sql").read_text(encoding="utf-8"))
    return {name: " ".join(_COMMENT.sub("", text).split()) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def migrations(dialect: str) -> list[Migration]:
    """Return all migrations of a dialect in order."""
    found = []
    for file in (_folder(dialect) / "migrations").iterdir():
        match = _MIGRATION.fullmatch(file.name)
        if match is not None:
            found.append(Migration(int(match[1]), file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)
