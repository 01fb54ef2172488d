"""What fails again and again is told of twice: when it begins, and when it is over."""

import logging

import pytest

from headway.engines.outage import Outage, reason
from headway.errors import StoreUnavailable


def test_an_outage_is_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    """However often it fails between them; the next one is told again."""
    outage = Outage(logging.getLogger("headway.test"), "it is away", "it is back")
    outage.end()
    with caplog.at_level(logging.INFO, "headway.test"):
        for _ in range(2):
            for number in range(3):
                outage.note(OSError(f"refused {number}"))
            outage.end()
            outage.end()
    assert [record.getMessage() for record in caplog.records] == ["it is away: refused 0", "it is back"] * 2


def test_the_reason_is_the_causes_in_one_line() -> None:
    """Not what a library says of it; what we say ourselves stays as it is."""
    wrapped = RuntimeError("\n    Database error.\n    ")
    wrapped.__cause__ = OSError("connection refused\n\tIs the server running?")
    assert reason(wrapped) == "connection refused Is the server running?"
    assert reason(TimeoutError()) == "TimeoutError"
    ours = StoreUnavailable("the store is away", hint="wait")
    ours.__cause__ = OSError("111")
    assert reason(ours) == "the store is away (wait)"
