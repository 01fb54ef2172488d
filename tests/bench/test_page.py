"""The page says what was measured, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import page
from bench.__main__ import main
from bench.outcome import Bars, Curve, Goal, Outcome, Record, Table
from bench.pictures import draw

ROOT = Path(__file__).parents[2]
MACHINE = {"date": "2026-11-26T10:00:00+00:00", "command": "python -m bench.mine", "cores": "2", "commit": "abc"}
BARS = Bars("sizes", "Sizes <of all>", "B", ["small", "large"], [("a & b", [1.0, 5.0]), ("c", [0.0, 2.5])], ["c"])
CURVE = Curve("growth", "Growth", "MiB", [("process", [(0.0, 1.0), (2.0, 7.3)]), ("sockets", [(0.0, 0.0)])])


def record(program: str = "mine", **machine: str) -> Record:
    """Return one that has something of everything."""
    outcome = Outcome(
        tables=[Table("Sizes", ["what", "bytes"], [["small", "1"]], ["of the file"])],
        goals=[Goal("size", 2, 1, "B"), Goal("rate", 2, 1, "/s", "at least")],
        bars=[BARS],
        curves=[CURVE],
        facts={"disk": "there"},
        warnings=["a slow day"],
    )
    return Record(program, "It is small.", {**MACHINE, **machine}, 90.0, outcome)


@pytest.mark.parametrize(
    "picture", [BARS, replace(BARS, limit=(4.0, "limit")), replace(BARS, series=["one"], bars=[("a", [0.0])]), CURVE]
)
def test_a_picture_is_svg(picture):
    """Whatever the labels hold and however small the values are; it names itself for those who cannot see it."""
    root = ET.fromstring(draw(picture))
    assert root.tag.endswith("svg")
    assert root[0].text == picture.title


def test_bars_are_as_long_as_their_values():
    """Twice the value, twice the bar; the place of a bar tells nothing."""
    root = ET.fromstring(draw(replace(BARS, series=["one"], bars=[("a", [5.0]), ("b", [2.5])])))
    widths = [float(each.attrib["width"]) for each in root.iter() if each.tag.endswith("rect")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.1)


def test_the_page_holds_what_was_measured(tmp_path):
    """Goals, tables, pictures, warnings; what is the same for all programs once, at the top."""
    page.write([record(), record("other", commit="def")], tmp_path)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "| [size](#mine) | at most 1 B | 2 B | **MISSED by 100 %** |" in text
    assert "| [rate](#mine) | at least 1 /s | 2 /s | met |" in text
    assert "![Growth](images/bench-growth.svg)" in text
    assert "| small | 1 |" in text
    assert "**Warning:** a slow day" in text
    assert text.count("| cores | 2 |") == 1
    assert "| commit |" not in text
    assert "commit def" in text
    assert {file.name for file in (tmp_path / "images").iterdir()} == {"bench-growth.svg", "bench-sizes.svg"}


def test_records_are_kept_in_one_file(tmp_path):
    """What was written is read again; pictures of earlier runs go."""
    file = tmp_path / "results.json"
    page.save([record(), record("other")], file)
    assert [each.program for each in page.load(file)] == ["mine", "other"]
    assert page.page(page.load(file)) == page.page([record(), record("other")])
    assert page.load(tmp_path / "none.json") == []


@pytest.mark.slow
def test_one_benchmark_is_measured_and_becomes_a_page(tmp_path):
    """From the command to the page; what another run found before stays."""
    (tmp_path / "bench").mkdir()
    page.save([record("resume")], tmp_path / "bench" / "results.json")
    assert main(["--quick", "--only", "join", "--root", str(tmp_path)]) == 0
    text = (tmp_path / "docs" / "benchmarks.md").read_text()
    assert text.index("## join") < text.index("## resume")


def test_the_page_is_that_of_the_results():
    """Neither is changed by hand."""
    records = page.load(ROOT / "bench" / "results.json")
    if not records:
        pytest.skip("there are no results yet")
    assert (ROOT / "docs" / "benchmarks.md").read_text() == page.page(records)
