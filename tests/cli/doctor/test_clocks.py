"""Clocks that jump, and clocks that differ."""

import pytest

from headway.cli.doctor.clocks import Steady, skew
from headway.cli.doctor.findings import Level


@pytest.mark.parametrize(
    ("wall", "level", "said"),
    [(1_010.0, Level.OK, "steady for the 10.0 s"), (1_010.4, Level.WARN, "+0.40 s"), (950.0, Level.WARN, "-60.00 s")],
)
def test_a_clock_that_is_set_while_it_is_looked_at(wall, level, said):
    """Against one that cannot be set."""
    times = {"wall": 1_000.0, "monotonic": 5.0}
    steady = Steady(lambda: times["wall"], lambda: times["monotonic"])
    times.update(wall=wall, monotonic=15.0)
    finding = steady.look()
    assert (finding.level, said in finding.text) == (level, True)


def test_this_machines_clock():
    """By itself."""
    assert Steady().look().about == "clock"


@pytest.mark.parametrize(
    ("ahead", "precision", "level", "said"),
    [
        (0.2, 0.5, Level.OK, "the same"),
        (-1.0, 0.1, Level.OK, "1.0 s behind"),
        (2.3, 0.5, Level.OK, "2.3 s ahead of"),
        (2.6, 0.5, Level.WARN, "2.6 s ahead of"),
        (-61.0, 0.1, Level.FAIL, "61.0 s behind"),
    ],
)
def test_a_server_with_another_clock(ahead, precision, level, said):
    """What cannot be told apart from the way there is not held against it."""
    finding = skew(ahead, precision)
    assert (finding.level, said in finding.text) == (level, True)
