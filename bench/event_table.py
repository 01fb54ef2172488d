"""Three layouts of the table of events, measured in one run: `python -m bench.event_table`.

Shows why the table is not WITHOUT ROWID; see docs/decisions.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench import machine

COLUMNS = """
    run INTEGER NOT NULL, seq INTEGER NOT NULL, tag TEXT NOT NULL, type TEXT NOT NULL, key TEXT, step TEXT,
    total INTEGER NOT NULL, body BLOB NOT NULL
"""
KEY_INDEX = "CREATE UNIQUE INDEX events_by_key ON events (run, key) WHERE key IS NOT NULL"
INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?)"
LAYOUTS = {
    "WITHOUT ROWID": f"CREATE TABLE events ({COLUMNS}, PRIMARY KEY (run, seq)) WITHOUT ROWID",
    "ordinary": f"CREATE TABLE events ({COLUMNS}, PRIMARY KEY (run, seq))",
    "ordinary, 8 KiB pages": f"CREATE TABLE events ({COLUMNS}, PRIMARY KEY (run, seq))",
}
RUNS, BATCH, GROUP = 64, 20, 16


@dataclass(frozen=True, slots=True)
class Figure:
    """What one layout costs: processor time, and bytes of the file."""

    append_us: float
    read_us: float
    """A page of 20 events."""
    drop_us: float
    """Per event, 2,000 of one run at once."""
    bytes: float


def measure(layout: str, count: int, body_bytes: int, folder: Path) -> Figure:
    """Write `count` events of many runs in turn, read and drop some."""
    path = folder / "events.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {8_192 if '8 KiB' in layout else 4_096}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(LAYOUTS[layout])
        connection.execute(KEY_INDEX)
        append_us = _append(connection, count, bytearray(body_bytes)) / count * 1e6
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = path.stat().st_size
        read_us = _read(connection, count // RUNS) * 1e6
        start = time.process_time()
        connection.execute("DELETE FROM events WHERE run = 1 AND seq <= 2000")
        drop_us = (time.process_time() - start) / min(2_000, count // RUNS) * 1e6
    path.unlink()
    return Figure(append_us, read_us, drop_us, size / count)


def _append(connection: sqlite3.Connection, count: int, body: bytearray) -> float:
    start = time.process_time()
    for number in range(count // BATCH):
        run, first = number % RUNS + 1, number // RUNS * BATCH + 1
        if number % GROUP == 0:
            connection.execute("BEGIN IMMEDIATE")
        rows = [(run, seq, "abcdefgh", "log", "", "", 1_000, body) for seq in range(first, first + BATCH)]
        connection.executemany(INSERT, rows)
        if number % GROUP == GROUP - 1:
            connection.execute("COMMIT")
    if connection.in_transaction:
        connection.execute("COMMIT")
    return time.process_time() - start


def _read(connection: sqlite3.Connection, depth: int) -> float:
    times = 400
    start = time.process_time()
    for number in range(times):
        cursor = (number % RUNS + 1, max(depth - 100, 0))
        connection.execute("SELECT * FROM events WHERE run = ? AND seq >= ? LIMIT 20", cursor).fetchall()
    return (time.process_time() - start) / times


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.event_table", description=__doc__)
    parser.add_argument("--events", type=int, default=400_000, help="per measurement (%(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 500, 1_500], help="bytes of a stored event")
    parser.add_argument("--folder", type=Path, help="where the files are written")
    return parser.parse_args(arguments)


def table(options: argparse.Namespace) -> str:
    """Measure, and return the figures as a table."""
    lines = [f"{'bytes':>6}  {'layout':24} append us  read 20 us  drop us  file bytes/event"]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for size in options.sizes:
            for layout in LAYOUTS:
                made = measure(layout, options.events, size, Path(name))
                lines.append(
                    f"{size:6}  {layout:24} {made.append_us:9.2f}  {made.read_us:10.0f}  {made.drop_us:7.2f}  "
                    f"{made.bytes:16,.0f}"
                )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    options = parse()
    for name, value in machine.describe().items():
        print(f"{name:14} {value}")
    print(table(options))


if __name__ == "__main__":
    main()
