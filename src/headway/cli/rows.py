"""Rows of a view: each is one line of a known width, whatever text it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from headway.cli.words import Sign

BAR_SPEED: Final = 8
"""Columns a second the mark of a bar moves when nobody knows how much there is to do."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How to draw.

    Attributes:
        width: Columns.
        unicode: Whether more than ASCII can be shown.
        now: Seconds since the epoch; moves what moves.
    """

    width: int
    unicode: bool = True
    now: float = 0.0

    @property
    def dots(self) -> str:
        """What stands for text that was left out."""
        return "…" if self.unicode else "..."

    def icon(self, sign: Sign) -> tuple[str, str]:
        """Return a sign in its style."""
        return (sign.icon if self.unicode else sign.plain, sign.style)

    def bar(self, width: int, fraction: float, style: str = "cyan", *, moving: bool = False) -> Text:
        """Return a bar; a `moving` one says that there is more, and nobody knows how much."""
        full, half, rest = ("━", "╸", "─") if self.unicode else ("#", "", "-")
        halves = int(min(max(fraction, 0.0), 1.0) * width * 2)
        done = full * (halves // 2) + half * (halves % 2)
        left = width - len(done)
        if not moving or not left:
            return Text.assemble((done, style), (rest * left, "dim"))
        mark = min(max(2, width // 6), left)
        at = int(self.now * BAR_SPEED) % (left + mark) - mark
        before, behind = max(0, at), max(0, left - at - mark)
        return Text.assemble(
            (done, style), (rest * before, "dim"), (full * (left - before - behind), style), (rest * behind, "dim")
        )

    def fit(self, text: Text, width: int) -> Text:
        """Cut a text to a width; a longer one ends in dots."""
        if cell_len(text.plain) <= width:
            return text
        cut = text.copy()
        cut.truncate(max(0, width - len(self.dots)))
        cut.append(self.dots[: max(0, width)], "dim")
        return cut

    def row(self, left: Text, right: Text | None = None, *, indent: int = 0) -> Text:
        """Return a row; what stands on the right is kept, what stands on the left gives way."""
        room = self.width - indent
        if right is None or not right.plain or cell_len(right.plain) > room - 4:
            return Text.assemble(" " * indent, self.fit(left, room))
        left = self.fit(left, room - cell_len(right.plain) - 2)
        gap = room - cell_len(left.plain) - cell_len(right.plain)
        return Text.assemble(" " * indent, left, " " * gap, right)

    def columns(self, cells: Sequence[tuple[Text, int]], rest: Text | None = None, *, indent: int = 0) -> Text:
        """Return cells of fixed widths, two spaces apart, and a last one that takes what is left."""
        row = Text(" " * indent)
        for text, width in cells:
            fitted = self.fit(text, width)
            row = Text.assemble(row, fitted, " " * (width - cell_len(fitted.plain) + 2))
        room = self.width - cell_len(row.plain)
        if rest is not None and room >= 4:
            row = Text.assemble(row, self.fit(rest, room))
        return self.fit(Text(row.plain.rstrip(), spans=row.spans), self.width)

    def wrap(self, text: str, width: int, lines: int) -> list[str]:
        """Break text at a width and return its last lines. Only the end is looked at, however long it is."""
        wrapped: list[str] = []
        for line in text[-lines * max(width, 1) * 2 :].split("\n"):
            wrapped += _folded(line, max(width, 1))
        while wrapped and not wrapped[-1]:
            wrapped.pop()
        last = wrapped[-lines:] if lines > 0 else []
        while last and not last[0]:
            last.pop(0)
        return last


def _folded(line: str, width: int) -> list[str]:
    """Break one line at spaces where there are any, else anywhere."""
    pieces: list[str] = []
    while cell_len(line) > width:
        end, cells = 0, 0
        while cells + cell_len(line[end]) <= width:
            cells += cell_len(line[end])
            end += 1
        end = max(end, 1)
        space = line.rfind(" ", 0, end + 1)
        end = space if space > width // 3 else end
        pieces.append(line[:end])
        line = line[end:].removeprefix(" ")
    return [*pieces, line]
