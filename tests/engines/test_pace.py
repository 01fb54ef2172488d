"""Jobs that may not begin yet are left alone, and no longer than that."""

from headway.engines.pace import Pace


def test_a_job_is_held_for_as_long_as_was_said() -> None:
    """Each for itself; the first of them ends the pause."""
    now = [100.0]
    pace = Pace(lambda: now[0])
    assert (list(pace.held()), pace.next_s(1.0)) == ([], 1.0)
    pace.hold("a", 0.4)
    pace.hold("b", 5.0)
    assert set(pace.held()) == {"a", "b"}
    assert round(pace.next_s(1.0), 3) == 0.4
    now[0] += 0.5
    assert pace.next_s(1.0) == 0.0, "it may begin, and nobody has looked yet"
    assert list(pace.held()) == ["b"]
    assert pace.next_s(1.0) == 1.0
