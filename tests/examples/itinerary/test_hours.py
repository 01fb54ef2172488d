from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.itinerary.hours import WEEKDAYS, WeekHours, format_clock, parse_clock

MONDAY = date(2026, 12, 7)


def on(text: str, weekday: str) -> tuple[tuple[int, int], ...]:
    """The openings of a week on one weekday."""
    return WeekHours.parse(text).on(MONDAY + timedelta(days=WEEKDAYS.index(weekday)))


@given(st.integers(0, 1440))
def test_a_time_of_day_is_written_and_read(minutes: int) -> None:
    """Every minute of the day, midnight at both ends included, survives the round trip."""
    assert parse_clock(format_clock(minutes)) == minutes


@pytest.mark.parametrize("text", ["9:30", "09:60", "24:01", "09.30", "", "noon", "09:30 "])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    """The text names what was read."""
    with pytest.raises(ValueError, match="is not a time of day"):
        parse_clock(text)


def test_days_that_no_rule_names_are_closed() -> None:
    """A museum closed on Mondays simply leaves Monday out."""
    assert on("Tu-Su 10:00-18:00", "Mo") == ()
    assert on("Tu-Su 10:00-18:00", "Su") == ((600, 1080),)
    assert WeekHours.parse("Tu-Fr,Su 10:00-18:00").closed_weekdays == ("Mo", "Sa")


def test_later_rules_replace_earlier_ones() -> None:
    """`Mo-Su …; Fr …` means another Friday, `Fr closed` none."""
    assert on("Mo-Su 09:00-17:00; Fr 09:00-21:00", "Fr") == ((540, 1260),)
    assert on("Mo-Su 09:00-17:00; Fr closed", "Fr") == ()


def test_a_day_may_have_several_openings() -> None:
    """A church between two services, open until midnight."""
    assert on("Mo,We 08:30-11:30,13:00-24:00", "We") == ((510, 690), (780, 1440))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Mo-Fri 09:00-17:00", "'Fri' is not a weekday"),
        ("Sa-Mo 09:00-17:00", "write Sa-Su,Mo-Mo"),
        ("Mo 17:00-09:00", "ends before it begins"),
        ("Mo 09:00-12:00,11:00-13:00", "overlaps"),
        ("Mo", "is not an interval"),
        ("", "is not an interval"),
    ],
)
def test_what_cannot_be_read_is_explained(text: str, complaint: str) -> None:
    """The error says which part is wrong and how it is written."""
    with pytest.raises(ValueError, match=complaint):
        WeekHours.parse(text)
