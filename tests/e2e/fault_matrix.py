"""The fault matrix: what happened to a page under each fault, as a table and as a page of the documentation."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = tuple(ROOT / f"tests/e2e/test_fault_matrix_{of}.py" for of in ("network", "browser", "tabs"))
PAGE: Final = ROOT / "docs/fault-matrix.md"
FILE: Final = "FAULT_MATRIX"
"""Variable that names the file the page is written to; `make fault-matrix` sets it."""
PROPERTY: Final = "fault"
"""Under this name a test's report carries its row."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a page under one fault.

    Attributes:
        test: Name of the test.
        fault: What was wrong.
        done: What was done.
        connections: Requests for streams, and others for the state or the log, of all pages together.
        transports: By which it was live, in the order of their use.
        events: That the page was told of one by one.
        snapshots: That stood for events that were not told of.
        gaps: Events that neither came nor were stood for.
        duplicates: Events that the page was told of twice.
        fold: Whether what it shows in the end is what the server has.
    """

    test: str
    fault: str
    done: str
    connections: str
    transports: str
    events: int
    snapshots: int
    gaps: int
    duplicates: int
    fold: str

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """Read what `dump` wrote."""
        return cls(**data)

    def dump(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


HEADS: Final = {
    "fault": "fault",
    "done": "what is done",
    "connections": "streams + other requests",
    "transports": "transports",
    "events": "events",
    "snapshots": "snapshots",
    "gaps": "gaps",
    "duplicates": "duplicates",
    "fold": "final state",
    "test": "test",
}


PART: Final = "## "

HEAD: Final = """\
# The fault matrix

What a page is told by `@headway-run/client` while its network, its server and its browser do their worst. This page is
written by `make fault-matrix` from a run of `tests/e2e/test_fault_matrix*.py`: a browser, a server in a process of its
own, and a network between them that breaks as it is told. Safari has not been tried.

Each test compares what the page shows in the end with the server's snapshot, and judges all it was told before.

- **events**: handed to the page one by one; where several pages watch, to all of them.
- **snapshots**: came in place of events. The first state of each page is one.
- **gaps**: events that neither came nor were in a snapshot that came before the next event.
- **duplicates**: events that the page was told of a second time.

"""


# -- judging


def gaps(told: list[int], snapshots: Iterable[int], last: int) -> int:
    """Count the events that were not told of, and that no snapshot stood for.

    Args:
        told: Seqs of the events a page was told of.
        snapshots: Seqs of the snapshots it got.
        last: Seq of the state it shows in the end.
    """
    stood = set(snapshots)
    steps = pairwise([0, *sorted(set(told)), last + 1])
    # The state before an event that was told of is the event before it, or a snapshot of exactly that.
    return sum(after - before - 1 for before, after in steps if after > before + 1 and after - 1 not in stood)


def duplicates(told: list[int]) -> int:
    """Count the events that were told of before, or after a later one."""
    return sum(after <= before for before, after in pairwise(told))


# -- showing


def told_by(file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, fault and what is done of each test of a file, as its docstring says: ``Fault: what is done.``."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
            fault, _, done = " ".join((ast.get_docstring(node) or "").split()).partition(": ")
            yield node.name, fault, done


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Return rows in the order of their tests, without those of other tests."""
    names = [name for file in TESTS for name, _, _ in told_by(file)]
    return sorted((row for row in rows if row.test in names), key=lambda row: names.index(row.test))


def table(rows: Iterable[Row]) -> str:
    """Return rows as a table of Markdown, which can be read in a terminal, too."""
    lines = [list(HEADS.values())]
    lines += [[_cell(row, name) for name in HEADS] for row in in_order(rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    numbers = {field.name for field in fields(Row) if field.type == "int"}
    rule = ["-" * (width - 1) + (":" if name in numbers else "-") for name, width in zip(HEADS, widths, strict=True)]
    lines.insert(1, rule)
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


def write(rows: Iterable[Row], file: Path, browser: str) -> None:
    """Write the part of the page that tells of a browser; what it says of others is kept.

    Args:
        rows: What was found in it.
        file: The page.
        browser: Its name and version: ``Chromium 156.0``.

    Raises:
        ValueError: a test has no row: it failed, or was not run.
    """
    found = in_order(rows)
    missing = {name for tests in TESTS for name, _, _ in told_by(tests)} - {row.test for row in found}
    if missing:
        raise ValueError(f"the page needs a row from each test that passed; missing: {', '.join(sorted(missing))}")
    parts = _parts(file)
    parts[browser.split(maxsplit=1)[0]] = f"{PART}{browser}, {datetime.now(UTC):%Y-%m-%d}\n\n{table(found)}\n"
    file.write_text("\n".join([HEAD.rstrip("\n") + "\n", *(parts[name] for name in sorted(parts))]))


def read(file: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Return name, fault and what is done of each row of the page, by the browser."""
    return {name: list(_rows(part)) for name, part in _parts(file).items()}


def _parts(file: Path) -> dict[str, str]:
    """Return what the page says, by the browser."""
    _, *parts = f"\n{file.read_text() if file.exists() else ''}".split(f"\n{PART}")
    return {part.split()[0]: f"{PART}{part.rstrip()}\n" for part in parts}


def _rows(part: str) -> Iterator[tuple[str, str, str]]:
    lines = [line for line in part.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        row = dict(zip(HEADS, (cell.strip() for cell in line.split("|")[1:-1]), strict=True))
        yield row["test"].strip("`"), row["fault"], row["done"]


def _cell(row: Row, name: str) -> str:
    value = str(getattr(row, name))
    return f"`{value}`" if name == "test" else value
