"""A rate as it is written, and what it allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import UsageError
from headway.stores.rate import TIMES_MAX, Rate


@pytest.mark.parametrize(
    ("text", "times", "per_ms"),
    [("5/s", 5, 1_000), ("10/m", 10, 60_000), ("100/h", 100, 3_600_000), (f"{TIMES_MAX}/d", TIMES_MAX, 86_400_000)],
)
def test_a_rate_is_a_number_and_a_time(text: str, times: int, per_ms: int) -> None:
    """Of seconds, minutes, hours or days; it is shown as it was written."""
    rate = Rate.parse(text)
    assert (rate.times, rate.per_ms, str(rate)) == (times, per_ms, text)


@pytest.mark.parametrize("text", ["", "10", "10/min", "1.5/s", "-1/s", "10 / m", "m/10", "1/s\n", "٣/s", 10])
def test_anything_else_is_told_the_form(text: str) -> None:
    """The hint shows how it is written."""
    with pytest.raises(UsageError, match="is not one") as caught:
        Rate.parse(text)
    assert "10/m" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["0/s", f"{TIMES_MAX + 1}/h"])
def test_the_number_has_bounds(text: str) -> None:
    """Each beginning is remembered for as long as it counts."""
    with pytest.raises(UsageError, match=f"from 1 to {TIMES_MAX}"):
        Rate.parse(text)


@given(st.integers(1, 5), st.lists(st.integers(0, 3_000), max_size=60))
def test_no_stretch_of_time_has_more(times: int, naps: list[int]) -> None:
    """Wherever it starts; and who has waited as long as they were told is let through."""
    rate, now = Rate(times, 1_000, f"{times}/s"), 0
    begun: list[int] = []
    all_of_them: list[int] = []
    for nap in naps:
        now += nap
        wait = rate.wait_ms(begun, now)
        assert (wait == 0) == (rate.room([now - at for at in begun]) > 0)
        if wait:
            assert rate.wait_ms(begun, now + wait - 1) == 1
            now += wait
        begun = rate.kept(begun, now)
        all_of_them.append(now)
    assert len(begun) <= times
    for first, last in zip(all_of_them, all_of_them[times:], strict=False):
        assert last - first >= rate.per_ms


def test_a_clock_that_was_set_back_holds_up_nobody_for_long() -> None:
    """What seems to lie far ahead does not count."""
    rate = Rate.parse("1/m")
    assert rate.wait_ms([3_600_000], 0) == 0
    assert rate.room([-3_600_000]) == 1
    assert rate.wait_ms([5], 0) == 60_005
