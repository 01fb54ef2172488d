"""The benchmark of appends measures what it says, in short."""

from pathlib import Path

from bench.appends import PROGRAM, SHAPES, measure, outcome


def test_every_shape_is_measured_against_the_bare_loop(tmp_path: Path) -> None:
    """Both are there for each shape, and make a row of the table."""
    options = PROGRAM.parse(["--quick", "--folder", str(tmp_path)])
    figures = measure(options)
    assert [(each.what, each.runs, each.batch) for each in figures] == [
        (what, *shape) for shape in SHAPES for what in ("headway", "bare")
    ]
    assert all(each.events_per_s > 0 and each.cpu_us > 0 for each in figures)
    assert len(outcome(figures).tables[0].rows) == len(SHAPES)
    assert list(tmp_path.iterdir()) == []
