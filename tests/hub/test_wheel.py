from headway.hub.wheel import SLOTS, Wheel


class _Member:
    slot = 0


def test_everybody_once_a_turn() -> None:
    """However often one looks, each comes up once in a turn."""
    wheel: Wheel[_Member] = Wheel(64.0, 1_000.0)
    members = [_Member() for _ in range(200)]
    for member in members:
        wheel.add(member)
    seen = [member for tick in range(1, 641) for member in wheel.due(1_000.0 + tick / 10)]
    assert len(seen) == 200
    assert set(seen) == set(members)


def test_slots_are_equally_full() -> None:
    """No moment has more pings than another."""
    wheel: Wheel[_Member] = Wheel(64.0, 0.0)
    for _ in range(SLOTS * 3):
        wheel.add(_Member())
    assert {len(wheel.due(float(second))) for second in range(1, SLOTS + 1)} == {3}


def test_after_a_long_pause_everybody_once() -> None:
    """A suspended machine does not owe its viewers a hundred pings."""
    wheel: Wheel[_Member] = Wheel(64.0, 0.0)
    members = [_Member() for _ in range(10)]
    for member in members:
        wheel.add(member)
    assert len(wheel.due(10_000.0)) == 10
    assert wheel.due(10_000.0) == []


def test_remove() -> None:
    """Whoever left does not come up; leaving twice does no harm."""
    wheel: Wheel[_Member] = Wheel(64.0, 0.0)
    member = _Member()
    wheel.add(member)
    wheel.remove(member)
    wheel.remove(member)
    assert wheel.due(64.0) == []
