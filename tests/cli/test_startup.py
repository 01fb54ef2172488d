"""What is said at the start."""

import io
import logging

from rich.console import Console

from headway import __version__
from headway.cli.startup import Row, block, print_block

ROWS = [Row("Store", "sqlite:///a.db"), Row("At once", "20 runs", "yellow")]


def test_a_block_on_a_terminal():
    """Names in one column, values in the other."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80, no_color=True)
    print_block("worker", ROWS, "Ctrl-C stops it.", console, "auto")
    text = block("worker", ROWS, "Ctrl-C stops it.").plain
    assert text.splitlines() == [
        "",
        f"  Headway {__version__}  worker",
        "  Store    sqlite:///a.db",
        "  At once  20 runs",
        "  Ctrl-C stops it.",
    ]
    assert "sqlite:///a.db" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_line_where_nobody_looks_on(caplog):
    """With the same in fields; also on a terminal that is to show lines for machines."""
    caplog.set_level(logging.INFO, "headway")
    for console, log_format in (
        (Console(file=io.StringIO()), "auto"),
        (Console(file=io.StringIO(), force_terminal=True), "json"),
    ):
        print_block("worker", ROWS, "Ctrl-C stops it.", console, log_format)
        assert console.file.getvalue() == ""  # type: ignore[attr-defined]
    for record in caplog.records:
        assert record.getMessage() == "worker started store=sqlite:///a.db at_once=20 runs"
    assert len(caplog.records) == 2
