"""What benchmarks hand back survives being written down, and says what it must."""

from __future__ import annotations

import json
import sys

import pytest

from bench import machine
from bench.outcome import Bars, Curve, Goal, Outcome, Record, Table, number
from bench.processes import BenchError
from bench.program import Program


def outcome() -> Outcome:
    """Return one with something of everything."""
    return Outcome(
        tables=[Table("Sizes", ["what", "bytes"], [["small", "1"], ["large", "1,000"]], ["of the file"])],
        goals=[Goal("rate", 50, 100, "events/s", "at least")],
        bars=[Bars("sizes", "Sizes", "B", ["size"], [("small", [1.0])], ["small"], (2.0, "limit"))],
        curves=[Curve("growth", "Growth", "B", [("size", [(0.0, 1.0), (1.0, 2.0)])])],
        facts={"disk": "there"},
        raw={"cores": {1, 0}},
    )


def program(measured: Outcome | BenchError) -> Program:
    """Return a program that finds this."""

    def measure(options) -> Outcome:
        if isinstance(measured, BenchError):
            raise measured
        return measured

    return Program("mine", "It works.", lambda parser: parser.add_argument("--size"), measure, {"size": "small"})


def test_a_table_is_aligned():
    """The first column from the left, numbers from the right."""
    assert outcome().tables[0].text() == ["Sizes", "  of the file", "what   bytes", "small      1", "large  1,000"]


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("time", 50, 50, "ms"), "met"),
        (Goal("time", 75, 50, "ms"), "MISSED by 50 %"),
        (Goal("gaps", 1, 0), "MISSED"),
        (Goal("rate", 100, 100, "events/s", "at least"), "met"),
        (Goal("rate", 75, 100, "events/s", "at least"), "MISSED by 25 %"),
    ],
)
def test_a_goal_says_by_how_much(goal, verdict):
    """Met, or missed by so many percent of what was promised."""
    assert goal.verdict == verdict


@pytest.mark.parametrize(
    ("value", "shown"), [(0.123, "0.12"), (12.34, "12.3"), (123.4, "123"), (1234567, "1,234,567"), (2.0, "2"), (0, "0")]
)
def test_numbers_have_the_digits_that_mean_something(value, shown):
    """Three of them, about."""
    assert number(value) == shown


def test_a_record_is_read_as_it_was_written(tmp_path):
    """Through JSON and back."""
    file = tmp_path / "mine.json"
    assert program(outcome()).main(["--json", str(file)]) == 0
    record = Record.load(json.loads(file.read_text()))
    assert record.program == "mine"
    assert record.outcome.tables == outcome().tables
    assert record.outcome.goals == outcome().goals
    assert record.machine["python"] == sys.version.split()[0]


def test_a_smoke_test_has_its_own_defaults_and_judges_nothing(capsys):
    """What was asked for by an option stays."""
    mine = program(outcome())
    assert mine.parse([]).size is None
    assert mine.parse(["--quick"]).size == "small"
    assert mine.parse(["--quick", "--size", "huge"]).size == "huge"
    assert mine.main(["--quick"]) == 0
    assert "goal:" not in capsys.readouterr().out


def test_what_must_not_happen_fails_the_program(capsys):
    """A fault, and a figure that cannot be given, end with 1."""
    assert program(Outcome([], faults=["an event was lost"])).main([]) == 1
    assert "FAULT: an event was lost" in capsys.readouterr().out
    assert program(BenchError("no compiler")).main([]) == 1
    assert "bench.mine: no compiler" in capsys.readouterr().err


def test_a_busy_machine_is_told():
    """Figures from a machine that did other work say so."""
    assert machine.busy({"load average": "0.10 0.20 0.30", "cores": "2"}) == ""
    said = machine.busy({"load average": "1.50 0.20 0.30", "cores": "2"})
    assert "busy before this began (load 1.5 on 2 cores)" in said
