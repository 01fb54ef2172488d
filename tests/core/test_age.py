"""Ages as a person writes them."""

import pytest

from headway.core.age import parse_age
from headway.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15min", 900), ("15 m", 900), ("1.5h", 5_400), ("7D", 604_800), ("2w", 1_209_600), ("never", None)],
)
def test_an_age_as_a_person_writes_it(text: str, seconds: float | None) -> None:
    """With its unit, in any case."""
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1e9s", "7 days", "1d2h"])
def test_what_is_no_age(text: str) -> None:
    """A number alone could be anything."""
    with pytest.raises(UsageError, match="write a number with its unit"):
        parse_age(text)
