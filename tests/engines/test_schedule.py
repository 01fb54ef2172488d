"""Schedules: which times they mean, on the days the clock is changed, too."""

import datetime as dt
import sys
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.core.clock import parse_ms
from headway.engines.schedule import Schedule
from headway.errors import UsageError

BERLIN = "Europe/Berlin"


def ticks(cron: str, start: str, count: int, timezone: str = BERLIN) -> list[str]:
    """The next ticks as the local clock shows them."""
    schedule, now, found = Schedule.parse(cron, timezone), parse_ms(start) or 0, []
    for _ in range(count):
        now = schedule.after(now)
        found.append(dt.datetime.fromtimestamp(now / 1000, ZoneInfo(timezone)).strftime("%m-%d %H:%M %z"))
    return found


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-03-26T12:00:00.000Z", ["03-27 07:00 +0100", "03-28 07:00 +0200", "03-29 07:00 +0200"]),
        ("2027-10-29T12:00:00.000Z", ["10-30 07:00 +0200", "10-31 07:00 +0100", "11-01 07:00 +0100"]),
    ],
)
def test_seven_o_clock_is_seven_o_clock_in_summer_and_winter(start: str, expected: list[str]) -> None:
    """The day of the change has 23 or 25 hours."""
    assert ticks("0 7 * * *", start, 3) == expected


def test_a_time_that_is_leapt_over_is_due_after_the_leap() -> None:
    """No day goes without."""
    assert ticks("30 2 * * *", "2027-03-27T12:00:00.000Z", 2) == ["03-28 03:00 +0200", "03-29 02:30 +0200"]


def test_a_time_that_comes_twice_is_due_once() -> None:
    """The first time."""
    assert ticks("30 2 * * *", "2027-10-30T12:00:00.000Z", 2) == ["10-31 02:30 +0200", "11-01 02:30 +0100"]


def test_every_half_hour_is_every_half_hour() -> None:
    """Also in the hour that comes twice, and over the one that does not come."""
    for start in ("2027-10-30T22:10:00.000Z", "2027-03-27T22:10:00.000Z"):
        schedule, now = Schedule.parse("*/30 * * * *", BERLIN), parse_ms(start) or 0
        first = now = schedule.after(now)
        for number in range(1, 12):
            now = schedule.after(now)
            assert now - first == number * 1_800_000


@given(
    st.sampled_from(["0 7 * * *", "30 2 * * *", "*/30 * * * *", "0 0 1 * *", "15 2,3 * 3,10 0"]),
    st.integers(1_800_000_000, 1_840_000_000),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_the_tick_before_and_the_tick_after_are_neighbours(cron: str, now_s: int, timezone: str) -> None:
    """Whoever looks at any time finds the same ticks."""
    schedule, now = Schedule.parse(cron, timezone), now_s * 1000
    before, after = schedule.before(now), schedule.after(now)
    assert before <= now < after
    assert schedule.before(before) == schedule.before(after - 1000) == before
    assert schedule.after(before) == after
    assert schedule.before(after) == after


def refusals() -> Iterable[tuple[str, str, str, str]]:
    """What is written, and what is said of it."""
    for cron in ("", "0 7 * *", "* * * * * *", "@daily", "61 * * * *", "0 7 * * someday", "R R * * *", "H 1 * * *"):
        yield cron, "UTC", "is not one", "minute hour day month weekday"
    yield "0 0 30 2 *", "UTC", "is never due", "day and month"
    for timezone in ("Mars/Olympus", "../etc/passwd", ""):
        yield "0 7 * * *", timezone, "there is no time zone", "Europe/Berlin"


@pytest.mark.parametrize(("cron", "timezone", "said", "hint"), list(refusals()))
def test_what_cannot_be_is_refused_where_it_is_written(cron: str, timezone: str, said: str, hint: str) -> None:
    """With what to write instead."""
    with pytest.raises(UsageError, match=said) as caught:
        Schedule.parse(cron, timezone)
    assert hint in (caught.value.hint or "")


def test_without_the_package_it_is_said_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not among those every install has."""
    monkeypatch.setitem(sys.modules, "croniter", None)
    with pytest.raises(UsageError, match="needs croniter, which is not installed") as caught:
        Schedule.parse("0 7 * * *")
    assert "headway[schedule]" in (caught.value.hint or "")


def test_it_is_shown_as_it_was_written() -> None:
    """With its zone."""
    assert str(Schedule.parse("0  7 * * 1-5", BERLIN)) == f"0 7 * * 1-5 {BERLIN}"
