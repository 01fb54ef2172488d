"""Every engine is measured beside what is bare, in short. No time is looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench import bare_queues
from bench.engine_rounds import Figures, Sizes, measured
from bench.engines import DBOS, DBOS_QUEUE, PROGRAM, WAYS, measure, outcome
from bench.peers.starlettes import PYTHON
from bench.servers import servers

FEW = Sizes(slots=2, lease_s=1.5, starts=2, queued=3, steps=4, cancels=1, kills=1)


@pytest.mark.soak
@pytest.mark.skipif(not PYTHON.exists(), reason="DBOS is in .venv-bench: make bench-peers")
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_engine_is_measured():
    """All of ours with all figures, the bare queues and DBOS beside them."""
    found = measure(PROGRAM.parse(["--quick"]))
    names = [name for way in WAYS for name in (way.name, way.peer) if name]
    assert [row[0] for row in found.tables[0].rows] == [*names, DBOS, DBOS_QUEUE]
    assert [row[0] for row in found.tables[2].rows] == [way.name for way in WAYS]


@pytest.mark.slow
def test_an_engine_is_measured_with_a_worker_that_is_killed(tmp_path: Path):
    """As many figures as were asked for; the run of the dead worker went on in the other."""
    with servers(tmp_path) as started, started.store("redis") as kept:
        found = asyncio.run(measured(kept, tmp_path, FEW, engine="embedded"))
    assert found.runs_per_s
    assert found.steps_per_s
    assert [len(each or ()) for each in (found.body_ms, found.seen_ms, found.cancel_ms, found.takeover_s)] == [
        2,
        2,
        1,
        1,
    ]
    assert all(body < seen for body, seen in zip(found.body_ms, found.seen_ms or (), strict=True))


def test_a_bare_queue_is_measured(tmp_path: Path):
    """Those that waited give the rate, those sent one after the other the time."""
    with servers(tmp_path) as started, started.redis() as kept:
        found = asyncio.run(bare_queues.measured(kept, "threads", tmp_path, FEW))
    assert len(found.body_ms) == FEW.starts
    assert min(found.body_ms) > 0
    assert found.runs_per_s


def test_ratios_are_those_of_the_rounds():
    """A slow round of both sides changes none; the take-over is told in leases."""
    ours = [Figures([body], rate, [body], 50.0, [30.0], [3.0]) for body, rate in [(20.0, 100.0), (40.0, 50.0)]]
    bare = [Figures([body], rate) for body, rate in [(10.0, 200.0), (20.0, 100.0)]]
    found = outcome({"procrastinate, postgres": ours, "bare procrastinate": bare, DBOS: bare}, FEW)
    starts, work, ends = (table.rows[0] for table in found.tables)
    assert starts == ["procrastinate, postgres", "30.00", "39.80", "30.00", "39.80", "2.00", "2.00"]
    assert work == ["procrastinate, postgres", "75", "0.50", "0.50", "50", "-"]
    assert ends[3:] == ["2.00", "2.00"]
    assert {goal.what.partition(": ")[2]: goal.met for goal in found.goals} == {
        "start to body, p50": True,
        "cancel, p50": True,
        "take-over, leases": True,
    }
