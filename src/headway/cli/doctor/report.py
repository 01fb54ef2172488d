"""Findings on a terminal, in a pipe, and as JSON."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

import orjson
from rich.console import Console
from rich.text import Text

from headway.cli.doctor.findings import Finding, Level
from headway.cli.words import one_line

STYLES: Final = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
_LEVEL: Final = 4
_NARROW: Final = 40

Sections = Sequence[tuple[str, Sequence[Finding]]]


def show(sections: Sections, console: Console) -> None:
    """Print findings by section, and how many there are of each level."""
    findings = [finding for _, found in sections for finding in found]
    width = max(len(finding.about) for finding in findings)
    for name, found in sections:
        console.print(Text(name, "bold"))
        for finding in found:
            # lines of a pipe stay whole, so that they can be searched
            for line in _lines(finding, width, console.width if console.is_terminal else sys.maxsize):
                console.print(line, soft_wrap=True)
        console.print()
    console.print(_summary(Counter(finding.level for finding in findings)), soft_wrap=True)


def _lines(finding: Finding, name_width: int, width: int) -> Iterator[Text]:
    indent = 2 + _LEVEL + 2 + name_width + 2
    narrow = width - indent < _NARROW
    room = max(20, width - (4 if narrow else indent))
    level = (f"{finding.level:<{_LEVEL}}", STYLES[finding.level])
    head = Text.assemble("  ", level, "  ", f"{finding.about:<{name_width}}")
    rows = [(row, "") for row in _wrapped(finding.text, room)]
    rows += [(row, "dim") for row in _wrapped(f"mend: {finding.mend}" if finding.mend else "", room)]
    if narrow:
        yield head
        yield from (Text.assemble("    ", row) for row in rows)
        return
    for number, row in enumerate(rows):
        yield Text.assemble(head, "  ", row) if not number else Text.assemble(" " * indent, row)


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(one_line(text), room, break_on_hyphens=False)


def _summary(counts: Counter[Level]) -> Text:
    parts = [f"{counts[Level.OK]} ok"]
    for level, one, more in ((Level.WARN, "warning", "warnings"), (Level.FAIL, "failure", "failures")):
        if counts[level]:
            parts.append(f"{counts[level]} {one if counts[level] == 1 else more}")
    worst = max(counts, key=list(Level).index)
    return Text(", ".join(parts), STYLES[worst])


def print_json(sections: Sections) -> None:
    """Print findings for programs."""
    found = [{"section": name, **asdict(finding)} for name, findings in sections for finding in findings]
    healthy = not any(each["level"] == Level.FAIL for each in found)
    sys.stdout.write(orjson.dumps({"ok": healthy, "findings": found}, option=orjson.OPT_INDENT_2).decode() + "\n")
