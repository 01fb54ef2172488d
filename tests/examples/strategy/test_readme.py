"""The example's README names what is there."""

import re

import pytest

from examples.strategy.settings import StrategySettings
from tests.examples.report.siting import ROOT

FOLDER = ROOT / "examples" / "strategy"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w/-]+\.(?:py|md|tsx?|txt))`", README)))
SAMPLE = (FOLDER / "sample" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_files_it_names_exist(name: str) -> None:
    """Below the example, or below the project."""
    assert (FOLDER / name).is_file() or (ROOT / name).is_file()


def test_settings_it_names_are_those_there_are() -> None:
    """Each of them, and no other."""
    named = set(re.findall(r"\| `(HEADWAY_DEMO_STRATEGY_\w+)` \|", README))
    assert named == {f"HEADWAY_DEMO_STRATEGY_{field.upper()}" for field in StrategySettings.model_fields}


def test_every_text_of_others_has_its_licence_beside_it() -> None:
    """And stands in the list of sources."""
    folders = [path for path in (FOLDER / "sample" / "competitors").iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text(encoding="utf-8")
        assert f"`competitors/{folder.name}`" in SAMPLE
