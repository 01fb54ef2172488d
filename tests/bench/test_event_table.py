"""The comparison of table layouts, in short."""

from pathlib import Path

from bench.event_table import LAYOUTS, parse, table


def test_every_layout_is_measured_at_every_size(tmp_path: Path) -> None:
    """A row each."""
    options = parse(["--events", "2560", "--sizes", "100", "200", "--folder", str(tmp_path)])
    lines = table(options).splitlines()
    assert len(lines) == 1 + 2 * len(LAYOUTS)
    assert list(tmp_path.iterdir()) == []
