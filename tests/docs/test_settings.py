"""The page about settings names every setting, with its default and in the words of the code."""

import re
from pathlib import Path

from headway.config import PREFIX, Settings
from headway.stores.memory import MemoryStore
from headway.stores.postgres import PostgresStore
from headway.stores.redis import RedisStore
from headway.stores.sqlite import SqliteStore

PAGE = (Path(__file__).parents[2] / "docs/reference/settings.md").read_text(encoding="utf-8")


def rows() -> dict[str, tuple[str, str]]:
    """Default and meaning by variable, as the page has them."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "`HEADWAY_" in line[:12]
    ]
    return {name.strip("`"): (default, meaning) for name, default, meaning in cells}


def meanings() -> dict[str, str]:
    """What the code says of each setting, as it is written on a page."""
    section = (Settings.__doc__ or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", section, flags=re.MULTILINE)
    return {PREFIX + name.upper(): re.sub(r"\s+", " ", text).replace("``", "`") for name, text in found}


def shown(default: object) -> str:
    """A default as it would be written into the environment."""
    if isinstance(default, frozenset):
        text = ",".join(sorted(default))
    elif isinstance(default, bool):
        text = str(int(default))
    else:
        text = f"{default:g}" if isinstance(default, float) else str(default)
    return f"`{text}`" if text else "empty"


def test_every_setting_is_there_with_its_default() -> None:
    """In the order of the code, and no other."""
    defaults = {PREFIX + name.upper(): shown(field.default) for name, field in Settings.model_fields.items()}
    assert [(name, default) for name, (default, _) in rows().items()] == list(defaults.items())


def test_settings_mean_what_the_code_says() -> None:
    """Word for word."""
    assert {name: meaning for name, (_, meaning) in rows().items()} == meanings()


def test_the_table_of_stores_is_theirs() -> None:
    """What each of them can."""
    for store in (MemoryStore, SqliteStore, PostgresStore, RedisStore):
        caps = store.caps
        cells = next(line for line in PAGE.splitlines() if line.startswith(f"| `{caps.name}`")).split("|")
        assert [cell.strip().startswith("yes") for cell in cells[2:5]] == [caps.durable, caps.processes, caps.machines]
