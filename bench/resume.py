"""Coming back to a short and to a very long log: `python -m bench.resume`.

A viewer that was away for the last events comes back by its cursor. Whether the log behind it has a thousand events or
a million must not matter, neither where the run is in the server's memory nor on a process that knows nothing yet. The
same for a viewer that stood at the log's beginning and wants every event: it gets the next page at once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.filling import Filled, fill, lines
from bench.outcome import Bars, Goal, Outcome, Table
from bench.peers.headway_server import serving
from bench.processes import placement
from bench.program import Program
from bench.stopwatch import Wait, wait_for

GOAL = 2.0
MISSED = 20
WATCHED, COLD, EARLY = "watched run", "cold process", "from the beginning"
WAYS = {
    WATCHED: f"the last {MISSED} events, while others watch",
    COLD: f"the last {MISSED} events, on a cold process",
    EARLY: f"the first {MISSED} events, from the log's beginning",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One resumption."""

    way: str
    depth: int
    wait: Wait


def measure(options: argparse.Namespace) -> Outcome:
    """Resume in every way at both depths, interleaved."""
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        file, event = folder / "headway.db", lines(options.data_bytes)
        runs = {depth: fill(file, depth, event) for depth in (options.short, options.long)}
        figures = []
        for _ in range(options.rounds):
            for depth, run in runs.items():
                figures += _round(folder, depth, run, options.times)
    return outcome(figures, options.short, options.long)


def _round(folder: Path, depth: int, run: Filled, times: int) -> list[Figure]:
    cores, _ = placement(True)
    with serving(folder, cores) as (port, pid):

        def back(way: str, after: int, until: int, query: str = "") -> Figure:
            cursor = (run.late if after in run.late else run.early)[after]
            return Figure(way, depth, wait_for(port, pid, run.stream + query, until, cursor=cursor))

        figures = [back(COLD, run.head - MISSED, run.head)]
        for _ in range(times):
            figures.append(back(WATCHED, run.head - MISSED, run.head))
            figures.append(back(EARLY, MISSED, 2 * MISSED, "?deliver=all"))
    return figures


def outcome(figures: list[Figure], short: int, long: int) -> Outcome:
    """Return the medians and the ratios."""

    def middle(way: str, depth: int, value: Callable[[Wait], float]) -> float:
        return median(value(each.wait) for each in figures if (each.way, each.depth) == (way, depth))

    times = {way: [middle(way, depth, lambda wait: wait.done_ms) for depth in (short, long)] for way in WAYS}
    cpu = {way: [middle(way, depth, lambda wait: wait.cpu_ms) for depth in (short, long)] for way in WAYS}
    rows = [
        [
            says,
            *(f"{each:.2f}" for each in times[way]),
            f"{times[way][1] / times[way][0]:.2f}",
            *(f"{each:.2f}" for each in cpu[way]),
            f"{cpu[way][1] / cpu[way][0]:.2f}",
        ]
        for way, says in WAYS.items()
    ]
    heads = ["resuming", f"ms at {short:,}", f"at {long:,}", "ratio", "CPU ms", f"at {long:,}", "ratio"]
    wrong = sum(each.wait.resets + each.wait.snapshots for each in figures)
    return Outcome(
        tables=[Table(f"Resuming a log of {short:,} and of {long:,} events, medians", heads, rows)],
        goals=[
            Goal(f"resume of {says}, times depth {short:,}", times[w][1] / times[w][0], GOAL)
            for w, says in WAYS.items()
        ],
        bars=[
            Bars(
                "resume",
                "Time until a viewer that comes back has what it missed",
                "ms",
                [f"log of {short:,} events", f"log of {long:,} events"],
                [(way, times[way]) for way in WAYS],
            )
        ],
        faults=[f"{wrong} viewers were given a snapshot in place of the {MISSED} events they missed"] if wrong else [],
        raw=[asdict(each) for each in figures],
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--short", type=int, default=1_000, help="events of the short log (%(default)s)")
    parser.add_argument("--long", type=int, default=1_000_000, help="events of the long one (%(default)s)")
    parser.add_argument("--data-bytes", type=int, default=200, help="of each event (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="each with new processes (%(default)s)")
    parser.add_argument("--times", type=int, default=20, help="resumptions of each kind in a round (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the files are written")


PROGRAM = Program(
    "resume",
    "Coming back to a log of a million events takes no longer than twice what a log of a thousand takes.",
    add_options,
    measure,
    {"short": 100, "long": 3_000, "rounds": 1, "times": 3},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
