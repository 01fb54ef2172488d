import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.itinerary import geo

LOUVRE, ORSAY = (48.8611, 2.3364), (48.8600, 2.3266)
POINTS = st.tuples(st.floats(-80, 80), st.floats(-179, 179))


def test_a_known_distance() -> None:
    """Paris to London is 344 km as the crow flies."""
    assert geo.distance_m((48.8566, 2.3522), (51.5074, -0.1278)) == pytest.approx(343_900, rel=0.005)


@given(POINTS, POINTS)
def test_distance_is_symmetric_and_never_negative(one: geo.Point, other: geo.Point) -> None:
    """It is a distance."""
    assert geo.distance_m(one, other) == pytest.approx(geo.distance_m(other, one))
    assert geo.distance_m(one, other) >= 0
    assert geo.distance_m(one, one) == 0


def test_a_walk_is_longer_than_the_straight_line_and_rounded_up() -> None:
    """From the Louvre to Orsay: about 730 m as the crow flies, 950 m in the streets, 13 minutes."""
    metres = geo.walking_metres(LOUVRE, ORSAY)
    assert metres == pytest.approx(geo.distance_m(LOUVRE, ORSAY) * 1.3, abs=1)
    assert geo.walking_minutes(metres) == 13
    assert geo.walking_minutes(0) == 0
    assert geo.walking_minutes(1) == 1


@pytest.mark.parametrize(
    ("step", "name"),
    [((1, 0), "north"), ((0, 1), "east"), ((-1, 0), "south"), ((0, -1), "west"), ((1, 1), "north-east")],
)
def test_headings(step: tuple[int, int], name: str) -> None:
    """Near the equator a degree is a degree in every direction."""
    assert geo.heading((0, 0), (step[0] * 0.01, step[1] * 0.01)) == name
