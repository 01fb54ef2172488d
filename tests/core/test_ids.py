"""Identifiers."""

import re
import time
import uuid

import pytest

from headway.core import ids


@pytest.mark.parametrize(
    ("make", "prefix"), [(ids.new_run_id, "run_"), (ids.new_execution_id, "exe_"), (ids.new_worker_id, "wrk_")]
)
def test_ids_are_uuid7_with_a_prefix(make, prefix):
    """Version and variant are those of RFC 9562, the time is now."""
    before = time.time_ns() // 1_000_000
    made = make()
    after = time.time_ns() // 1_000_000
    assert made.startswith(prefix)
    parsed = uuid.UUID(made.removeprefix(prefix))
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    # ids made faster than one in 0.2 us run a little ahead of the clock
    assert before <= parsed.int >> 80 <= after + 1_000


def test_ids_sort_by_time():
    """A later millisecond gives a greater text."""
    made = [ids._hex(ids._stamp(ms, 0)) for ms in (0, 1, 1_795_253_760_000, 1_795_253_760_001, 2**48 - 1)]
    assert made == sorted(made)
    assert {len(text) for text in made} == {32}


def test_ids_of_one_process_sort_by_the_order_they_were_made_in():
    """Thousands of them fall into one millisecond."""
    made = [ids.new_run_id() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_a_clock_that_goes_back_does_not_turn_the_order():
    """Nor does one that stands still for longer than there are counts."""
    last = ids._stamp(1_000, 0)
    for ms in (999, *(1_000,) * 5_000, 0, 1_001):
        stamp = ids._stamp(ms, last)
        assert stamp > last
        last = stamp


def test_the_count_never_touches_the_version():
    """Whatever its bits are."""
    for stamp in (1 << 12, (1 << 12) + 0xFFF, 2 << 12):
        assert uuid.UUID(ids._hex(stamp)).version == 7


def test_correlation_ids():
    """Short, and safe in a header."""
    assert re.fullmatch(r"[0-9a-f]{16}", ids.new_correlation_id())
    assert ids.new_correlation_id() != ids.new_correlation_id()


def test_ids_made_in_one_millisecond_sort_in_the_order_they_were_made() -> None:
    """A list of runs is in the order they were created."""
    made = [ids.new_run_id() for _ in range(5_000)]
    assert made == sorted(set(made))
