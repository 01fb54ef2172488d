"""How findings look."""

import io
import json

import pytest
from rich.console import Console

from headway.cli.doctor.findings import fail, ok, warn
from headway.cli.doctor.report import print_json, show

LONG = "word " * 60
SECTIONS = [
    ("this machine", [ok("versions", "all of them"), warn("a longer name", LONG, "do this")]),
    ("store", [fail("disk", "full\n\x1b[2J", LONG)]),
]


def shown(width: int, *, terminal: bool) -> list[str]:
    """The lines."""
    written = io.StringIO()
    show(SECTIONS, Console(file=written, width=width, force_terminal=terminal, color_system=None))
    return written.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_it_fits_a_terminal(width):
    """What does not is wrapped below itself."""
    lines = shown(width, terminal=True)
    assert max(map(len, lines)) <= width
    assert lines[0] == "this machine"
    assert "\x1b[2J" not in "\n".join(lines)
    assert lines[-1] == "1 ok, 1 warning, 1 failure"


def test_a_line_in_a_pipe_is_whole():
    """So that it can be searched."""
    lines = shown(80, terminal=False)
    assert lines[1:4] == [
        "  ok    versions       all of them",
        f"  warn  a longer name  {LONG.strip()}",
        "                       mend: do this",
    ]
    assert lines[6] == "  fail  disk           full"


def test_json(capsys):
    """For programs."""
    print_json(SECTIONS)
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["findings"][1] == {
        "section": "this machine",
        "about": "a longer name",
        "level": "warn",
        "text": LONG,
        "mend": "do this",
    }
    print_json(SECTIONS[:1])
    assert json.loads(capsys.readouterr().out)["ok"] is True
