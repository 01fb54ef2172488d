"""The benchmark of appends measures what it says, in short."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.append_loops import Load, Pace, timed
from bench.appends import PROGRAM, SHAPES, WAYS, Figure, measure, outcome
from bench.peers.starlettes import PYTHON


def test_every_shape_is_measured_against_the_bare_loop(tmp_path: Path) -> None:
    """Both are there for each shape, and make a row of the table."""
    figures = measure(PROGRAM.parse(["--quick", "--folder", str(tmp_path), "--stores", "memory", "sqlite"]))
    ways = [way for way in WAYS if way.kind in ("memory", "sqlite")]
    assert {each.what for each in figures} == {name for way in ways for name in (way.name, way.bare) if name}
    assert len(outcome(figures).tables[0].rows) == len(ways) * len(SHAPES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
@pytest.mark.skipif(not PYTHON.exists(), reason="DBOS is in .venv-bench: make bench-peers")
@pytest.mark.slow
def test_every_store_is_measured_against_what_is_bare(tmp_path: Path) -> None:
    """Both are there for each shape, DBOS beside them, and nothing is left of the servers."""
    options = PROGRAM.parse(["--quick", "--folder", str(tmp_path)])
    figures = measure(options)
    pairs = [(what, shape) for way in WAYS for shape in SHAPES for what in (way.name, way.bare) if what]
    assert [(each.what, each.shape) for each in figures] == [*pairs, ("DBOS", (1, 1)), ("DBOS", (16, 1))]
    assert all(each.pace.events_per_s > 0 and each.pace.cpu_us > 0 for each in figures)
    assert list(tmp_path.iterdir()) == []


def test_ratios_are_of_the_same_shape():
    """Each store against what is bare of its own, Postgres against DBOS, and what is missing is a dash."""
    figures = [
        Figure(what, shape, Pace(rate, 1.0, 10.0, 5.0 if what in ("postgres", "asyncpg") else None))
        for shape in SHAPES
        for what, rate in [("postgres", 50.0), ("asyncpg", 100.0), ("sqlite normal", 120_000.0), ("DBOS", 10.0)]
        if (what, shape[1]) != ("DBOS", 20)
    ]
    found = outcome(figures)
    rows = {(row[0], row[1]): row[2:] for row in found.tables[0].rows}
    assert rows["postgres", "16 runs, batches of 20"] == [
        "50",
        "100",
        "0.50",
        "5.00",
        "1.00",
        "10.0",
        "1.00",
        "5.0",
        "1.00",
    ]
    assert rows["sqlite normal", "1 run, batches of 1"][:4] == ["120,000", "-", "-", "-"]
    assert found.goals[0].measured == 120_000
    assert found.goals[0].met


def test_a_loop_counts_what_it_appended_in_its_time():
    """Events, not batches; what goes before the clock is not counted."""
    calls: list[int] = []

    async def append(run: int) -> None:
        calls.append(run)
        await asyncio.sleep(0.01)

    pace = asyncio.run(timed(Load(2, 5, 200, 0.1), append))
    assert set(calls) == {0, 1}
    assert pace.events_per_s == pytest.approx((len(calls) - 2) * 5 / 0.1, rel=0.5)
    assert pace.server_us is None
