"""From a publisher in one process to the viewer of another one's gateway: `python -m bench.across`.

Two servers share a store. Runs are opened and published in one, as on a machine that works; viewers read their streams
from the other, as on a machine that answers. Beside them the least that goes through the same Redis and Postgres:
`XADD` to `XREAD BLOCK`, `INSERT` with `pg_notify` to `LISTEN` and a query.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median, quantiles

from bench.outcome import Bars, Goal, Outcome, Table
from bench.pacing import NAP_US, SIZE, Figure, Shape, Started, inside, watched
from bench.peers.headway_server import serving
from bench.processes import placement
from bench.program import Program
from bench.relays import late_ms
from bench.servers import Servers, facts, servers

GOALS_MS = {"sqlite": 30.0, "postgres": 5.0, "redis": 5.0}
"""For the median of events that do not come in bursts."""

BARE = {"postgres": "LISTEN and fetch", "redis": "XADD to XREAD BLOCK"}
ENVIRONMENT = {"HEADWAY_WORKER": "none", "HEADWAY_LOG_LEVEL": "error"}


def shapes(options: argparse.Namespace) -> tuple[Shape, Shape]:
    """Return so many events a second of ten runs, whose events are far apart, and of one, whose are not."""
    return Shape(10, 10, options.rate / 10), Shape(1, 1, options.rate)


def measure(options: argparse.Namespace) -> Outcome:
    """Measure all stores, interleaved with what is bare."""
    figures = []
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as started:
        for _ in range(options.rounds):
            for kind in GOALS_MS:
                figures += _between(kind, started, options)
                if kind in BARE:
                    figures.append(_bare(kind, started, options))
    return outcome(figures, *shapes(options))


def _between(kind: str, started: Servers, options: argparse.Namespace) -> list[Figure]:
    """Measure the shapes with two new servers on a new store."""
    core, _ = placement(True)
    app, here, there = "bench.paced_app:app", started.new_folder(), started.new_folder()
    with (
        started.store(kind) as kept,
        serving(here, None, ENVIRONMENT, app=app, store=kept.url) as (port, pid),
        serving(there, core, ENVIRONMENT, app=app, store=kept.url) as (gateway, _),
    ):
        publisher = Started(port, pid, here)
        return [
            watched(kind, shape, replace(inside(publisher, shape), port=gateway), options.seconds)
            for shape in shapes(options)
        ]


def _bare(kind: str, started: Servers, options: argparse.Namespace) -> Figure:
    warmup, events = (round(each * options.rate) for each in (1, options.seconds))
    with started.store(kind) as kept:
        pace = {"events": warmup + events, "rate": options.rate, "size": SIZE}
        late = late_ms(kind, kept.dsn, pace, started.new_folder() / "log")[warmup:]
    hundredths = quantiles(late, n=100, method="inclusive")
    return Figure(BARE[kind], Shape(1, 1, options.rate), hundredths[49], hundredths[98], max(late))


def outcome(figures: list[Figure], apart: Shape, close: Shape) -> Outcome:
    """Return the medians, and the ratios against what is bare."""

    def middle(way: str, shape: Shape, name: str) -> float:
        return median(getattr(each, name) for each in figures if (each.way, each.shape) == (way, shape))

    rows, bars, goals = [], [], []
    for kind, limit in GOALS_MS.items():
        for way, shape in [(kind, apart), (kind, close), *([(BARE[kind], close)] if kind in BARE else [])]:
            p50, p99, most = (middle(way, shape, name) for name in ("p50_ms", "p99_ms", "max_ms"))
            ratio = f"{p50 / middle(BARE[kind], close, 'p50_ms'):.2f}" if kind in BARE else "-"
            rate = f"{shape.rate * shape.runs:g} of {shape.runs}"
            rows.append([way, rate, f"{p50:.2f}", f"{p99:.2f}", f"{most:.2f}", ratio])
            if shape is apart or way != kind:
                bars.append((way, [p50, p99]))
        goals.append(Goal(f"{kind}, {apart.runs} runs: p50", middle(kind, apart, "p50_ms"), limit, "ms"))
    notes = [
        f"events of {SIZE} bytes; viewers look every {NAP_US / 1000:g} ms, which is the error",
        "of 1: the events of one run come closer together than the publisher's window, which collects them for 30 ms",
    ]
    heads = ["through", "events/s of runs", "p50 ms", "p99 ms", "slowest", "p50 x bare"]
    title = "From publishing in one process to the viewer of another"
    return Outcome(
        tables=[Table(f"{title}, medians of the rounds", heads, rows, notes)],
        goals=goals,
        bars=[Bars("across", title, "ms", ["p50", "p99"], bars, list(GOALS_MS))],
        facts=facts(),
        raw=[asdict(each) for each in figures],
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--rate", type=float, default=100.0, help="events a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved; medians are shown (%(default)s)")


PROGRAM = Program(
    "across",
    "An event published on one machine reaches the viewers of another within 5 ms through Postgres or Redis.",
    add_options,
    measure,
    {"seconds": 1.0, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
