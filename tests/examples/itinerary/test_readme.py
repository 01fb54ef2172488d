"""The example's README names what is there."""

import re

import pytest

from examples.itinerary.settings import DemoSettings
from tests.examples.itinerary.providing import ROOT

FOLDER = ROOT / "examples" / "itinerary"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w/-]+\.(?:py|tsx|md))`", README)))


@pytest.mark.parametrize("name", FILES)
def test_files_it_names_exist(name: str) -> None:
    """Below the example, or below the project."""
    assert (FOLDER / name).is_file() or (ROOT / name).is_file()


def test_settings_it_names_are_those_there_are() -> None:
    """Each of them, and no other."""
    named = set(re.findall(r"\| `(HEADWAY_DEMO_\w+)` \|", README))
    assert named == {f"HEADWAY_DEMO_{field.upper()}" for field in DemoSettings.model_fields}


def test_every_function_of_ours_it_names_is_there() -> None:
    """``module.name`` and ``Class.method`` in the table that maps the requirement to the code."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    for owner, name in re.findall(r"`(Planner|Book|job|errors|itineraries)\.(?!py`)(\w+)`", README):
        assert re.search(rf"(def|class) {name}\b", sources), f"{owner}.{name}"
