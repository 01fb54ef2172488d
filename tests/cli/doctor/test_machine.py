"""Packages, and the direct path."""

import tomllib

import pytest

from headway.cli.doctor.findings import Level
from headway.cli.doctor.machine import EXTRAS, direct_path, machine
from tests.checkout import ROOT


def test_this_machine():
    """All that its tests need is installed."""
    found = list(machine())
    assert [each.about for each in found] == ["versions", *(f"extra {extra}" for extra in EXTRAS)]
    assert {each.level for each in found} == {Level.OK}
    assert "uvloop " in found[1].text


def test_the_extras_are_those_of_the_package():
    """Nothing is looked for that nobody would install."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, names in EXTRAS.items():
        wanted = {
            line.partition(">")[0].partition("[")[0].strip() for line in extras[extra] if not line.startswith("headway")
        }
        assert wanted == set(names)


def test_what_is_missing_is_named_with_what_brings_it():
    """What only the demo needs is no trouble."""
    _, server, *_, demo = machine(lambda name: None if name in ("uvloop", "astral") else "1.0")
    assert (server.level, server.text, server.mend) == (
        Level.WARN, "missing: uvloop", "pip install 'headway[server]'"
    )  # fmt: skip
    assert (demo.level, demo.mend) == (Level.OK, "")
    assert "astral" in demo.text


@pytest.mark.parametrize(
    ("wanted", "why", "level", "said", "mend"),
    [
        (True, None, Level.OK, "on", ""),
        (False, None, Level.WARN, "HEADWAY_DIRECT", "take HEADWAY_DIRECT away"),
        (True, "switched off by HEADWAY_DIRECT", Level.WARN, "HEADWAY_DIRECT", "take HEADWAY_DIRECT away"),
        (True, "uvicorn 9 is not one we know", Level.WARN, "uvicorn 9", "pip install -U 'headway[server]'"),
    ],
)
def test_the_direct_path(wanted, why, level, said, mend):
    """On, or off and why."""
    found = direct_path(wanted=wanted, why=why)
    assert (found.level, said in found.text, found.mend) == (level, True, mend)
