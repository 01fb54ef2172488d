"""What steps leave behind beside the log: a line when one is tried again or succeeds after that, counts and times."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Literal

from headway.core.events import Error
from headway.lines import Line
from headway.measures import FAILURES, RECOVERIES, STEP_SECONDS, Measures

_log = logging.getLogger("headway.steps")


class StepNotes:
    """Takes note of one step.

    Args:
        measures: What this process counts.
        job: Name of the job.
        key: Of the step.
        agent: That runs it; "" for the body itself.
    """

    def __init__(self, measures: Measures, job: str, key: str, agent: str) -> None:
        self._measures = measures
        self._job = job
        self._key = key
        self._agent = agent
        self._failures = 0

    def failed(self) -> None:
        """A try failed."""
        self._failures += 1
        self._measures.count(FAILURES, self._job, "step")

    def tried_again(self, error: Error, tries: int) -> None:
        """Another try follows."""
        about = {"step": self._key, "failed": self._failures, "of": tries, "code": error.code}
        _log.warning(Line("step is tried again", **about, error=error.message))

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Time all tries together."""
        began = time.perf_counter()
        outcome: Literal["finished", "failed", "cancelled"] = "failed"
        try:
            yield
            outcome = "finished"
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            seconds = time.perf_counter() - began
            self._measures.observe(STEP_SECONDS, seconds, self._job, self._agent, outcome)
            if outcome == "finished" and self._failures:
                self._measures.count(RECOVERIES, self._job, "step")
                _log.info(Line("step recovered", step=self._key, failed=self._failures, seconds=round(seconds, 3)))
