"""What a server or worker says when it begins: a block on a terminal, one log line where nobody looks on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from headway.ops.logging import get_logger
from headway.version import VERSION


@dataclass(frozen=True, slots=True)
class Row:
    """One thing worth knowing.

    Attributes:
        style: For rich; for what deserves attention.
    """

    name: str
    text: str
    style: str = ""


def print_block(what: str, rows: Sequence[Row], last: str, console: Console, log_format: str) -> None:
    """Say what begins.

    Args:
        what: ``server``, ``worker``.
        rows: What is worth knowing.
        last: How it ends.
        console: Of standard error.
        log_format: As `headway.config.Settings.log_format`; lines for machines are not broken by a block.
    """
    if not console.is_terminal or log_format == "json":
        fields = {row.name.lower().replace(" ", "_"): row.text for row in rows}
        get_logger(f"headway.{what}").info(f"{what} started", **fields)
        return
    console.print(block(what, rows, last))


def block(what: str, rows: Sequence[Row], last: str) -> Text:
    """Return the block."""
    width = max(len(row.name) for row in rows)
    lines = [Text.assemble(("Headway ", "bold"), (f"{VERSION}  {what}", "dim"))]
    lines += [Text.assemble((f"{row.name:<{width}}  ", "dim"), (row.text, row.style)) for row in rows]
    lines.append(Text(last, "dim"))
    return Text("\n").join([Text(), *(Text.assemble("  ", line) for line in lines), Text()])
