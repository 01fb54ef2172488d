"""Events appended per second to SQLite, against a bare `sqlite3` loop in the same run: `python -m bench.appends`.

The bare loop is what SQLite itself can do: one thread, no event loop, no fence, no keys, bodies made beforehand; per
batch it bumps a counter row and inserts by `executemany`, in one transaction, with the same settings and body size.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.filling import lines, started_run
from bench.outcome import Bars, Goal, Outcome, Table
from bench.program import Program
from headway.stores.base import RunRow, Write
from headway.stores.sqlite import SqliteStore

Shape = tuple[int, int]
SHAPES: tuple[Shape, ...] = ((1, 1), (1, 20), (16, 1), (16, 20))
"""Runs written at once, and events per batch."""

GOAL = 100_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement."""

    what: str
    runs: int
    batch: int
    events_per_s: float
    p50_ms: float
    cpu_us: float
    """Processor time per event, of all threads."""


async def headway(folder: Path, shape: Shape, options: argparse.Namespace) -> tuple[Figure, int]:
    """Append from one task per run; return the figure and the size of a stored body."""
    runs, batch = shape
    store = SqliteStore(folder / "headway.db", durability=options.durability)
    await store.open()
    events, waits = [lines(options.data_bytes)(0)] * batch, []
    rows = [(await store.create(started_run()))[0] for _ in range(runs)]
    stop_at = time.perf_counter() + options.seconds

    async def write(row: RunRow) -> int:
        count, now = 0, time.perf_counter()
        while now < stop_at:
            await store.append(row.id, Write(events=events, execution_id=row.execution_id))
            before, now = now, time.perf_counter()
            waits.append(now - before)
            count += batch
        return count

    start, cpu = time.perf_counter(), time.process_time()
    written = sum(await asyncio.gather(*(write(row) for row in rows)))
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    body = (await store.read(rows[0].id)).events[-1].body
    await store.close()
    return Figure("headway", runs, batch, written / took, median(waits) * 1e3, cpu / written * 1e6), len(body)


def bare(folder: Path, shape: Shape, body_bytes: int, options: argparse.Namespace) -> Figure:
    """Append without anything around SQLite."""
    runs, batch = shape
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {options.durability}")
    connection.execute("CREATE TABLE runs (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL)")
    connection.execute("CREATE TABLE events (run, seq, body, PRIMARY KEY (run, seq))")
    connection.executemany("INSERT INTO runs VALUES (?, 0)", [(number,) for number in range(runs)])
    body, waits, count, seqs = b"x" * body_bytes, [], 0, [0] * runs
    start, cpu = time.perf_counter(), time.process_time()
    now = start
    while now < start + options.seconds:
        run = count // batch % runs
        first, seqs[run] = seqs[run] + 1, seqs[run] + batch
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE runs SET seq = ? WHERE n = ?", (seqs[run], run))
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?)", [(run, seq, body) for seq in range(first, first + batch)]
        )
        connection.execute("COMMIT")
        before, now = now, time.perf_counter()
        waits.append(now - before)
        count += batch
    cpu = time.process_time() - cpu
    connection.close()
    return Figure("bare", runs, batch, count / (now - start), median(waits) * 1e3, cpu / count * 1e6)


def measure(options: argparse.Namespace) -> list[Figure]:
    """Measure all shapes, interleaved with the bare loop."""
    figures = []
    for _ in range(options.rounds):
        for shape in SHAPES:
            with tempfile.TemporaryDirectory(dir=options.folder) as name:
                folder = Path(name)
                figure, body_bytes = asyncio.run(headway(folder, shape, options))
                figures.append(figure)
                figures.append(bare(folder, shape, body_bytes, options))
    return figures


def outcome(figures: Sequence[Figure]) -> Outcome:
    """Return the medians."""

    def middle(what: str, shape: Shape, value: Callable[[Figure], float]) -> float:
        return median(value(each) for each in figures if (each.what, each.runs, each.batch) == (what, *shape))

    rows, rates = [], []
    for shape in SHAPES:
        rate, bare_rate = (middle(what, shape, lambda each: each.events_per_s) for what in ("headway", "bare"))
        cpu, bare_cpu = (middle(what, shape, lambda each: each.cpu_us) for what in ("headway", "bare"))
        wait = middle("headway", shape, lambda each: each.p50_ms)
        shown = (f"{rate:,.0f}", f"{bare_rate:,.0f}", f"{rate / bare_rate:.2f}", f"{wait:.2f}")
        rows.append([_shape(shape), *shown, f"{cpu:.1f}", f"{bare_cpu:.1f}", f"{cpu / bare_cpu:.2f}"])
        rates.append((_shape(shape), [rate, bare_rate]))
    heads = ["writing", "events/s", "bare loop", "ratio", "p50 ms", "CPU us", "bare CPU us", "ratio"]
    return Outcome(
        tables=[Table("Events appended to SQLite, medians", heads, rows, ["CPU: of all threads, per event"])],
        goals=[Goal("events appended in batches of 20", rates[-1][1][0], GOAL, "events/s", "at least")],
        bars=[Bars("appends", "Events appended to SQLite per second", "", ["Headway", "bare sqlite3 loop"], rates)],
        raw=[asdict(each) for each in figures],
    )


def _shape(shape: Shape) -> str:
    runs, batch = shape
    return f"{runs} run{'s' * (runs > 1)}, batches of {batch}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved; medians are shown (%(default)s)")
    parser.add_argument("--data-bytes", type=int, default=200, help="of each event's data (%(default)s)")
    parser.add_argument("--durability", choices=("normal", "full"), default="normal")
    parser.add_argument("--folder", type=Path, help="where the files are written; a real disk, not memory")


PROGRAM = Program(
    "appends",
    "SQLite takes 100,000 events a second in batches; beside it what a bare `sqlite3` loop does.",
    add_options,
    lambda options: outcome(measure(options)),
    {"seconds": 0.05, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
