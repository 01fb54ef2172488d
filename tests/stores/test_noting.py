"""What writes leave in the log lines and the counts of a process. A line is found by its event, read by its fields."""

import logging

import pytest

from headway.measures import APPEND_SECONDS, EVENTS, RUNS
from headway.stores import noting
from headway.stores.base import Store
from tests.loglines import lines
from tests.stores.builders import FakeClock, end, new_run, note, report, running


async def test_a_run_that_begins_and_ends_is_a_line_each(
    store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever writes it, with what is needed to find it again."""
    caplog.set_level(logging.INFO)
    run = await running(store, job="trip", correlation_id="c1")
    clock.ms += 1_500
    await end(store, run)
    (created,) = lines(caplog, "run created")
    (ended,) = lines(caplog, "run ended")
    assert created == {"run_id": run.id, "job": "trip", "correlation_id": "c1", "execution_id": run.execution_id}
    about = {"job": "trip", "status": "succeeded", "attempt": 1, "seconds": 1.5, "correlation_id": "c1"}
    assert ended == {"run_id": run.id, **about}
    assert store.measures.counted(RUNS, "trip", "succeeded") == 1
    assert not lines(caplog, "appended")


async def test_a_run_that_was_there_already_is_no_new_one(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The same key again creates nothing."""
    caplog.set_level(logging.INFO)
    for _ in range(2):
        await store.create(new_run(key="order-17", fingerprint="f"))
    assert len(lines(caplog, "run created")) == 1
    assert store.measures.counted(EVENTS, "run.queued") == 1


async def test_appends_are_counted_and_timed(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events by type; those that were there already do not count. Batches are lines only for who wants to debug."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(noting, "SLOW_S", 3600.0)
    run = await running(store)
    await report(store, run, note("one", key="k"), note("two"))
    await report(store, run, note("one", key="k"))
    assert store.measures.counted(EVENTS, "note") == 2
    timed = store.measures.histogram(APPEND_SECONDS, store.caps.name)
    assert timed.count == len(lines(caplog, "appended")) == 2
    last_but_one = lines(caplog, "appended")[-2]
    assert (last_but_one["run_id"], last_but_one["events"]) == (run.id, 2)


async def test_a_slow_append_is_a_warning(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how slow; 100 ms unless changed."""
    assert noting.SLOW_S == 0.1
    run = await running(store)
    monkeypatch.setattr(noting, "SLOW_S", 3600.0)
    await report(store, run, note("one"))
    assert not lines(caplog, "append was slow")
    monkeypatch.setattr(noting, "SLOW_S", 0.0)
    await report(store, run, note("two"), note("three"))
    (slow,) = lines(caplog, "append was slow")
    assert slow["run_id"] == run.id
    assert slow["events"] == 2
    assert slow["seconds"] >= 0
    assert caplog.records[-1].levelname == "WARNING"
