"""What is published in one process reaches the viewers of another, in short. No time is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.across import BARE, GOALS_MS, PROGRAM, measure
from bench.relays import late_ms
from bench.servers import servers


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_store_is_measured():
    """Each with runs apart and with one run; what is bare beside it."""
    found = measure(PROGRAM.parse(["--quick", "--seconds", "0.3"]))
    rows = [(row[0], row[1]) for row in found.tables[0].rows]
    shapes = ["100 of 10", "100 of 1"]
    assert rows == [
        (way, shape)
        for kind in GOALS_MS
        for way, shape in [*((kind, shape) for shape in shapes), (BARE.get(kind), shapes[1])]
        if way
    ]


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_what_is_bare_hands_every_event_over(kind: str, tmp_path: Path):
    """One process writes, this one reads as many, none before it was written."""
    with servers(tmp_path) as started, started.store(kind) as kept:
        late = late_ms(kind, kept.dsn, {"events": 20, "rate": 200, "size": 200}, tmp_path / "log")
    assert len(late) == 20
    assert min(late) > 0
