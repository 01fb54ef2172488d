"""The lines, counts and times that steps leave behind."""

import asyncio
import logging

import pytest

from headway.core.events import Error
from headway.measures import FAILURES, RECOVERIES, STEP_SECONDS, Measures
from headway.publish.noting import StepNotes
from tests.loglines import lines


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "headway")


def outcomes(measures: Measures) -> dict[str, int]:
    """How often steps ended in which way."""
    return {labels[2]: histogram.count for labels, histogram in measures.histograms(STEP_SECONDS).items()}


def test_a_step_that_works_is_timed(caplog: pytest.LogCaptureFixture) -> None:
    """By the agent that ran it; it is no line."""
    measures = Measures()
    with StepNotes(measures, "trip", "hotel", "planner").timed():
        pass
    ((labels, _),) = measures.histograms(STEP_SECONDS).items()
    assert labels == ("trip", "planner", "finished")
    assert not caplog.records


def test_a_step_that_works_in_the_end_has_recovered(caplog: pytest.LogCaptureFixture) -> None:
    """Each failure is a line, and the success after them."""
    measures = Measures()
    notes = StepNotes(measures, "trip", "hotel", "")
    with notes.timed():
        for _ in range(2):
            notes.failed()
            notes.tried_again(Error(code="away", message="nobody answers", category="job", retryable=True), 3)
    again = lines(caplog, "step is tried again")
    assert again == [
        {"step": "hotel", "failed": count, "of": 3, "code": "away", "error": "nobody answers"} for count in (1, 2)
    ]
    (recovered,) = lines(caplog, "step recovered")
    assert (recovered["step"], recovered["failed"]) == ("hotel", 2)
    assert measures.counted(FAILURES, "trip", "step") == 2
    assert measures.counted(RECOVERIES, "trip", "step") == 1


@pytest.mark.parametrize(("error", "outcome"), [(OSError, "failed"), (asyncio.CancelledError, "cancelled")])
def test_a_step_that_does_not(error: type[BaseException], outcome: str, caplog: pytest.LogCaptureFixture) -> None:
    """It recovers from nothing."""
    measures = Measures()
    with pytest.raises(error), StepNotes(measures, "trip", "hotel", "").timed():
        raise error
    assert outcomes(measures) == {outcome: 1}
    assert not measures.counters(RECOVERIES)
    assert not caplog.records
