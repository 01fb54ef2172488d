"""The example's README names what is there."""

import re

import pytest

from examples.report.settings import ReportSettings
from tests.examples.report.siting import ROOT

FOLDER = ROOT / "examples" / "report"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w/-]+\.(?:py|md|js))`", README)))


@pytest.mark.parametrize("name", FILES)
def test_files_it_names_exist(name: str) -> None:
    """Below the example, or below the project."""
    assert (FOLDER / name).is_file() or (ROOT / name).is_file()


def test_settings_it_names_are_those_there_are() -> None:
    """Each of them, and no other."""
    named = set(re.findall(r"\| `(HEADWAY_DEMO_REPORT_\w+)` \|", README))
    assert named == {f"HEADWAY_DEMO_REPORT_{field.upper()}" for field in ReportSettings.model_fields}


def test_every_name_of_ours_it_names_is_there() -> None:
    """``module.name`` in the table that maps the requirement to the code."""
    for module, name in re.findall(r"`(status_routes|status|job|patience|reporting|business)\.(?!py`)(\w+)", README):
        source = (FOLDER / f"{module}.py").read_text(encoding="utf-8")
        assert re.search(rf"\b{name}\b", source), f"{module}.{name}"
