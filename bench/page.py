"""The page about a run of all benchmarks: docs/benchmarks.md and its pictures. Nothing on it is written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.outcome import Bars, Curve, Goal, Record, Table
from bench.pictures import draw

HEAD = """\
# Benchmarks

This page and its pictures are written by `make bench`; the figures of a section are those of one run of its program, of
which commit and when stands above them. What each program does, what counts, and how it is kept honest is told in
`bench/README.md`. Absolute figures change with the machine, the ratios between rows measured in the same run much less.
Every single measurement is in `bench/results.json`.
"""


def write(records: Sequence[Record], docs: Path) -> None:
    """Write the page and the pictures, and remove pictures of earlier runs."""
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for old in images.glob("bench-*.svg"):
        old.unlink()
    for record in records:
        for picture in _pictures(record):
            (images / f"bench-{picture.name}.svg").write_text(draw(picture))
    (docs / "benchmarks.md").write_text(page(records))


def page(records: Sequence[Record]) -> str:
    """Return the page."""
    lines = [HEAD, *_machine(records)]
    goals = [(record, goal) for record in records for goal in record.outcome.goals]
    if goals:
        lines += ["## Goals", "", *_goals(goals), ""]
    for record in records:
        lines += _section(record)
    return "\n".join(lines).rstrip() + "\n"


def save(records: Sequence[Record], file: Path) -> None:
    """Write all records as one file."""
    texts = []
    for record in records:
        record.save(file)
        texts.append(file.read_text().rstrip())
    file.write_text("[\n" + ",\n".join(texts) + "\n]\n")


def load(file: Path) -> list[Record]:
    """Read what `save` wrote; nothing where there is no file."""
    return [Record.load(each) for each in json.loads(file.read_text())] if file.exists() else []


def _machine(records: Sequence[Record]) -> Iterator[str]:
    """Yield what is the same for all, once."""
    first = records[0].machine
    same = {name: value for name, value in first.items() if all(each.machine.get(name) == value for each in records)}
    yield from ["## Machine", "", "| | |", "|---|---|"]
    yield f"| date | {min(each.machine['date'] for each in records)} |"
    for name, value in same.items():
        if value and name not in ("date", "command"):
            yield f"| {name} | {value} |"
    yield f"| all of it took | {sum(each.seconds for each in records) / 60:.0f} minutes |"
    yield ""


def _goals(goals: Sequence[tuple[Record, Goal]]) -> Iterator[str]:
    yield from ["| goal | promised | measured | |", "|---|---:|---:|---|"]
    for record, goal in goals:
        verdict = goal.verdict if goal.met else f"**{goal.verdict}**"
        yield f"| [{goal.what}](#{record.program}) | {goal.allowed} | {goal.shown} | {verdict} |"


def _section(record: Record) -> Iterator[str]:
    outcome, machine = record.outcome, record.machine
    yield from [f"## {record.program}", "", record.claim, ""]
    yield f"`python -m bench.{record.program}`, {machine['date']}, commit {machine['commit']}, {record.seconds:.0f} s"
    yield ""
    for picture in _pictures(record):
        yield from [f"![{picture.title}](images/bench-{picture.name}.svg)", ""]
    for table in outcome.tables:
        yield from _table(table)
    for kind, lines in (("Warning", outcome.warnings), ("Fault", outcome.faults)):
        for line in lines:
            yield from [f"**{kind}:** {line}", ""]
    if outcome.facts:
        yield from [f"- {name}: {value}" for name, value in outcome.facts.items()]
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield from [f"**{table.title}**", ""]
    yield f"| {' | '.join(table.columns)} |"
    yield f"|---|{'---:|' * (len(table.columns) - 1)}"
    yield from (f"| {' | '.join(cells)} |" for cells in table.rows)
    yield ""
    if table.notes:
        yield from [f"{note}  " for note in table.notes]
        yield ""


def _pictures(record: Record) -> list[Bars | Curve]:
    return [*record.outcome.bars, *record.outcome.curves]
