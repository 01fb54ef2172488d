"""What a benchmark hands back: tables, goals and pictures, as data. Printed, kept as JSON, made into a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows; every cell is text as it is shown.

    Attributes:
        title: One line about all of it.
        columns: The heads.
        rows: As many cells each as there are columns; the first column is read from the left, the others are numbers.
        notes: What the columns mean, where their heads do not say it.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)

    def text(self) -> list[str]:
        """Return it for a terminal."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [_line(cells, widths) for cells in (self.columns, *self.rows)]
        return [self.title, *(f"  {note}" for note in self.notes), *lines]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]).rstrip()


@dataclass(frozen=True, slots=True)
class Goal:
    """What was promised, and what was measured.

    Attributes:
        bound: Whether the limit is the most or the least that is allowed.
    """

    what: str
    measured: float
    limit: float
    unit: str = ""
    bound: Literal["at most", "at least"] = "at most"

    @property
    def met(self) -> bool:
        """Whether the promise holds."""
        return self.measured <= self.limit if self.bound == "at most" else self.measured >= self.limit

    @property
    def verdict(self) -> str:
        """Say whether it was met, and by how much it was missed."""
        if self.met:
            return "met"
        return f"MISSED by {abs(self.measured / self.limit - 1) * 100:.0f} %" if self.limit else "MISSED"

    @property
    def allowed(self) -> str:
        """Say what is allowed."""
        return f"{self.bound} {self.limit:,g}{self._unit}"

    @property
    def shown(self) -> str:
        """Say what was measured."""
        return f"{number(self.measured)}{self._unit}"

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture of horizontal bars.

    Attributes:
        name: Of the file.
        unit: Of the values.
        series: Names of the values of each bar, drawn one below the other.
        bars: Label and values.
        ours: Labels that are drawn in the colour of what the page is about.
        limit: Where a line is drawn, and what it says.
    """

    name: str
    title: str
    unit: str
    series: list[str]
    bars: list[tuple[str, list[float]]]
    ours: list[str] = field(default_factory=list)
    limit: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A picture of values over time: name of each line, and its points (seconds, value)."""

    name: str
    title: str
    unit: str
    lines: list[tuple[str, list[tuple[float, float]]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one benchmark found.

    Attributes:
        facts: What was measured, name and value: sizes, versions, what was left out.
        warnings: Why the figures may not mean what they seem to.
        faults: What must not happen at all; the benchmark has failed if there are any.
        raw: Every single measurement.
    """

    tables: list[Table]
    goals: list[Goal] = field(default_factory=list)
    bars: list[Bars] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    raw: Any = None

    def text(self) -> str:
        """Return it for a terminal."""
        lines = [f"{name:>14}: {value}" for name, value in self.facts.items()]
        for table in self.tables:
            lines += ["", *table.text()]
        lines += ["", *(f"! {warning}" for warning in self.warnings), *(f"FAULT: {fault}" for fault in self.faults)]
        lines += [f"goal: {goal.what}: {goal.shown} ({goal.allowed}): {goal.verdict}" for goal in self.goals]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Record:
    """One benchmark's outcome with everything needed to compare it with another run's.

    Attributes:
        program: Its name: `python -m bench.<program>`.
        claim: What it is there to show.
        machine: As `bench.machine.describe` says.
        seconds: How long it took.
    """

    program: str
    claim: str
    machine: dict[str, str]
    seconds: float
    outcome: Outcome

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self), indent=1, default=_plain) + "\n")

    @classmethod
    def load(cls, data: dict[str, Any]) -> Record:
        """Read what `save` wrote."""
        found = data["outcome"]
        parts = {"tables": Table, "goals": Goal, "bars": Bars, "curves": Curve}
        made = {name: [kind(**each) for each in found[name]] for name, kind in parts.items()}
        return cls(**{**data, "outcome": Outcome(**{**found, **made})})


def _plain(value: object) -> object:
    """Turn what JSON has no word for into what it has: a set of cores."""
    if isinstance(value, set):
        return sorted(value)
    raise TypeError(f"{value!r} cannot be written as JSON")


def number(value: float) -> str:
    """Return a number with about three digits that mean something."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
