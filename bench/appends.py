"""Events appended per second to every store, against what is bare and against DBOS: `python -m bench.appends`.

Beside each store, in the same run: a bare `sqlite3` loop, asyncpg with one statement a batch, `XADD` by redis-py, and
`DBOS.write_stream_async` on the same Postgres. `append_loops` says what they do, and what they leave out.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import append_loops
from bench.append_loops import Load, Pace, timed
from bench.filling import lines, started_run
from bench.outcome import Bars, Goal, Outcome, Table
from bench.program import Program
from bench.servers import Kept, Servers, facts, servers
from headway.stores.base import Write
from headway.stores.location import Durability, store_at

Shape = tuple[int, int]
SHAPES: tuple[Shape, ...] = ((1, 1), (1, 20), (16, 1), (16, 20))
"""Runs written at once, and events per batch."""

GOAL = 100_000
DBOS = "DBOS"

Middle = Callable[[str | None, Shape, str], float | None]
"""The median of what, in which shape, by the name of the figure."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to keep events.

    Attributes:
        name: Of the rows.
        kind: Of the store.
        bare: What does the same with nothing around it.
        survives: What an event that was answered for survives.
    """

    name: str
    kind: str
    bare: str | None
    survives: str
    durability: Durability = "normal"


WAYS = (
    Way("memory", "memory", None, "nothing"),
    Way("sqlite normal", "sqlite", "sqlite3 normal", "the process"),
    Way("sqlite full", "sqlite", "sqlite3 full", "a power loss", "full"),
    Way("postgres", "postgres", "asyncpg", "a power loss"),
    Way("redis", "redis", "XADD", "the process; a power loss costs a second"),
)
KINDS = tuple(dict.fromkeys(way.kind for way in WAYS))


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; `what` is the name of a way, of what is bare, or `DBOS`."""

    what: str
    shape: Shape
    pace: Pace


async def headway(url: str, way: Way, load: Load, server: int | None) -> tuple[Pace, int]:
    """Append from one task per run; return the figure and the size of a stored body."""
    store = store_at(url, durability=way.durability)
    await store.open()
    try:
        events = [lines(load.size)(0)] * load.batch
        rows = [(await store.create(started_run()))[0] for _ in range(load.runs)]
        writes = [Write(events=events, execution_id=row.execution_id) for row in rows]
        pace = await timed(load, lambda run: store.append(rows[run].id, writes[run]), server)
        head = (await store.read(rows[0].id, limit=20)).events[-1]
        return pace, len(head.body)
    finally:
        await store.close()


def measure(options: argparse.Namespace) -> list[Figure]:
    """Measure all shapes on all stores, interleaved with what is bare."""
    figures = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name, servers(Path(name)) as started:
        for _ in range(options.rounds):
            for way in (way for way in WAYS if way.kind in options.stores):
                for shape in SHAPES:
                    figures += _compared(way, shape, started, options)
            for runs, batch in SHAPES:
                if batch == 1 and "postgres" in options.stores:
                    with started.postgres() as kept:
                        load = Load(runs, 1, options.data_bytes, options.seconds)
                        figures.append(Figure(DBOS, (runs, 1), append_loops.dbos(kept, load)))
    return figures


def _compared(way: Way, shape: Shape, started: Servers, options: argparse.Namespace) -> list[Figure]:
    """Measure a store, and what is bare right after it."""
    with started.store(way.kind) as kept:
        load = Load(*shape, options.data_bytes, options.seconds)
        pace, size = asyncio.run(headway(kept.url, way, load, kept.pid))
        figures = [Figure(way.name, shape, pace)]
    print(f"{way.name:>14}  {_shape(shape):>20}  {pace.events_per_s:12,.0f}", file=sys.stderr, flush=True)
    if way.bare:
        with started.store(way.kind) as kept:
            load = Load(*shape, size, options.seconds)
            figures.append(Figure(way.bare, shape, _bare(way, kept, load, started)))
    return figures


def _bare(way: Way, kept: Kept, load: Load, started: Servers) -> Pace:
    if way.kind == "sqlite":
        return append_loops.sqlite(started.new_folder(), way.durability, load)
    return asyncio.run((append_loops.postgres if way.kind == "postgres" else append_loops.xadd)(kept, load))


def outcome(figures: Sequence[Figure]) -> Outcome:
    """Return the medians, and the ratios."""

    def middle(what: str | None, shape: Shape, name: str) -> float | None:
        found = [getattr(each.pace, name) for each in figures if (each.what, each.shape) == (what, shape)]
        return median(found) if found and found[0] is not None else None

    rows, rates, goals = [], [], []
    for way in (way for way in WAYS if any(each.what == way.name for each in figures)):
        for shape in SHAPES:
            rate, bare = (middle(what, shape, "events_per_s") for what in (way.name, way.bare))
            dbos = middle(DBOS, (shape[0], 1), "events_per_s") if way.kind == "postgres" else None
            shown = [_shown(rate, ",.0f"), _shown(bare, ",.0f"), _ratio(rate, bare), _ratio(rate, dbos)]
            shown.append(_shown(middle(way.name, shape, "p50_ms"), ".2f"))
            for name in ("cpu_us", "server_us"):
                ours, others = (middle(what, shape, name) for what in (way.name, way.bare))
                shown += [_shown(ours, ".1f"), _ratio(ours, others)]
            rows.append([way.name, _shape(shape), *shown])
            if shape == SHAPES[-1]:
                rates.append((way.name, [rate or 0] if bare is None else [rate or 0, bare]))
                if way.name == "sqlite normal":
                    goals.append(
                        Goal("SQLite: events appended in batches of 20", rate or 0, GOAL, "events/s", "at least")
                    )
    heads = ["store", "writing", "events/s", "bare", "ratio", "x DBOS", "p50 ms", "CPU us", "x bare"]
    notes = [
        f"bare: {', '.join(way.bare for way in WAYS if way.bare)}, each with nothing around it; CPU: per event",
        "x DBOS: `write_stream` has no batches, so its single events stand for them",
        *(f"{way.name}: what was answered for survives {way.survives}" for way in WAYS),
    ]
    title = f"Events appended per second, {_shape(SHAPES[-1])}"
    return Outcome(
        tables=[
            Table("Events appended, medians", [*heads, "server us", "x bare"], rows, notes),
            _peers(figures, middle),
        ],
        goals=goals,
        bars=[Bars("appends", title, "", ["Headway", "bare"], rates)],
        facts=facts(),
        raw=[asdict(each) for each in figures],
    )


def _peers(figures: Sequence[Figure], middle: Middle) -> Table:
    """Return what was measured beside the stores."""
    names = dict.fromkeys(each.what for each in figures if each.what not in {way.name for way in WAYS})
    rows = []
    for name in names:
        for shape in SHAPES:
            rate = middle(name, shape, "events_per_s")
            if rate is not None:
                wait, cpu = (_shown(middle(name, shape, field), ".2f") for field in ("p50_ms", "cpu_us"))
                rows.append([name, _shape(shape), f"{rate:,.0f}", wait, cpu])
    return Table("Beside them", ["peer", "writing", "events/s", "p50 ms", "CPU us"], rows)


def _shown(value: float | None, how: str) -> str:
    return "-" if value is None else format(value, how)


def _ratio(value: float | None, other: float | None) -> str:
    return "-" if value is None or not other else f"{value / other:.2f}"


def _shape(shape: Shape) -> str:
    runs, batch = shape
    return f"{runs} run{'s' * (runs > 1)}, batches of {batch}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--stores", nargs="+", choices=KINDS, default=KINDS, help="that are measured (all)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved; medians are shown (%(default)s)")
    parser.add_argument("--data-bytes", type=int, default=200, help="of each event's data (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the files are written; a real disk, not memory")


PROGRAM = Program(
    "appends",
    "SQLite takes 100,000 events a second in batches; every store beside what is bare, and Postgres beside DBOS.",
    add_options,
    lambda options: outcome(measure(options)),
    {"seconds": 0.05, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
