"""Appending and resuming while old logs are dropped and runs are listed: `python -m bench.pruning`.

The store is full of ended runs that have outlived their retention. One client appends at a steady pace, one comes back
by its cursor again and again, and both are timed: while nothing else happens, while another process drops the old logs
without a pause, while a third client lists runs without a pause, and while both do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles

from bench.filling import fill, lines
from bench.outcome import Bars, Goal, Outcome, Table
from bench.peers import Server
from bench.peers.headway_server import call, create_run, serving
from bench.processes import BenchError, placement, running
from bench.program import Program
from bench.publishing import Publisher
from bench.stopwatch import wait_for

SIZE = 200
GOAL_MS = 100
QUIET, LISTING, PRUNING, BOTH = "nothing else", "listing", "pruning", "pruning and listing"
PRUNED = (PRUNING, BOTH)
MISSED = 20
EVERY_S = 0.02

Head = tuple[int, str]
"""Seq and cursor of an event that was appended."""


@dataclass(slots=True)
class Phase:
    """What was timed while something else happened.

    Attributes:
        pruned: Events that were dropped meanwhile, in `pruning_s`.
        lists: Pages of runs that were read meanwhile.
    """

    what: str
    append_ms: list[float] = field(default_factory=list)
    resume_ms: list[float] = field(default_factory=list)
    pruned: int = 0
    lists: int = 0
    pruning_s: float = 0.0
    seconds: float = 0.0


def measure(options: argparse.Namespace) -> Outcome:
    """Fill a store, and time both clients in every phase."""
    cores, _ = placement(True)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        file = Path(name) / "headway.db"
        with serving(Path(name), cores) as (port, pid):
            phases = []
            for what in (QUIET, LISTING, PRUNING, BOTH):
                for _ in range(options.runs if what in PRUNED else 0):
                    fill(file, options.old // options.runs, lines(SIZE), ended_days_ago=60, batch=1_000)
                phases.append(_phase(what, port, pid, file, options))
                print(f"{what}: {phases[-1].pruned:,} pruned", file=sys.stderr, flush=True)
    return outcome(phases, options.old)


def _phase(what: str, port: int, pid: int, file: Path, options: argparse.Namespace) -> Phase:
    phase, stop, run = Phase(what), threading.Event(), create_run(port)
    server, heads = Server(port, pid, run.stream, run.events, run.custom), deque[Head](maxlen=MISSED)
    work = [
        lambda: _append(phase, stop, server, options.rate, heads),
        lambda: _resume(phase, stop, server, heads),
    ]
    if what in (LISTING, BOTH):
        work.append(lambda: _list(phase, stop, port))
    start = time.monotonic()
    with _threads(work, stop):
        if what in PRUNED:
            phase.pruned, phase.pruning_s = _prune(file, options.seconds)
        else:
            time.sleep(options.seconds)
        phase.seconds = time.monotonic() - start
    return phase


@contextlib.contextmanager
def _threads(work: list[Callable[[], None]], stop: threading.Event) -> Iterator[None]:
    """Run until the block ends; what went wrong in a thread is raised here."""
    failed: list[BaseException] = []

    def guarded(each: Callable[[], None]) -> None:
        try:
            each()
        except BaseException as error:  # noqa: BLE001 - handed over
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failed:
        raise BenchError(f"a client failed: {failed[0]!r}") from failed[0]


def _append(phase: Phase, stop: threading.Event, server: Server, rate: float, heads: deque[Head]) -> None:
    start = time.monotonic()
    with Publisher(server) as publisher:
        while not stop.wait(max(0.0, start + publisher.last / rate - time.monotonic())):
            begin = time.perf_counter()
            answer = json.loads(publisher.publish(SIZE))
            phase.append_ms.append((time.perf_counter() - begin) * 1000)
            heads.append((answer["seq"], answer["cursor"]))


def _resume(phase: Phase, stop: threading.Event, server: Server, heads: deque[Head]) -> None:
    """Come back by the oldest cursor that is kept, and wait for what is the newest event at that moment."""
    while not stop.wait(EVERY_S):
        if len(heads) == MISSED:
            (_, cursor), (seq, _) = heads[0], heads[-1]
            phase.resume_ms.append(wait_for(server.port, server.pid, server.stream, seq, cursor=cursor).done_ms)


def _list(phase: Phase, stop: threading.Event, port: int) -> None:
    while not stop.is_set():
        call(port, "GET", "/v1/runs?limit=100")
        phase.lists += 1


def _prune(file: Path, seconds: float) -> tuple[int, float]:
    """Prune in another process for so long, or until nothing is left; return how many events went in which time."""
    log = file.with_name("pruned.log")
    log.unlink(missing_ok=True)
    _, cores = placement(True)
    with running([sys.executable, "-m", "bench.pruner", file], log=log, cores=cores) as process:
        while process.poll() is None and not log.stat().st_size:
            time.sleep(0.01)
        begin = time.monotonic()
        while process.poll() is None and time.monotonic() < begin + seconds:
            time.sleep(0.01)
        took = time.monotonic() - begin
    return sum(map(int, log.read_text().split())), took


def outcome(phases: list[Phase], old: int) -> Outcome:
    """Return what each phase came to."""
    rows, bars, goals = [], [], []
    for phase in phases:
        if len(phase.append_ms) < 2 or len(phase.resume_ms) < 2:
            raise BenchError(f"{phase.what}: too few appends ({len(phase.append_ms)}) or resumes to say anything")
        slowest = {"append": _p99(phase.append_ms), "resume": _p99(phase.resume_ms)}
        rows.append(
            [
                phase.what,
                f"{median(phase.append_ms):.2f}",
                f"{slowest['append']:.2f}",
                f"{slowest['append'] / _p99(phases[0].append_ms):.2f}",
                f"{median(phase.resume_ms):.2f}",
                f"{slowest['resume']:.2f}",
                f"{slowest['resume'] / _p99(phases[0].resume_ms):.2f}",
                f"{phase.pruned / (phase.pruning_s or 1):,.0f}",
                f"{phase.lists / phase.seconds:,.0f}",
            ]
        )
        bars.append((phase.what, [slowest["append"], slowest["resume"]]))
        goals += [Goal(f"{kind} p99 while {phase.what}", value, GOAL_MS, "ms") for kind, value in slowest.items()]
    kinds = ["append p50 ms", "p99 ms", "x nothing else", "resume p50 ms", "p99 ms", "x nothing else"]
    heads = ["meanwhile", *kinds, "pruned/s", "lists/s"]
    return Outcome(
        tables=[Table(f"Appending and resuming beside {old:,} events that have outlived their retention", heads, rows)],
        goals=[goal for goal in goals if QUIET not in goal.what],
        bars=[Bars("pruning", "Slowest hundredth while old logs are dropped", "ms", ["append", "resume"], bars)],
        warnings=[f"{each.what}: all was pruned after {each.pruning_s:.1f} s" for each in phases if each.pruned >= old],
        raw=[asdict(phase) for phase in phases],
    )


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--old", type=int, default=1_000_000, help="events that outlived their retention (%(default)s)")
    parser.add_argument("--runs", type=int, default=200, help="ended runs they belong to (%(default)s)")
    parser.add_argument("--rate", type=float, default=100.0, help="appends a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each phase, at most (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the files are written")


PROGRAM = Program(
    "pruning",
    "Neither dropping old logs nor listing runs holds up those who append or come back.",
    add_options,
    measure,
    {"old": 20_000, "runs": 4, "seconds": 2.0},
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
