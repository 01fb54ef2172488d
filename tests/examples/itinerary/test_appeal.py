from examples.itinerary.appeal import appeal
from examples.itinerary.catalogue import load
from examples.itinerary.models import Interest


def test_fame_counts_without_interests() -> None:
    """Somebody without wishes gets the famous places."""
    sights = load().sights["rome"]
    assert appeal(sights["rome.colosseum"].place, []) == 120
    assert appeal(sights["rome.villa-farnesina"].place, []) == 40


def test_shared_interests_count_twice_at_most() -> None:
    """A little-known place of the right kind beats a famous one of the wrong kind."""
    navona = load().sights["rome"]["rome.piazza-navona"].place  # architecture, life, art
    assert appeal(navona, [Interest.ART]) == 165
    assert appeal(navona, [Interest.ART, Interest.LIFE]) == appeal(navona, list(Interest)) == 210
    assert appeal(navona, [Interest.SCIENCE]) == 120
