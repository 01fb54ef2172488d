"""Joining a run after a long stream of text: `python -m bench.join`.

A model has streamed 100,000 pieces of text when somebody opens the page. On a process that has just been started the
viewer gets one frame that is as large as the state, not as the log; a warm process has served another run before, and a
watched run is in its memory. Beside it what a server has to do that keeps only events: send all of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median

from bench.filling import Filled, delta, fill, lines, piece
from bench.outcome import Bars, Goal, Outcome, Table
from bench.peers.headway_server import call, serving
from bench.processes import BenchError, placement
from bench.program import Program
from bench.stopwatch import Wait, wait_for
from headway.core.events import new_event
from headway.core.limits import SNAPSHOT_EVERY_EVENTS

GOAL_MS = 50
BYTES_GOAL = 1.1
COLD, WARM, WATCHED, REPLAY = "cold process", "warm process", "watched run", "all events"


def measure(options: argparse.Namespace) -> Outcome:
    """Write the text, and join it in every way."""
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder, count = Path(name), options.deltas + SNAPSHOT_EVERY_EVENTS - 1
        begun = [new_event("output.started", {"key": "text"})]
        # just before the next snapshot is stored: as much as there can be has to be folded
        run = fill(folder / "headway.db", count, delta, started=begun)
        other = fill(folder / "headway.db", 3, lines(100))
        rounds = [_round(folder, run, other) for _ in range(options.rounds)]
        with serving(folder) as (port, _):
            text = call(port, "GET", run.path)["outputs"]["text"]["text"]
    if text != (whole := "".join(map(piece, range(count)))):
        raise BenchError(f"the run's text has {len(text)} characters, not the {len(whole)} that were written")
    return outcome(rounds, len(text), options.deltas)


def _round(folder: Path, run: Filled, other: Filled) -> dict[str, Wait]:
    """Join in every way, on two new processes."""
    cores, _ = placement(True)
    with serving(folder, cores) as (port, pid):
        found = {COLD: wait_for(port, pid, run.stream, run.head)}
    with serving(folder, cores) as (port, pid):
        wait_for(port, pid, other.stream, other.head)
        found[WARM] = wait_for(port, pid, run.stream, run.head)
        found[WATCHED] = wait_for(port, pid, run.stream, run.head)
        found[REPLAY] = wait_for(port, pid, f"{run.stream}?from=earliest&deliver=all", run.head)
    return found


def outcome(rounds: list[dict[str, Wait]], text_bytes: int, deltas: int) -> Outcome:
    """Return the medians."""

    def middle(way: str, name: str) -> float:
        return median(getattr(found[way], name) for found in rounds)

    rows = [
        [
            way,
            f"{middle(way, 'done_ms'):.1f}",
            f"{max(found[way].done_ms for found in rounds):.1f}",
            f"{middle(way, 'cpu_ms'):.1f}",
            f"{median(found[way].done_ms / found[REPLAY].done_ms for found in rounds):.3f}",
            f"{middle(way, 'frames'):,.0f}",
            f"{middle(way, 'bytes') / 1e6:.2f}",
            f"{middle(way, 'bytes') / text_bytes:.2f}",
        ]
        for way in (COLD, WARM, WATCHED, REPLAY)
    ]
    heads = ["joining", "ms", "slowest", "CPU ms", "x all events", "frames", "MB", "x text"]
    notes = ["x all events: time against sending every event; x text: bytes against the text itself"]
    return Outcome(
        tables=[Table(f"Joining after {deltas:,} pieces of text, medians", heads, rows, notes)],
        goals=[
            Goal("join on a cold process", middle(COLD, "done_ms"), GOAL_MS, "ms"),
            Goal("frames until the state is there", max(found[COLD].frames for found in rounds), 1),
            Goal("bytes, times the text in the state", middle(COLD, "bytes") / text_bytes, BYTES_GOAL),
        ],
        bars=[
            Bars(
                "join",
                f"Joining a run after {deltas:,} pieces of text",
                "ms",
                ["until the state is there"],
                [(way, [middle(way, "done_ms")]) for way in (COLD, WARM, WATCHED, REPLAY)],
                ours=[COLD, WARM, WATCHED],
            )
        ],
        raw=[{way: asdict(wait) for way, wait in found.items()} for found in rounds],
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--deltas", type=int, default=100_000, help="pieces of text written before (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="each with new processes (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the files are written")


PROGRAM = Program(
    "join",
    "Who joins after 100,000 pieces of text gets one frame, as large as the state, within 50 ms on a cold process.",
    add_options,
    measure,
    {"deltas": 3_000, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
