"""What an engine takes: starting, stepping, cancelling and taking over runs: `python -m bench.engines`.

One process starts runs and watches them, others execute them, as on two machines but for the network. Beside each, in
the same run: the same queue with nothing around it, from the call that sends to the body; and DBOS, which keeps
workflows in Postgres and begins them in the process that asked for them, or through a queue that is polled.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from bench import bare_queues
from bench.dbos_peer import call_dbos
from bench.engine_rounds import Figures, Sizes, measured
from bench.outcome import Bars, Goal, Outcome, Table
from bench.program import Program
from bench.servers import Servers, facts, servers

DBOS, DBOS_QUEUE = "DBOS, same process", "DBOS, queue"
QUEUE_STARTS = 5
"""Starts through a queue of DBOS's: each waits for a second at most."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have runs delivered.

    Attributes:
        bare: The worker of `bench.bare_queues` that stands beside it, if there is one.
    """

    engine: str
    store: str
    pool: str = "threads"
    bare: str | None = None

    @property
    def name(self) -> str:
        """Of the rows."""
        return f"{self.engine}, {self.pool if self.engine == 'celery' else self.store}"

    @property
    def peer(self) -> str | None:
        """Of the rows of what is bare."""
        return None if self.bare is None else f"bare {self.engine}" + (self.engine == "celery") * f", {self.pool}"


WAYS = (
    Way("embedded", "postgres"),
    Way("embedded", "redis"),
    Way("procrastinate", "postgres", bare="procrastinate"),
    Way("celery", "redis", "threads", "threads"),
    Way("celery", "redis", "prefork", "prefork"),
)

START_MS, CANCEL_MS, LEASES = 50.0, 500.0, 2.0
"""Goals: from a call to the body, from a call to ``run.cancelled``, and from a death to the take-over."""

Found = dict[str, list[Figures]]


def measure(options: argparse.Namespace) -> Outcome:
    """Measure all engines, interleaved with what is bare."""
    sizes = Sizes(**{name: getattr(options, name) for name in Sizes.__slots__})
    found: Found = {}
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as started:
        for _ in range(options.rounds):
            for way in WAYS:
                _add(found, way.name, _headway(way, started, sizes))
                if way.bare is not None:
                    _add(found, str(way.peer), _bare(way, way.bare, started, sizes))
            _dbos(found, started, sizes)
    return outcome(found, sizes)


def _add(found: Found, name: str, figures: Figures) -> None:
    found.setdefault(name, []).append(figures)
    print(f"{name:>24}  {median(figures.body_ms):8.2f} ms", file=sys.stderr, flush=True)


def _headway(way: Way, started: Servers, sizes: Sizes) -> Figures:
    with started.store(way.store) as kept:
        return asyncio.run(measured(kept, started.new_folder(), sizes, engine=way.engine, pool=way.pool))


def _bare(way: Way, kind: str, started: Servers, sizes: Sizes) -> Figures:
    with started.store(way.store) as kept:
        return asyncio.run(bare_queues.measured(kept, kind, started.new_folder(), sizes))


def _dbos(found: Found, started: Servers, sizes: Sizes) -> None:
    asked = {"starts": sizes.starts, "queued": QUEUE_STARTS, "runs": sizes.queued, "count": sizes.steps}
    with started.postgres() as kept:
        said = call_dbos("engine", kept, asked)
    _add(found, DBOS, Figures(said["start_ms"], said["runs_per_s"], steps_per_s=said["steps_per_s"]))
    _add(found, DBOS_QUEUE, Figures(said["queued_ms"]))


# ------------------------------------------------------------------------------------------------ what came of it


def outcome(found: Found, sizes: Sizes) -> Outcome:
    """Return all rounds together, and the ratios of the rounds' medians."""
    goals = []
    for way in (way for way in WAYS if way.name in found):
        goals += [
            Goal(f"{way.name}: start to body, p50", _p50(found, way.name, "body_ms"), START_MS, "ms"),
            Goal(f"{way.name}: cancel, p50", _p50(found, way.name, "cancel_ms"), CANCEL_MS, "ms"),
            Goal(f"{way.name}: take-over, leases", _leases(found, way.name, sizes), LEASES),
        ]
    starts = [(name, [_p50(found, name, "body_ms")]) for name in found if name != DBOS_QUEUE]
    ours = [way.name for way in WAYS]
    return Outcome(
        tables=[_starts(found), _work(found), _ends(found, sizes)],
        goals=goals,
        bars=[Bars("engines", "From the call that starts a run to its body, p50", "ms", ["p50"], starts, ours)],
        facts={**facts(), "slots of a worker": str(sizes.slots), "lease": f"{sizes.lease_s:g} s"},
        raw={name: [asdict(each) for each in rounds] for name, rounds in found.items()},
    )


def _starts(found: Found) -> Table:
    rows = []
    for name, peer in _pairs(found):
        ours = _all(found, name, "body_ms")
        seen = _all(found, name, "seen_ms")
        ratios = [_ratio(found, name, other, _middle_body) for other in (peer, _dbos_of(name))]
        rows.append([name, *_shown(ours), *(_shown(seen) if seen else ("-", "-")), *ratios])
    heads = ["through", "body p50 ms", "p99", "seen p50 ms", "p99", "p50 x bare", "x DBOS"]
    notes = [
        "body: from the call that starts to the body; seen: to its first event, in the process that started it",
        "x DBOS: which begins in the process that asks",
    ]
    return Table("One run after the other", heads, rows, notes)


def _work(found: Found) -> Table:
    rows = []
    for name, peer in _pairs(found):
        if name == DBOS_QUEUE:
            continue
        row = [name, _number(found, name, "runs_per_s"), _ratio(found, name, peer, _runs)]
        row += [_ratio(found, name, _dbos_of(name), _runs), _number(found, name, "steps_per_s")]
        rows.append([*row, _ratio(found, name, _dbos_of(name), _steps)])
    heads = ["through", "empty runs/s", "x bare", "x DBOS", "steps/s of a run", "x DBOS"]
    return Table("One worker, runs that waited for it; and one run with keyed steps", heads, rows)


def _ends(found: Found, sizes: Sizes) -> Table:
    rows = []
    for way in (way for way in WAYS if way.name in found):
        cancels, kills = (_all(found, way.name, name) for name in ("cancel_ms", "takeover_s"))
        most = f"{max(kills) / sizes.lease_s:.2f}"
        rows.append([way.name, *_shown(cancels), f"{_leases(found, way.name, sizes):.2f}", most])
    notes = [
        "cancel: from the call to run.cancelled, seen; the body has stopped then",
        "take-over: from kill -9 of a worker to the next execution, in leases; bare queues do not",
    ]
    heads = ["through", "cancel p50 ms", "p99", "take-over p50", "slowest"]
    return Table("Cancelled, and killed", heads, rows, notes)


def _pairs(found: Found) -> list[tuple[str, str | None]]:
    """Return all that was measured, each with what is bare of its kind."""
    peers = {way.name: way.peer for way in WAYS}
    return [(name, peers.get(name)) for name in found]


def _dbos_of(name: str) -> str | None:
    """DBOS is compared with what keeps its runs in Postgres, too."""
    return DBOS if any(way.name == name and way.store == "postgres" for way in WAYS) else None


def _all(found: Found, name: str, field: str) -> list[float]:
    return [value for each in found[name] for value in getattr(each, field) or ()]


def _p50(found: Found, name: str, field: str) -> float:
    return median(_all(found, name, field))


def _leases(found: Found, name: str, sizes: Sizes) -> float:
    return _p50(found, name, "takeover_s") / sizes.lease_s


def _shown(values: Sequence[float]) -> tuple[str, str]:
    return f"{median(values):.2f}", f"{quantiles(values, n=100, method='inclusive')[98]:.2f}"


def _number(found: Found, name: str, field: str) -> str:
    values = [value for each in found[name] if (value := getattr(each, field)) is not None]
    return f"{median(values):,.0f}" if values else "-"


def _ratio(found: Found, name: str, other: str | None, value: Callable[[Figures], float]) -> str:
    """Return the median of the rounds' ratios."""
    pairs = zip(found[name], found.get(other or "", ()), strict=False)
    ratios = [value(a) / value(b) for a, b in pairs if value(b)]
    return f"{median(ratios):.2f}" if ratios else "-"


def _middle_body(figures: Figures) -> float:
    return median(figures.body_ms)


def _runs(figures: Figures) -> float:
    return figures.runs_per_s or 0.0


def _steps(figures: Figures) -> float:
    return figures.steps_per_s or 0.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--slots", type=int, default=4, help="attempts at once in one worker (%(default)s)")
    parser.add_argument("--lease-s", type=float, default=2.0, help="of a worker (%(default)s)")
    parser.add_argument("--starts", type=int, default=60, help="one after the other (%(default)s)")
    parser.add_argument("--queued", type=int, default=200, help="runs that wait for the worker (%(default)s)")
    parser.add_argument("--steps", type=int, default=100, help="of a run (%(default)s)")
    parser.add_argument("--cancels", type=int, default=20, help="runs that are cancelled (%(default)s)")
    parser.add_argument("--kills", type=int, default=2, help="workers that are killed, each round (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="interleaved; all of them are shown (%(default)s)")


PROGRAM = Program(
    "engines",
    "A run begins within 50 ms in another process, is cancelled within 0.5 s, and taken over within two leases.",
    add_options,
    measure,
    {"starts": 3, "queued": 8, "steps": 5, "cancels": 2, "kills": 1, "rounds": 1},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
