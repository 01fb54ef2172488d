"""How much one traveller would like to see one place."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from .models import Interest, Place

FAME_POINTS: Final = 40
INTEREST_POINTS: Final = 45  # one shared interest outweighs one step of fame
COUNTED_INTERESTS: Final = 2  # a place that offers everything is not three times as good


def appeal(place: Place, interests: Collection[Interest]) -> int:
    """Return 40 points per step of fame, and 45 for each of at most two shared interests (40 to 210 together)."""
    shared = len(set(place.interests) & set(interests))
    return FAME_POINTS * place.fame + INTEREST_POINTS * min(shared, COUNTED_INTERESTS)
