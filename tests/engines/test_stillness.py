"""What stands still is counted in seconds this process was awake."""

from headway.engines.stillness import Stillness


def test_what_moves_is_counted_anew() -> None:
    """Each key by itself; what was not seen before stands still from now on."""
    now = 100.0
    still = Stillness(1.0, lambda: now)
    assert still.seconds("a", 1) == 0
    now += 1
    still.look()
    assert (still.seconds("a", 1), still.seconds("b", 1)) == (1, 0)
    now += 1
    still.look()
    assert (still.seconds("a", 2), still.seconds("b", 1)) == (0, 1)


def test_of_a_long_gap_little_is_believed() -> None:
    """This process may have been stopped, and those it watches with it."""
    now = 100.0
    still = Stillness(1.0, lambda: now)
    still.seconds("a", 1)
    now += 3_600
    still.look()
    assert still.seconds("a", 1) == 2


def test_what_is_not_kept_begins_anew() -> None:
    """As everything does after `clear`."""
    now = 100.0
    still = Stillness(1.0, lambda: now)
    still.seconds("a", 1)
    still.seconds("b", 1)
    now += 1
    still.look()
    still.keep({"a"})
    assert (still.seconds("a", 1), still.seconds("b", 1)) == (1, 0)
    still.clear()
    assert still.seconds("a", 1) == 0
