"""The ``.sql`` files: every statement has a name that is used, every migration its number."""

import re
from pathlib import Path

import pytest

from headway.stores.queries import migrations, queries

STORES = Path(__file__).parents[2] / "src" / "headway" / "stores"


def test_statements_are_found_by_name_without_comments() -> None:
    """One statement each."""
    for name, text in queries("sqlite").items():
        assert re.fullmatch(r"[a-z_]+", name)
        assert "--" not in text
        assert text.count(";") == 1
        assert text.endswith(";")


def test_every_statement_is_used() -> None:
    """What is not would rot."""
    code = "".join(path.read_text() for path in STORES.glob("*.py"))
    assert [name for name in queries("sqlite") if f'"{name}"' not in code] == []


def test_migrations_are_numbered_without_a_gap() -> None:
    """From 1; the last number is the schema's version."""
    assert [step.number for step in migrations("sqlite")] == list(range(1, len(migrations("sqlite")) + 1))


def test_an_unknown_dialect_is_an_error() -> None:
    """Not an empty list of statements."""
    with pytest.raises(FileNotFoundError):
        queries("oracle")
