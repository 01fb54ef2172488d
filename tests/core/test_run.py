"""The transition tables."""

import os
import subprocess
import sys

import pytest

from headway.core import run
from headway.core.events import CONTROL_TYPES, ENDING_TYPES, PAYLOADS
from headway.core.run import ACTIVE, ENDED, REOPENABLE, RunStatus, is_legal, next_status, table_rows


def test_every_status_is_active_or_ended():
    """There is nothing between."""
    assert set(RunStatus) == ACTIVE | ENDED
    assert not ACTIVE & ENDED


def test_what_may_be_reopened():
    """Succeeded is final."""
    assert ENDED - {RunStatus.SUCCEEDED} == REOPENABLE


@pytest.mark.parametrize(
    ("status", "event", "after"),
    [
        (None, "run.queued", "queued"),
        ("queued", "run.started", "running"),
        ("running", "run.waiting", "waiting"),
        ("waiting", "run.resumed", "running"),
        ("waiting", "run.queued", "queued"),
        ("running", "run.succeeded", "succeeded"),
        ("queued", "run.failed", "failed"),
        ("partial", "run.reopened", "queued"),
        ("running", "run.cancel_requested", "running"),
    ],
)
def test_legal_transitions(status, event, after):
    """The life of a run."""
    assert is_legal(status, event)
    assert next_status(status, event) == after


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (None, "run.started"),
        ("running", "run.started"),
        ("queued", "run.succeeded"),
        ("succeeded", "run.reopened"),
        ("succeeded", "run.queued"),
        ("failed", "run.cancelled"),
        ("cancelled", "run.cancel_requested"),
    ],
)
def test_illegal_transitions_change_nothing(status, event):
    """Neither here nor in a fold."""
    assert not is_legal(status, event)
    assert next_status(status, event) == status


@pytest.mark.parametrize("status", [None, *RunStatus])
def test_other_events_need_an_active_run(status):
    """And leave its status alone, also where their type is unknown."""
    for event in ("item.finished", "note", "custom", "step.finished", "a newer type"):
        assert is_legal(status, event) is (status in ACTIVE)
        assert next_status(status, event) == status


def test_tables_name_events_that_exist():
    """A typing error in a table would make an event illegal for ever."""
    tables = (run.RUN_TRANSITIONS, run.PHASE_TRANSITIONS, run.ITEM_TRANSITIONS, run.OUTPUT_TRANSITIONS)
    named = {event for table in tables for event in table}
    families = {"run.", "phase.", "item.", "output."}
    assert named == {type for type in PAYLOADS if any(map(type.startswith, families))} - {"run.planned"}
    assert set(run.RUN_TRANSITIONS) == CONTROL_TYPES | ENDING_TYPES


def test_ending_events_end():
    """Every one of them, from wherever it is legal."""
    for event in ENDING_TYPES:
        assert set(run.RUN_TRANSITIONS[event].values()) <= ENDED


def test_rows_hold_every_transition():
    """One row each, as text."""
    rows = table_rows()
    assert {"of": "run", "event": "run.queued", "from": None, "to": "queued"} in rows
    assert {"of": "output", "event": "output.appended", "from": "open", "to": "open"} in rows
    assert len(rows) == len({tuple(row.items()) for row in rows}) == 62
    assert all(type(value) is str or value is None for row in rows for value in row.values())


def test_rows_are_in_the_same_order_in_every_process():
    """They are committed: an order that depends on hashes would fail the build now and then."""
    code = "from headway.core.run import table_rows; print(table_rows())"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
